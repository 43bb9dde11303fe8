//! What a fingerprint of a parsed model is of.

use super::{Header, Input, Layer, LayerShape, Model, Provenance};
use crate::fingerprint::Fingerprint;

impl Model<'_> {
    /// Adds every field, but none of the bytes that it borrows.
    pub(crate) fn mark(&self, fingerprint: &mut Fingerprint) {
        let Self { header, data, layers } = self;
        let Header { name, labels, input, logit_scale, layers: shapes, provenance } = header;
        let Provenance { tool, command, digest, seed, correct, tested } = provenance;
        for text in [name, labels, tool, command] {
            fingerprint.place(text.as_bytes());
        }
        fingerprint.place(data);
        let Input { side, crop, pool } = *input;
        for number in [side.into(), crop.into(), pool.into(), logit_scale.to_bits()] {
            fingerprint.add(number);
        }
        for number in [*seed as u32, (seed >> 32) as u32, *correct, *tested] {
            fingerprint.add(number);
        }
        for four in digest.as_chunks().0 {
            fingerprint.add(u32::from_le_bytes(*four));
        }
        for length in [shapes.len(), layers.len()] {
            fingerprint.add(length as u32);
        }
        let of_layers = layers.iter().map(|layer| &layer.shape);
        for LayerShape { inputs, outputs, bits, multipliers } in shapes.iter().chain(of_layers) {
            fingerprint.add(u32::from(*inputs) << 16 | u32::from(*outputs));
            fingerprint.add(u32::from(*bits) << 16 | u32::from(*multipliers));
        }
        for Layer { shape: _, bits, multipliers, bias, weights } in layers {
            fingerprint.add(*bits as u32);
            fingerprint.place(multipliers);
            fingerprint.place(bias);
            fingerprint.place(weights);
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;
    use crate::shape::WeightBits;

    static BLOB: &[u8] = crate::include_blob!("../../golden/odd-widths.inkbit");

    #[test]
    fn a_fingerprint_is_another_one_after_a_change_of_any_field_and_only_then() {
        let value = |model: &Model<'_>| {
            let mut fingerprint = Fingerprint::new();
            model.mark(&mut fingerprint);
            fingerprint.value()
        };
        let sound = Model::parse(BLOB).unwrap();
        assert!(sound.layers.len() > 1);
        assert_eq!(value(&sound), value(&Model::parse(BLOB).unwrap()));
        let changes: [fn(&mut Model<'_>); 24] = [
            |model| model.header.name = &model.header.name[1..],
            |model| model.header.labels = &model.header.labels[..1],
            |model| model.header.input.side ^= 1,
            |model| model.header.input.crop ^= 1,
            |model| model.header.input.pool ^= 1,
            |model| model.header.logit_scale = -model.header.logit_scale,
            |model| model.header.layers.truncate(1),
            |model| model.header.layers[0].inputs ^= 1 << 15,
            |model| model.header.layers[1].bits ^= 1,
            |model| model.header.provenance.tool = "",
            |model| model.header.provenance.command = "?",
            |model| model.header.provenance.digest[31] ^= 1 << 7,
            |model| model.header.provenance.seed ^= 1 << 63,
            |model| model.header.provenance.correct ^= 1,
            |model| model.header.provenance.tested ^= 1,
            |model| model.data = &model.data[8..],
            |model| model.layers.truncate(1),
            |model| model.layers[1].shape.outputs ^= 1,
            |model| model.layers[0].shape.bits ^= 1 << 7,
            |model| model.layers[0].shape.multipliers ^= 1 << 15,
            |model| model.layers[1].bits = WeightBits::Two,
            |model| model.layers[0].multipliers = &[],
            |model| model.layers[1].bias = &model.layers[1].bias[1..],
            |model| model.layers[1].weights = &model.layers[0].weights[..1],
        ];
        let mut values: Vec<u32> = changes
            .iter()
            .map(|change| {
                let mut model = sound.clone();
                change(&mut model);
                value(&model)
            })
            .collect();
        values.push(value(&sound));
        values.sort_unstable();
        values.dedup();
        assert_eq!(values.len(), changes.len() + 1);
    }
}
