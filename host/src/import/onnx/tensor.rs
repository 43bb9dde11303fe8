//! A constant of an ONNX graph.

use super::protobuf::{Field, fields, numbers};
use crate::import::fault::{Fault, damaged, refused};
use crate::import::tensor::{Kind, Tensor};

/// The most numbers of a constant that lie in the file as whole numbers.
const MAX_WHOLE: usize = 1 << 22;
/// The most dimensions of a constant: one that has more is none of a dense layer.
const MAX_SIDES: usize = 8;

/// Reads a constant.
pub fn tensor(bytes: &[u8]) -> Result<Tensor<'_>, Fault> {
    let (mut name, mut shape, mut kind) = (String::new(), Vec::new(), 0);
    // Raw, or in the field of its kind, where floating point is packed as raw bytes are.
    let (mut raw, mut floats, mut whole) = (None, Vec::new(), Vec::new());
    let mut is_elsewhere = false;
    for field in fields(bytes) {
        match field? {
            (1, field) => numbers(field, &mut shape, MAX_SIDES)?,
            (2, field) => kind = field.number(),
            (4, Field::Four(bytes)) => floats.extend(bytes),
            (10, Field::Eight(bytes)) => floats.extend(bytes),
            (4 | 9 | 10, Field::Bytes(bytes)) => raw = Some(bytes),
            (5 | 7, field) => {
                numbers(field, &mut whole, MAX_WHOLE + 1)?;
                if whole.len() > MAX_WHOLE {
                    return Err(refused(format!(
                        "its tensor has over {MAX_WHOLE} numbers that are packed one by one; export it \
                         as float32"
                    )));
                }
            }
            (8, field) => name = field.text(),
            (14, field) => is_elsewhere = field.number() != 0,
            _ => {}
        }
    }
    if is_elsewhere {
        return Err(refused(format!(
            "its weights (`{name}`) are in another file; save it as one file: \
             onnx.save(model, path, save_as_external_data=False)"
        )));
    }
    let kind = match kind {
        1 => Kind::F32,
        2 => Kind::U8,
        3 => Kind::I8,
        5 => Kind::I16,
        6 => Kind::I32,
        7 => Kind::I64,
        9 => Kind::Bool,
        10 => Kind::F16,
        11 => Kind::F64,
        16 => Kind::Bf16,
        kind => {
            return Err(refused(format!(
                "its tensor `{name}` has numbers of type {kind}, expected floating point; export it as \
                 float32"
            )));
        }
    };
    let shape: Option<Vec<usize>> =
        shape.into_iter().map(|side| usize::try_from(side).ok()).collect();
    let shape = shape.ok_or_else(|| damaged(format!("`{name}` has a negative side")))?;
    match raw {
        Some(raw) => Tensor::new(name, shape, kind, raw),
        None if whole.is_empty() => Tensor::new(name, shape, kind, floats),
        None => {
            let bytes =
                whole.iter().flat_map(|number| number.to_le_bytes().into_iter().take(kind.bytes()));
            let bytes: Vec<u8> = bytes.collect();
            Tensor::new(name, shape, kind, bytes)
        }
    }
}
