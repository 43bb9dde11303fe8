//! What a fingerprint of a parsed model is of.

use super::{Header, Layer, Model};
use crate::fingerprint::Fingerprint;
use crate::sample::{Frame, Layout, Sample};
use crate::shape::{LayerShape, Numbers, Stage};

impl Model<'_> {
    /// Adds every field, but none of the bytes that it borrows.
    pub(crate) fn mark(&self, fingerprint: &mut Fingerprint) {
        let Self { header, data, ranges, layers } = self;
        let Header { name, labels, sample, stages, layers: shapes, provenance } = header;
        for text in [name, labels] {
            fingerprint.place(text.as_bytes());
        }
        fingerprint.place(data);
        fingerprint.place(ranges);
        mark_sample(*sample, fingerprint);
        fingerprint.place(provenance);
        for Stage { crop, pool, logit_scale, margin, prominence, layers } in stages {
            let [[a, b], [c, d]] = [*crop, *pool];
            fingerprint.add(u32::from_le_bytes([a, b, c, d]));
            for number in [logit_scale.to_bits(), *margin, *prominence, (*layers).into()] {
                fingerprint.add(number);
            }
        }
        for length in [stages.len(), shapes.len(), layers.len()] {
            fingerprint.add(length as u32);
        }
        let of_layers = layers.iter().map(|layer| &layer.shape);
        for shape in shapes.iter().chain(of_layers) {
            let LayerShape { inputs, outputs, bits, multipliers, numbers } = *shape;
            fingerprint.add(u32::from(inputs) << 16 | u32::from(outputs));
            fingerprint.add(u32::from(bits) << 16 | u32::from(multipliers));
            fingerprint.add(match numbers {
                Numbers::Wide => 0,
                Numbers::Narrow { multiplier_shift, bias_shift } => {
                    u32::from_le_bytes([1, multiplier_shift, bias_shift, 0])
                }
            });
        }
        for Layer { shape: _, bits, multipliers, bias, weights } in layers {
            fingerprint.add(*bits as u32);
            fingerprint.place(multipliers);
            fingerprint.place(bias);
            fingerprint.place(weights);
        }
    }
}

fn mark_sample(sample: Sample, fingerprint: &mut Fingerprint) {
    let words = match sample {
        Sample::Image(Frame { width, height, layout }) => {
            let layout = match layout {
                Layout::AsItIs => 0,
                Layout::Fitted => 1,
                Layout::Centred { ink } => 2 | u32::from(ink) << 2,
            };
            [u32::from(width) << 16 | u32::from(height), layout]
        }
        Sample::Features { count, signed, ranges } => {
            [u32::from(count) << 16 | u32::from(ranges), u32::MAX - u32::from(signed)]
        }
    };
    words.into_iter().for_each(|word| fingerprint.add(word));
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
        type Change = fn(&mut Model<'_>);
        let others: [Change; 30] = [
            |model| model.header.name = &model.header.name[1..],
            |model| model.header.labels = &model.header.labels[..1],
            |model| model.header.provenance = &model.header.provenance[1..],
            |model| model.header.sample = Sample::mnist(7),
            |model| {
                let layout = Layout::AsItIs;
                model.header.sample = Sample::Image(Frame { width: 5, height: 5, layout });
            },
            |model| {
                let layout = Layout::Centred { ink: 3 };
                model.header.sample = Sample::Image(Frame { width: 5, height: 5, layout });
            },
            |model| {
                model.header.sample = Sample::Features { count: 5, signed: true, ranges: 5 };
            },
            |model| {
                model.header.sample = Sample::Features { count: 5, signed: false, ranges: 5 };
            },
            |model| model.header.stages[0].crop[0] ^= 1,
            |model| model.header.stages[0].pool[1] ^= 1,
            |model| model.header.stages[0].margin ^= 1,
            |model| model.header.stages[0].prominence ^= 1,
            |model| model.header.stages[0].layers ^= 1,
            |model| model.header.stages[0].logit_scale = -model.header.stages[0].logit_scale,
            |model| model.header.stages.clear(),
            |model| model.header.layers.truncate(1),
            |model| model.header.layers[0].inputs ^= 1 << 15,
            |model| model.header.layers[1].bits ^= 1,
            |model| {
                let numbers = Numbers::Narrow { multiplier_shift: 0, bias_shift: 1 };
                model.header.layers[1].numbers = numbers;
            },
            |model| model.data = &model.data[8..],
            |model| model.ranges = &[[0; 2]],
            |model| model.layers.truncate(1),
            |model| model.layers[1].shape.outputs ^= 1,
            |model| model.layers[0].shape.bits ^= 1 << 7,
            |model| model.layers[0].shape.multipliers ^= 1 << 15,
            |model| model.layers[1].bits = WeightBits::Two,
            |model| model.layers[0].multipliers = &[],
            |model| model.layers[1].bias = &model.layers[1].bias[1..],
            |model| {
                let numbers = Numbers::Narrow { multiplier_shift: 1, bias_shift: 0 };
                model.layers[1].shape.numbers = numbers;
            },
            |model| model.layers[1].weights = &model.layers[0].weights[..1],
        ];
        let mut values: Vec<u32> = Vec::new();
        let mut changed = |change: &dyn Fn(&mut Model<'_>)| {
            let mut model = sound.clone();
            change(&mut model);
            values.push(value(&model));
        };
        others.iter().for_each(|change| changed(change));
        values.push(value(&sound));
        values.sort_unstable();
        values.dedup();
        assert_eq!(values.len(), others.len() + 1);
    }
}
