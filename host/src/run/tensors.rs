//! Networks as safetensors: `layers.0.weight` is `[inputs, outputs]`, `layers.0.bias` `[outputs]`;
//! after quantization-aware training also `layers.0.weight_scale` and `layers.0.output_scale`.
//!
//! The text of the file begins with a line that holds the CRC-32 of the tensors and the text,
//! because safetensors has no checksum. Older files lack it and can be read all the same.

use std::collections::HashMap;

use flate2::Crc;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::net::{Dense, Mlp};

/// A file of several networks, told apart by a prefix of the names, and one text.
pub(super) fn encode(networks: &[(&str, &Mlp)], text: &str) -> Vec<u8> {
    let mut tensors = Vec::new();
    for (prefix, network) in networks {
        for (number, layer) in network.layers.iter().enumerate() {
            for (kind, shape, values) in [
                ("weight", vec![layer.inputs, layer.outputs], &layer.weight),
                ("bias", vec![layer.outputs], &layer.bias),
                ("weight_scale", vec![layer.weight_scale.len()], &layer.weight_scale),
                ("output_scale", vec![layer.output_scale.len()], &layer.output_scale),
            ] {
                if !values.is_empty() {
                    // The format is little-endian.
                    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                    tensors.push((format!("{prefix}layers.{number}.{kind}"), shape, bytes));
                }
            }
        }
    }
    let contents = tensors.iter().map(|(name, _, bytes)| (name.as_str(), bytes.as_slice()));
    let text = format!("crc32 {:08x}\n{text}", crc(contents.collect(), text));
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
        (name, view.expect("the shape fits the values"))
    });
    // One entry: a map of several has no fixed order, and equal runs must have equal files.
    let text = HashMap::from([("inkbit".to_owned(), text)]);
    safetensors::serialize(views, Some(text)).expect("the names differ")
}

/// CRC-32 of tensors, in the order of their names, and of the text.
fn crc(mut tensors: Vec<(&str, &[u8])>, text: &str) -> u32 {
    tensors.sort_by_key(|&(name, _)| name);
    let mut crc = Crc::new();
    for (name, bytes) in tensors {
        crc.update(name.as_bytes());
        crc.update(bytes);
    }
    crc.update(text.as_bytes());
    crc.sum()
}

/// The tensors and the text of a file.
pub(super) struct Decoded<'a> {
    tensors: SafeTensors<'a>,
    /// The text that [`encode`] was given.
    pub(super) text: String,
}

impl<'a> Decoded<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, String> {
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
        let text = metadata.metadata().as_ref().and_then(|texts| texts.get("inkbit")).cloned();
        let mut text = text.ok_or("it was not written by inkbit")?;
        let checked = text.strip_prefix("crc32 ").and_then(|rest| rest.split_once('\n'));
        if let Some((stored, rest)) = checked {
            let contents = tensors.iter().map(|(name, view)| (name, view.data()));
            let found = format!("{:08x}", crc(contents.collect(), rest));
            if found != stored {
                return Err(format!("it is damaged: its CRC-32 is {found}, expected {stored}"));
            }
            text = rest.to_owned();
        }
        Ok(Self { tensors, text })
    }

    /// The network of this prefix, which must have these widths.
    pub(super) fn network(&self, prefix: &str, widths: &[usize]) -> Result<Mlp, String> {
        let layer = |(number, pair): (usize, &[usize])| {
            let (inputs, outputs) = (pair[0], pair[1]);
            let name = |kind| format!("{prefix}layers.{number}.{kind}");
            let scales = |kind, shapes: &[&[usize]]| match self.tensors.tensor(&name(kind)) {
                Ok(_) => self.values(&name(kind), shapes),
                Err(_) => Ok(Vec::new()),
            };
            Ok(Dense {
                inputs,
                outputs,
                weight: self.values(&name("weight"), &[&[inputs, outputs]])?,
                bias: self.values(&name("bias"), &[&[outputs]])?,
                weight_scale: scales("weight_scale", &[&[1], &[outputs]])?,
                output_scale: scales("output_scale", &[&[1]])?,
            })
        };
        let layers: Result<_, String> = widths.windows(2).enumerate().map(layer).collect();
        Ok(Mlp { layers: layers? })
    }

    /// The values of a tensor that must have one of these shapes.
    fn values(&self, name: &str, shapes: &[&[usize]]) -> Result<Vec<f32>, String> {
        let tensor = self.tensors.tensor(name).map_err(|error| error.to_string())?;
        let (kind, shape) = (tensor.dtype(), tensor.shape());
        if kind != Dtype::F32 || !shapes.contains(&shape) {
            let expected: Vec<String> = shapes.iter().map(|shape| format!("{shape:?}")).collect();
            let expected = expected.join(" or ");
            return Err(format!(
                "{name} is {kind:?} {shape:?}, but the run's configuration makes it F32 {expected}"
            ));
        }
        let values = tensor.data().as_chunks().0.iter();
        Ok(values.map(|&bytes| f32::from_le_bytes(bytes)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::rng::Rng;

    #[test]
    fn networks_come_back_bit_for_bit() {
        let mut networks = [1, 2].map(|seed| Mlp::glorot(&[3, 4, 2], &mut Rng::new(seed, &[])));
        networks[1].layers[0].weight_scale = vec![1.0, 2.0, 3.0, 4.0];
        networks[1].layers[0].output_scale = vec![-0.5];
        let bytes = encode(&[("a.", &networks[0]), ("", &networks[1])], "text");
        assert_eq!(bytes, encode(&[("a.", &networks[0]), ("", &networks[1])], "text"));
        let decoded = Decoded::new(&bytes).unwrap();
        assert_eq!(decoded.text, "text");
        assert_eq!(decoded.network("a.", &[3, 4, 2]).as_ref(), Ok(&networks[0]));
        assert_eq!(decoded.network("", &[3, 4, 2]).as_ref(), Ok(&networks[1]));
        for (index, bit) in [(bytes.len() - 1, 1), (bytes.len() - 40, 0x40)] {
            let mut damaged = bytes.clone();
            damaged[index] ^= bit;
            let error = Decoded::new(&damaged).err().unwrap();
            assert!(error.starts_with("it is damaged: its CRC-32 is "), "{error}");
        }
        let error = decoded.network("", &[3, 5, 2]).unwrap_err();
        assert!(error.starts_with("layers.0.weight is F32 [3, 4], but"), "{error}");
    }
}
