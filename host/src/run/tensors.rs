//! Networks as safetensors: `layers.0.weight` is `[inputs, outputs]`, `layers.0.bias` `[outputs]`;
//! after quantization-aware training also `layers.0.weight_scale` and `layers.0.output_scale`.
//!
//! The text beside them begins with a line that has their CRC-32 and its own: safetensors has none.
//! Files of before have no such line, and are read all the same.

use std::borrow::Cow;
use std::collections::HashMap;

use flate2::Crc;
use safetensors::tensor::{Dtype, SafeTensors, View};

use crate::net::{Dense, Mlp};

/// One parameter of a network.
struct Parameter<'a> {
    shape: Vec<usize>,
    values: &'a [f32],
}

impl View for Parameter<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        // The format is little-endian.
        self.values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn data_len(&self) -> usize {
        size_of_val(self.values)
    }
}

/// A file with several networks, told apart by a prefix of the names, and one text beside them.
pub(super) fn encode(networks: &[(&str, &Mlp)], text: &str) -> Vec<u8> {
    let mut parameters = Vec::new();
    for (prefix, network) in networks {
        for (number, layer) in network.layers.iter().enumerate() {
            let name = |kind| format!("{prefix}layers.{number}.{kind}");
            let shape = vec![layer.inputs, layer.outputs];
            parameters.push((name("weight"), Parameter { shape, values: &layer.weight }));
            let shape = vec![layer.outputs];
            parameters.push((name("bias"), Parameter { shape, values: &layer.bias }));
            for (kind, values) in
                [("weight_scale", &layer.weight_scale), ("output_scale", &layer.output_scale)]
            {
                if !values.is_empty() {
                    parameters.push((name(kind), Parameter { shape: vec![values.len()], values }));
                }
            }
        }
    }
    let bytes = parameters.iter().map(|(name, values)| (name.clone(), values.data()));
    let text = format!("crc32 {:08x}\n{text}", crc(bytes.collect(), text));
    // One entry: a map of several has no fixed order, and equal runs shall have equal files.
    let text = HashMap::from([("inkbit".to_owned(), text.to_owned())]);
    safetensors::serialize(parameters, Some(text)).expect("names differ and shapes fit the values")
}

/// CRC-32 of tensors, in order of their names, and of the text beside them.
fn crc(mut tensors: Vec<(String, Cow<'_, [u8]>)>, text: &str) -> u32 {
    tensors.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut crc = Crc::new();
    for (name, bytes) in &tensors {
        crc.update(name.as_bytes());
        crc.update(bytes);
    }
    crc.update(text.as_bytes());
    crc.sum()
}

/// A file's tensors and its text.
pub(super) struct Decoded<'a> {
    tensors: SafeTensors<'a>,
    /// What [`encode`] was given.
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
            let bytes = tensors.iter().map(|(name, view)| (name.to_owned(), view.data().into()));
            let found = format!("{:08x}", crc(bytes.collect(), rest));
            if found != stored {
                return Err(format!("it is damaged: its CRC-32 is {found}, expected {stored}"));
            }
            text = rest.to_owned();
        }
        Ok(Self { tensors, text })
    }

    /// The network with that prefix, which must have these widths.
    pub(super) fn network(&self, prefix: &str, widths: &[usize]) -> Result<Mlp, String> {
        let layer = |(number, pair): (usize, &[usize])| {
            let values = |kind, shape: &[usize]| {
                self.values(&format!("{prefix}layers.{number}.{kind}"), shape)
            };
            let (inputs, outputs) = (pair[0], pair[1]);
            let scales = |kind, legal: &[usize]| {
                let name = format!("{prefix}layers.{number}.{kind}");
                match self.tensors.tensor(&name) {
                    Ok(tensor) if legal.iter().any(|&count| tensor.shape() == [count]) => {
                        values(kind, tensor.shape())
                    }
                    Ok(tensor) => {
                        Err(format!("{name} is {:?}, but must be one of {legal:?}", tensor.shape()))
                    }
                    Err(_) => Ok(Vec::new()),
                }
            };
            Ok(Dense {
                inputs,
                outputs,
                weight: values("weight", &[inputs, outputs])?,
                bias: values("bias", &[outputs])?,
                weight_scale: scales("weight_scale", &[1, outputs])?,
                output_scale: scales("output_scale", &[1])?,
            })
        };
        let layers: Result<_, String> = widths.windows(2).enumerate().map(layer).collect();
        Ok(Mlp { layers: layers? })
    }

    fn values(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        let tensor = self.tensors.tensor(name).map_err(|error| error.to_string())?;
        if tensor.dtype() != Dtype::F32 || tensor.shape() != shape {
            return Err(format!(
                "{name} is {:?} {:?}, but the run's configuration makes it F32 {shape:?}",
                tensor.dtype(),
                tensor.shape()
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
