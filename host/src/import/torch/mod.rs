//! PyTorch's files: state dicts, and checkpoints that hold one, in the ZIP of PyTorch 1.6 and later, or
//! in the older row of pickles.

mod pickle;

use std::collections::HashMap;

use self::pickle::{Id, Pickle, Value};
use crate::import::LIMIT;
use crate::import::budget::{Budget, of_tensor};
use crate::import::chain::Orientation;
use crate::import::fault::{Fault, damaged, refused};
use crate::import::state::State;
use crate::import::tensor::{Kind, Tensor, count};
use crate::import::zip::Zip;

/// The most bytes of the pickle that names the tensors, each of which takes up to a hundred in memory: that of
/// eight layers has some thousand.
const MAX_PICKLE: u64 = 1 << 20;
/// The most tensors of a file.
const MAX_TENSORS: usize = 1000;
/// How the older files begin: a pickle of a number of ten bytes, which is this.
pub const LEGACY: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
/// Names under which checkpoints have a state dict, the usual first.
const NAMES: [&str; 6] = ["state_dict", "model_state_dict", "model", "net", "network", "weights"];

/// A tensor that a pickle describes, before its numbers are read.
struct Described<'p> {
    name: &'p str,
    storage: Storage<'p>,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Storage<'p> {
    key: &'p str,
    kind: Kind,
    /// How many numbers it has.
    count: usize,
}

/// The entry of a ZIP that has a pickle of PyTorch.
pub fn pickle_in(zip: &Zip<'_>) -> Option<String> {
    zip.names()
        .find(|name| name.split_once('/').is_some_and(|(_, rest)| rest == "data.pkl"))
        .map(str::to_owned)
}

/// Reads a ZIP with the pickle of this name.
pub fn read_zip(zip: &Zip<'_>, pickle: &str) -> Result<State<'static>, Fault> {
    let folder = pickle.trim_end_matches("data.pkl").to_owned();
    if zip.names().any(|name| name == format!("{folder}constants.pkl")) {
        return Err(refused(
            "it is a TorchScript module, which is code; save its weights, \
             torch.save(model.state_dict(), \"model.pt\"), or export it to ONNX",
        ));
    }
    let order = format!("{folder}byteorder");
    if zip.names().any(|name| name == order) && zip.read(&order, 16)? != b"little" {
        return Err(refused("its numbers are big-endian; save it on another computer"));
    }
    let pickle = Pickle::new(&zip.read(pickle, MAX_PICKLE)?)?;
    let described = described(&pickle)?;
    let mut storages: HashMap<&str, Vec<u8>> = HashMap::new();
    for Described { storage, .. } in &described {
        if !storages.contains_key(storage.key) {
            let bytes = zip.read(&format!("{folder}data/{}", storage.key), LIMIT)?;
            storages.insert(storage.key, bytes);
        }
    }
    state(described, |key| storages.get(key).map(Vec::as_slice), zip.budget())
}

/// Reads the row of pickles of older files: a magic number, a version, the computer, the state dict, the
/// names of the storages; then these, each after its length.
pub fn read_legacy(bytes: &[u8], budget: &Budget) -> Result<State<'static>, Fault> {
    let mut rest = bytes;
    let mut next = || -> Result<Pickle, Fault> {
        let pickle = Pickle::new(&rest[..rest.len().min(MAX_PICKLE as usize)])?;
        rest = &rest[pickle.bytes..];
        Ok(pickle)
    };
    let [_, _, _, pickle, keys] = [next()?, next()?, next()?, next()?, next()?];
    let described = described(&pickle)?;
    let kinds: HashMap<&str, Storage<'_>> =
        described.iter().map(|found| (found.storage.key, found.storage)).collect();
    let mut storages = HashMap::new();
    for &key in keys.items(keys.root).unwrap_or_default() {
        let key = keys.text(key).ok_or_else(|| damaged("a storage has no name"))?;
        let (length, after) =
            rest.split_first_chunk().ok_or_else(|| damaged("it ends before its numbers"))?;
        // Those of an optimizer are not looked at, and their kind is not known.
        let Some(storage) = kinds.get(key) else {
            return Err(refused(format!(
                "it has numbers that are no weights (storage {}); save the state dict alone",
                key.chars().take(40).collect::<String>()
            )));
        };
        let bytes = usize::try_from(u64::from_le_bytes(*length)).ok();
        let bytes = bytes.and_then(|count| count.checked_mul(storage.kind.bytes()));
        let content = bytes.and_then(|bytes| after.split_at_checked(bytes));
        let (content, after) = content.ok_or_else(|| damaged("it ends before its numbers"))?;
        storages.insert(key, content);
        rest = after;
    }
    state(described, |key| storages.get(key).copied(), budget)
}

fn state<'s>(
    described: Vec<Described<'_>>,
    storage: impl Fn(&str) -> Option<&'s [u8]>,
    budget: &Budget,
) -> Result<State<'static>, Fault> {
    let mut tensors = Vec::new();
    for Described { name, storage: Storage { key, kind, .. }, offset, shape, strides } in described
    {
        let bytes =
            storage(key).ok_or_else(|| damaged(format!("the numbers of `{name}` are missing")))?;
        budget.take(name, of_tensor(&shape, kind))?;
        let stored = bytes.len() / kind.bytes();
        if count(&shape).is_none_or(|count| count > stored) {
            return Err(refused(format!(
                "`{name}` of shape {shape:?} has more numbers than the {stored} that the file has of it; save \
                 it as tensor.contiguous()"
            )));
        }
        let tensor = match view(bytes, kind.bytes(), offset, &shape, &strides) {
            Some(bytes) => Tensor::new(name, shape, kind, bytes)?,
            None => {
                return Err(damaged(format!(
                    "`{name}` of shape {shape:?} and strides {strides:?} reaches beyond its numbers"
                )));
            }
        };
        tensors.push(tensor);
    }
    let (orientation, epsilon) = (Orientation::OutputsFirst, 1e-5);
    Ok(State { framework: "PyTorch".to_owned(), tensors, orientation, epsilon })
}

/// The bytes of a view of a storage, row by row.
fn view(
    storage: &[u8],
    width: usize,
    offset: usize,
    shape: &[usize],
    strides: &[usize],
) -> Option<Vec<u8>> {
    let values = count(shape)?;
    let mut bytes = Vec::with_capacity(values.checked_mul(width)?.min(storage.len().max(width)));
    let mut index = vec![0; shape.len()];
    for _ in 0..values {
        let mut at = offset;
        for (index, stride) in index.iter().zip(strides) {
            at = at.checked_add(stride.checked_mul(*index)?)?;
        }
        let start = at.checked_mul(width)?;
        bytes.extend(storage.get(start..start.checked_add(width)?)?);
        for (index, side) in index.iter_mut().zip(shape).rev() {
            *index += 1;
            if *index < *side {
                break;
            }
            *index = 0;
        }
    }
    Some(bytes)
}

/// The tensors of the state dict in a pickle.
fn described(pickle: &Pickle) -> Result<Vec<Described<'_>>, Fault> {
    let Value::Pairs(pairs) = pickle.value(pickle.root) else {
        return Err(match pickle.class(pickle.root) {
            Some((module, name)) => refused(format!(
                "it is a whole module of the class `{module}.{name}`, whose code only Python has, and \
                 nothing in it is executed; save its weights, torch.save(model.state_dict(), \
                 \"model.pt\"), or export it to ONNX"
            )),
            None => refused(
                "it is a pickle, but of no state dict; save torch.save(model.state_dict(), \"model.pt\")",
            ),
        });
    };
    if let Some(tensors) = tensors(pickle, pairs)? {
        return Ok(tensors);
    }
    let named = |wanted: &str| {
        pairs.iter().find(|(key, _)| pickle.text(*key) == Some(wanted)).map(|(_, value)| *value)
    };
    for value in NAMES.iter().filter_map(|name| named(name)) {
        match pickle.value(value) {
            Value::Pairs(pairs) => {
                if let Some(tensors) = tensors(pickle, pairs)? {
                    return Ok(tensors);
                }
            }
            _ if pickle.class(value).is_some() => {
                let (module, name) = pickle.class(value).unwrap_or_default();
                return Err(refused(format!(
                    "it is a checkpoint with a whole module of the class `{module}.{name}`, whose code \
                     only Python has, and nothing in it is executed; save model.state_dict() in its \
                     place, or export it to ONNX"
                )));
            }
            _ => {}
        }
    }
    let called =
        pairs.iter().find_map(|(key, value)| Some((pickle.text(*key)?, pickle.class(*value)?)));
    if let Some((key, (module, name))) = called {
        return Err(refused(format!(
            "it has no state dict; `{key}` in it is what Python would get by calling `{module}.{name}`, and \
             nothing in a file is executed; save torch.save(model.state_dict(), \"model.pt\")"
        )));
    }
    let keys: Vec<&str> = pairs.iter().filter_map(|(key, _)| pickle.text(*key)).take(20).collect();
    Err(refused(format!(
        "it has no state dict, only {}; save torch.save(model.state_dict(), \"model.pt\")",
        if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") }
    )))
}

/// The tensors of a dictionary, if it has such.
fn tensors<'p>(
    pickle: &'p Pickle,
    pairs: &[(Id, Id)],
) -> Result<Option<Vec<Described<'p>>>, Fault> {
    let mut tensors = Vec::new();
    for &(key, value) in pairs {
        let (Some(name), Some(tensor)) = (pickle.text(key), tensor(pickle, value)) else {
            continue;
        };
        let (storage, offset, shape, strides) = tensor.map_err(|what| {
            refused(format!(
                "`{name}` {what}; save the weights as float32 on the processor: model.cpu().float()"
            ))
        })?;
        if tensors.len() == MAX_TENSORS {
            return Err(refused(format!(
                "it has over {MAX_TENSORS} tensors; give a smaller network"
            )));
        }
        tensors.push(Described { name, storage, offset, shape, strides });
    }
    Ok((!tensors.is_empty()).then_some(tensors))
}

type Parts<'p> = (Storage<'p>, usize, Vec<usize>, Vec<usize>);

/// The parts of a tensor; `None` if a value is no tensor.
fn tensor(pickle: &Pickle, id: Id) -> Option<Result<Parts<'_>, String>> {
    let Value::Call(_, arguments) = pickle.value(id) else { return None };
    let arguments = pickle.items(*arguments)?;
    match pickle.class(id)? {
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
            // A parameter has a tensor, which has none within.
            let inner = *arguments.first()?;
            (pickle.class(inner)? == ("torch._utils", "_rebuild_tensor_v2"))
                .then(|| tensor(pickle, inner))?
        }
        ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor") => Some(
            parts(pickle, arguments).ok_or_else(|| "is a tensor of an unknown kind".to_owned()),
        ),
        ("torch._utils", name) if name.starts_with("_rebuild") => {
            Some(Err(format!("is a tensor of an unknown kind ({name})")))
        }
        _ => None,
    }
}

fn parts<'p>(pickle: &'p Pickle, arguments: &[Id]) -> Option<Parts<'p>> {
    let &[storage, offset, shape, strides, ..] = arguments else { return None };
    let Value::Persistent(name) = pickle.value(storage) else { return None };
    let &[tag, class, key, _, count, ..] = pickle.items(*name)? else { return None };
    let numbers = |id| {
        let items = pickle.items(id)?;
        let few = items.len() <= 8;
        few.then(|| items.iter().map(|&item| pickle.number(item)).collect::<Option<Vec<_>>>())?
    };
    let kind = match pickle.class(class)?.1 {
        "FloatStorage" => Kind::F32,
        "DoubleStorage" => Kind::F64,
        "HalfStorage" => Kind::F16,
        "BFloat16Storage" => Kind::Bf16,
        "LongStorage" => Kind::I64,
        "IntStorage" => Kind::I32,
        "ShortStorage" => Kind::I16,
        "CharStorage" => Kind::I8,
        "ByteStorage" => Kind::U8,
        "BoolStorage" => Kind::Bool,
        _ => return None,
    };
    let (shape, strides) = (numbers(shape)?, numbers(strides)?);
    let storage = Storage { key: pickle.text(key)?, kind, count: pickle.number(count)? };
    let is_sound = pickle.text(tag)? == "storage" && shape.len() == strides.len();
    is_sound.then_some((storage, pickle.number(offset)?, shape, strides))
}
