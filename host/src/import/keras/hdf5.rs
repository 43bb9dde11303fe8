//! What is read of an HDF5 file: attributes of text, and tensors. Links to other files are not followed.

use hdf5_reader::error::{ByteOrder, Error};
use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, Datatype, Hdf5File, OpenOptions, StringSize, VarLenKind};

use crate::import::fault::{Fault, damaged, refused};
use crate::import::tensor::{Budget, Kind, MAX_VALUES, Tensor};

/// How such a file begins.
pub const MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";

/// The most strings of an attribute.
const MAX_STRINGS: usize = 10_000;
/// The most bytes of all strings of an attribute: a network's description has a few thousand.
const MAX_TEXT: usize = 4 << 20;
/// The most bytes of what describes a group or a data set.
const MAX_HEADER: usize = 1 << 20;

/// A file that is open.
pub struct File(Hdf5File);

impl File {
    pub fn new(bytes: Vec<u8>) -> Result<Self, Fault> {
        let options = OpenOptions::default()
            .with_chunk_cache_bytes(0)
            .with_max_chunk_bytes(4 * MAX_VALUES)
            .with_max_read_bytes(4 * MAX_VALUES)
            .with_max_object_header_bytes(MAX_HEADER);
        Hdf5File::from_vec_with_options(bytes, options).map(Self).map_err(damaged)
    }

    pub fn root(&self) -> Result<Group, Fault> {
        self.0.root_group().map_err(damaged)
    }
}

/// The group of a name, or `None` if there is none; a link to another file is none.
pub fn child(group: &Group, name: &str) -> Result<Option<Group>, Fault> {
    match group.group(name) {
        Ok(found) => Ok(Some(found)),
        Err(Error::GroupNotFound(_)) => Ok(None),
        Err(error) => Err(damaged(error)),
    }
}

/// The strings of an attribute, or `None` if there is none of that name.
pub fn strings(group: &Group, name: &str) -> Result<Option<Vec<String>>, Fault> {
    let attributes = group.raw_attributes().map_err(damaged)?;
    let Some(attribute) = attributes.into_iter().find(|attribute| attribute.name() == name) else {
        return Ok(None);
    };
    let (message, _) = attribute.into_parts();
    let reference = 4 + usize::from(group.offset_size()) + 4;
    let (width, is_elsewhere) = match &message.datatype {
        Datatype::String { size: StringSize::Fixed(width), .. } => (*width as usize, false),
        Datatype::String { size: StringSize::Variable, .. }
        | Datatype::VarLen { kind: VarLenKind::String, .. } => (reference, true),
        // A list without items has any kind.
        _ if message.raw_data.is_empty() => return Ok(Some(Vec::new())),
        kind => return Err(damaged(format!("the attribute `{name}` is {kind:?}, expected text"))),
    };
    if width == 0 {
        return Ok(Some(Vec::new()));
    }
    let (mut strings, mut bytes) = (Vec::new(), 0);
    for element in message.raw_data.chunks_exact(width) {
        let text = match is_elsewhere {
            true => group.resolve_vlen_reference_bytes(element, 1).map_err(damaged)?,
            false => element.to_vec(),
        };
        bytes += text.len();
        if strings.len() == MAX_STRINGS || bytes > MAX_TEXT {
            return Err(refused(format!(
                "the attribute `{name}` has over {MAX_TEXT} bytes or {MAX_STRINGS} texts; give the file \
                 of a network"
            )));
        }
        let text = String::from_utf8(text).map_err(damaged)?;
        strings.push(text.trim_end_matches('\0').to_owned());
    }
    Ok(Some(strings))
}

/// The text of an attribute that has one.
pub fn text(group: &Group, name: &str) -> Result<Option<String>, Fault> {
    Ok(strings(group, name)?.and_then(|mut strings| strings.pop()))
}

/// A data set as a tensor of this name.
pub fn tensor(dataset: &Dataset, name: &str, budget: &Budget) -> Result<Tensor<'static>, Fault> {
    let kind = match dataset.dtype() {
        Datatype::FloatingPoint { size: 2, .. } => Kind::F16,
        Datatype::FloatingPoint { size: 4, .. } => Kind::F32,
        Datatype::FloatingPoint { size: 8, .. } => Kind::F64,
        Datatype::FixedPoint { size: 1, signed: true, .. } => Kind::I8,
        Datatype::FixedPoint { size: 4, signed: true, .. } => Kind::I32,
        Datatype::FixedPoint { size: 8, .. } => Kind::I64,
        kind => {
            return Err(refused(format!(
                "`{name}` holds {kind:?}, expected floating point; save the weights as float32"
            )));
        }
    };
    let order = match dataset.dtype() {
        Datatype::FloatingPoint { byte_order, .. } | Datatype::FixedPoint { byte_order, .. } => {
            *byte_order
        }
        _ => ByteOrder::LittleEndian,
    };
    let shape: Option<Vec<usize>> =
        dataset.shape().iter().map(|&side| usize::try_from(side).ok()).collect();
    let shape = shape.ok_or_else(|| damaged(format!("`{name}` has a side beyond all memory")))?;
    budget.take(name, &shape)?;
    let mut bytes = dataset.read_raw_bytes().map_err(damaged)?;
    if order == ByteOrder::BigEndian {
        bytes.chunks_exact_mut(kind.bytes()).for_each(<[u8]>::reverse);
    }
    Tensor::new(name, shape, kind, bytes)
}
