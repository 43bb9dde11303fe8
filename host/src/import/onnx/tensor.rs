//! A constant of an ONNX graph.

use super::protobuf::{Field, fields, numbers};
use crate::import::fault::{Fault, damaged, refused};
use crate::import::tensor::{Kind, Tensor};
use crate::support::onnx;

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
            (onnx::tensor::SIDE, field) => numbers(field, &mut shape, MAX_SIDES)?,
            (onnx::tensor::KIND, field) => kind = field.number() as u64,
            (onnx::tensor::FLOATS, Field::Four(bytes)) => floats.extend(bytes),
            (onnx::tensor::DOUBLES, Field::Eight(bytes)) => floats.extend(bytes),
            (
                onnx::tensor::FLOATS | onnx::tensor::RAW | onnx::tensor::DOUBLES,
                Field::Bytes(bytes),
            ) => raw = Some(bytes),
            (onnx::tensor::INTS_OF_32 | onnx::tensor::INTS_OF_64, field) => {
                numbers(field, &mut whole, MAX_WHOLE + 1)?;
                if whole.len() > MAX_WHOLE {
                    return Err(refused(format!(
                        "its tensor has over {MAX_WHOLE} numbers that are packed one by one; export it \
                         as float32"
                    )));
                }
            }
            (onnx::tensor::NAME, field) => name = field.text(),
            (onnx::tensor::LOCATION, field) => is_elsewhere = field.number() != 0,
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
        onnx::kind::F32 => Kind::F32,
        onnx::kind::U8 => Kind::U8,
        onnx::kind::I8 => Kind::I8,
        onnx::kind::I16 => Kind::I16,
        onnx::kind::I32 => Kind::I32,
        onnx::kind::I64 => Kind::I64,
        onnx::kind::BOOL => Kind::Bool,
        onnx::kind::F16 => Kind::F16,
        onnx::kind::F64 => Kind::F64,
        onnx::kind::BF16 => Kind::Bf16,
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
