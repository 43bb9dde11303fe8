//! safetensors: named weights of PyTorch, of others, or Inkbit's own.

use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

use super::chain::Orientation;
use super::fault::{Fault, damaged, refused};
use super::state::State;
use super::tensor::{Kind, Tensor};

/// The most tensors of a file.
pub const MAX_TENSORS: usize = 1000;

/// Whether bytes begin as such a file does: the length of a JSON object, and this.
pub fn is(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk() else { return false };
    u64::from_le_bytes(*length) <= rest.len() as u64 && rest.first() == Some(&b'{')
}

/// Reads a file's bytes.
pub fn read(bytes: &[u8]) -> Result<State<'_>, Fault> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let is_inkbits = metadata.metadata().as_ref().is_some_and(|texts| texts.contains_key("inkbit"));
    let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
    if file.len() > MAX_TENSORS {
        return Err(refused(format!(
            "it has {} tensors, at most {MAX_TENSORS} are read; give a smaller network",
            file.len()
        )));
    }
    let mut tensors = Vec::new();
    for (name, view) in file.iter() {
        let kind = match view.dtype() {
            Dtype::F16 => Kind::F16,
            Dtype::BF16 => Kind::Bf16,
            Dtype::F32 => Kind::F32,
            Dtype::F64 => Kind::F64,
            Dtype::I64 => Kind::I64,
            Dtype::I32 => Kind::I32,
            Dtype::I8 => Kind::I8,
            Dtype::U8 => Kind::U8,
            kind => {
                return Err(refused(format!(
                    "`{name}` holds numbers of the type {kind:?}, expected floating point; save them \
                     as float32"
                )));
            }
        };
        tensors.push(Tensor::new(name, view.shape().to_vec(), kind, view.data())?);
    }
    // A map has no order.
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    let kernels = tensors.iter().any(|tensor| tensor.name.ends_with("kernel"));
    let (framework, orientation, epsilon) = match (is_inkbits, kernels) {
        (true, _) => ("Inkbit", Orientation::InputsFirst, 1e-5),
        (_, true) => ("safetensors", Orientation::InputsFirst, 1e-3),
        _ => ("safetensors", Orientation::Unknown, 1e-5),
    };
    Ok(State { framework: framework.to_owned(), tensors, orientation, epsilon })
}
