//! Removes hidden units that never fire: the same outputs in fewer bytes.

use inkbit_core::requant::requantize;
use inkbit_core::{LayerOutput, Model};
use serde::{Deserialize, Serialize};

use super::Quantized;
use super::scale::nearest;
use crate::data::{Images, Shape};
use crate::model::{HostEngine, ImagesError, check_images};
use crate::net::{Dense, Mlp};
use crate::support::parallel;

/// Units removed from one hidden layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Units before the removal.
    pub units: usize,
    /// Removed because no image can make them fire: their greatest sum is not above 0.
    pub proved: usize,
    /// Removed because no unit uses their outputs: all weights from them are 0.
    pub unused: usize,
    /// Removed because none of the given images makes them fire. Another image may.
    pub measured: usize,
}

impl Removed {
    /// Units removed, for any reason.
    pub fn total(&self) -> usize {
        self.proved + self.unused + self.measured
    }
}

/// Why a unit can be removed.
#[derive(Clone, Copy, PartialEq)]
enum Reason {
    Proved,
    Unused,
    Measured,
}

impl Quantized {
    /// The network without the hidden units that `model`, which was exported from it, needs for
    /// none of the images, and the units removed from each layer. Each layer keeps at least one
    /// unit.
    pub fn without_dead_units(
        &self,
        model: &Model<'_>,
        images: &Images,
    ) -> Result<(Self, Vec<Removed>), ImagesError> {
        check_images(images, &Shape::of_model(model), model.classes())?;
        let alive = alive(model, images);
        let bounds = bounds(model);
        let mut reduced = self.clone();
        let mut removed = Vec::new();
        for (layer, alive) in alive.iter().enumerate() {
            let next = &self.net.layers[layer + 1];
            let unused = |unit: usize| {
                let row = &next.weight[unit * next.outputs..(unit + 1) * next.outputs];
                let scales = &self.scales[layer + 1];
                let level = |(output, &weight): (usize, &f32)| {
                    nearest(scales.bits, f64::from(weight) / scales.weight(output))
                };
                row.iter().enumerate().all(|weight| level(weight) == 0)
            };
            let reason = |unit: usize| match () {
                () if bounds[layer][unit] == 0 => Some(Reason::Proved),
                () if unused(unit) => Some(Reason::Unused),
                () if !alive[unit] => Some(Reason::Measured),
                () => None,
            };
            let mut reasons: Vec<_> = (0..alive.len()).map(reason).collect();
            if reasons.iter().all(Option::is_some) {
                reasons[0] = None;
            }
            let count = |reason| reasons.iter().filter(|&&found| found == Some(reason)).count();
            removed.push(Removed {
                units: alive.len(),
                proved: count(Reason::Proved),
                unused: count(Reason::Unused),
                measured: count(Reason::Measured),
            });
            let kept: Vec<usize> =
                (0..alive.len()).filter(|&unit| reasons[unit].is_none()).collect();
            reduced.keep(layer, &kept);
        }
        Ok((reduced, removed))
    }

    /// Keeps only these units of a hidden layer.
    fn keep(&mut self, layer: usize, kept: &[usize]) {
        let Mlp { layers } = &mut self.net;
        let pick = |values: &[f32]| -> Vec<f32> { kept.iter().map(|&unit| values[unit]).collect() };
        let Dense { outputs, weight, bias, .. } = &mut layers[layer];
        *weight = weight.chunks_exact(*outputs).flat_map(pick).collect();
        *bias = pick(bias);
        *outputs = kept.len();
        let Dense { inputs, outputs, weight, .. } = &mut layers[layer + 1];
        let rows = kept.iter().map(|unit| &weight[unit * *outputs..(unit + 1) * *outputs]);
        *weight = rows.collect::<Vec<_>>().concat();
        *inputs = kept.len();
        let scales = &mut self.scales[layer].weight;
        if scales.len() > 1 {
            *scales = kept.iter().map(|&unit| scales[unit]).collect();
        }
    }
}

/// Whether each unit of each hidden layer fires for at least one image.
fn alive(model: &Model<'_>, images: &Images) -> Vec<Vec<bool>> {
    let hidden = model.layers().len() - 1;
    let none = || -> Vec<Vec<bool>> {
        model.layers()[..hidden].iter().map(|layer| vec![false; layer.outputs()]).collect()
    };
    let parts = parallel::split(images.len(), |part| {
        let (mut alive, mut engine) = (none(), HostEngine::new(model));
        for image in part {
            engine.infer_observed(images.image(image), |layer, output| {
                if let LayerOutput::Activations(cells) = output {
                    cells.iter().for_each(|(unit, _)| alive[layer][unit] = true);
                }
            });
        }
        alive
    });
    let mut all = none();
    for part in parts {
        for (all, part) in all.iter_mut().flatten().zip(part.iter().flatten()) {
            *all |= part;
        }
    }
    all
}

/// An upper bound of each hidden unit's activation, by interval arithmetic from the inputs on: any
/// pixel may have any value.
fn bounds(model: &Model<'_>) -> Vec<Vec<u8>> {
    let mut inputs = vec![255_u8; model.input().inputs()];
    let mut bounds = Vec::new();
    for layer in &model.layers()[..model.layers().len() - 1] {
        let bound = |output: usize| {
            let products = inputs
                .iter()
                .enumerate()
                .map(|(input, &greatest)| layer.weight(output, input).max(0) * i32::from(greatest));
            // The format's limits keep this within 32 bits.
            requantize(layer.bias(output) + products.sum::<i32>(), layer.multiplier(output))
        };
        inputs = (0..layer.outputs()).map(bound).collect();
        bounds.push(inputs.clone());
    }
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::int_logits;
    use crate::quantize::{Description, Granularity, LayerScales, export};
    use inkbit_core::{Input, Layout, WeightBits};

    /// Four units of two pixels' sums: one fires, one never can, one only for the second pixel, and
    /// one that no unit uses.
    fn network(granularity: Granularity) -> Quantized {
        let first = Dense {
            weight: [[1.0, -0.5, -1.0, 1.0], [0.5, -1.0, 1.0, 1.0], [0.0; 4], [0.0; 4]].concat(),
            bias: vec![0.1, -0.1, -0.1, 0.0],
            ..Dense::zeros(4, 4)
        };
        let last = Dense {
            weight: [[1.0, -1.0], [0.5, 0.5], [-1.0, 1.0], [0.0, 0.0]].concat(),
            ..Dense::zeros(4, 2)
        };
        let fit = |dense: &Dense, activation| {
            let bits = WeightBits::Eight;
            LayerScales::fit(dense, bits, granularity, 1.0 / 255.0, activation)
        };
        let scales = vec![fit(&first, Some(2.0 / 255.0)), fit(&last, None)];
        Quantized { net: Mlp { layers: vec![first, last] }, scales }
    }

    fn description() -> Description {
        Description {
            name: "test".into(),
            classes: vec!["a".into(), "b".into()],
            shape: Shape::square(2),
            input: Input::full(2),
            layout: Layout::AsItIs,
            prominence: 0,
            command: String::new(),
            digest: [0; 32],
            seed: 0,
        }
    }

    #[test]
    fn units_that_never_fire_or_that_nothing_takes_go_and_the_logits_stay() {
        let images = Images {
            shape: Shape::square(2),
            pixels: vec![255, 0, 9, 9, 200, 100, 0, 0],
            labels: vec![0, 1],
        };
        for granularity in [Granularity::Layer, Granularity::Output] {
            let whole = network(granularity);
            let blob = export(&whole, &description(), (0, 0)).unwrap();
            let model = blob.model().unwrap();

            let (reduced, removed) = whole.without_dead_units(&model, &images).unwrap();

            let expected = Removed { units: 4, proved: 1, unused: 1, measured: 1 };
            assert_eq!(removed, [expected]);
            assert_eq!(reduced.net.widths(), [4, 1, 2]);
            assert_eq!(reduced.net.layers[0].weight, [1.0, 0.5, 0.0, 0.0]);
            let small = export(&reduced, &description(), (0, 0)).unwrap();
            assert!(small.bytes().len() < blob.bytes().len());
            let small = small.model().unwrap();
            assert_eq!(int_logits(&small, &images), int_logits(&model, &images));
        }
    }

    #[test]
    fn a_layer_keeps_one_unit() {
        let mut whole = network(Granularity::Layer);
        whole.net.layers[0].bias = vec![-9.0; 4];
        let blob = export(&whole, &description(), (0, 0)).unwrap();
        let images = Images { shape: Shape::square(2), pixels: vec![255; 4], labels: vec![0] };
        let (reduced, removed) = whole.without_dead_units(&blob.model().unwrap(), &images).unwrap();
        assert_eq!((reduced.net.widths(), removed[0].total()), (vec![4, 1, 2], 3));
    }

    #[test]
    fn the_units_between_removed_ones_keep_their_weights_and_scales() {
        let images = Images {
            shape: Shape::square(2),
            pixels: vec![255, 0, 9, 9, 0, 255, 0, 0],
            labels: vec![0, 1],
        };
        for granularity in [Granularity::Layer, Granularity::Output] {
            let whole = network(granularity);
            let blob = export(&whole, &description(), (0, 0)).unwrap();
            let model = blob.model().unwrap();
            let (reduced, removed) = whole.without_dead_units(&model, &images).unwrap();
            assert_eq!(removed, [Removed { units: 4, proved: 1, unused: 1, measured: 0 }]);
            let [first, last] = &*reduced.net.layers else { panic!("{reduced:?}") };
            assert_eq!(first.weight, [1.0, -1.0, 0.5, 1.0, 0.0, 0.0, 0.0, 0.0]);
            assert_eq!(
                (&*first.bias, &*last.weight),
                (&[0.1, -0.1][..], &[1.0, -1.0, -1.0, 1.0][..])
            );
            let small = export(&reduced, &description(), (0, 0)).unwrap();
            assert_eq!(int_logits(&small.model().unwrap(), &images), int_logits(&model, &images));
        }
    }

    #[test]
    fn a_unit_is_used_if_any_of_its_weights_is_a_step_of_the_next_layer() {
        let mut whole = network(Granularity::Layer);
        // A step of the first layer is larger than any weight of the second.
        whole.net.layers[0] = Dense { weight: vec![100.0; 12], ..Dense::zeros(4, 3) };
        whole.net.layers[1] =
            Dense { weight: vec![0.1, 0.1, 0.1, -0.1, 0.0, 0.1], ..Dense::zeros(3, 2) };
        for (dense, scales) in whole.net.layers.iter().zip(&mut whole.scales) {
            let activation = scales.activation.map(|_| 400.0 / 255.0);
            let (bits, granularity) = (WeightBits::Eight, Granularity::Layer);
            *scales = LayerScales::fit(dense, bits, granularity, 1.0 / 255.0, activation);
        }
        let blob = export(&whole, &description(), (0, 0)).unwrap();
        let images = Images { shape: Shape::square(2), pixels: vec![255; 4], labels: vec![0] };
        let (reduced, removed) = whole.without_dead_units(&blob.model().unwrap(), &images).unwrap();
        assert_eq!((removed, reduced), (vec![Removed { units: 3, ..Removed::default() }], whole));
    }

    #[test]
    fn units_are_removed_for_three_reasons() {
        assert_eq!(Removed { units: 9, proved: 1, unused: 2, measured: 4 }.total(), 7);
    }
}
