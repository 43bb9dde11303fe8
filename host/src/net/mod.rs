//! The float network: its parameters in plain form, and the same as burn tensors.

mod backend;
mod mlp;
pub(crate) mod rounding;

use burn::tensor::{Device, Gradients, Tensor, TensorData, activation};

use crate::data::Images;
pub use backend::{Backend, BackendError};
pub use mlp::{Dense, Mlp, Norm};
use rounding::{rounded_activations, step_of};

/// The network as burn tensors, with or without automatic differentiation.
#[derive(Clone, Debug)]
pub struct Net {
    layers: Vec<Linear>,
}

#[derive(Clone, Debug)]
struct Linear {
    /// `[inputs, outputs]`
    weight: Tensor<2>,
    /// `[1, outputs]`
    bias: Tensor<2>,
    /// Not part of the graph.
    weight_scale: Vec<f32>,
    /// `[1, 1]`
    output_scale: Option<Tensor<2>>,
}

/// What happens between the layers of a network.
pub trait Pass {
    /// Changes a hidden layer's products `[images, outputs]` of inputs and weights, before the bias
    /// is added; layers are counted from 0.
    fn normalize(&mut self, _layer: usize, products: Tensor<2>) -> Tensor<2> {
        products
    }

    /// Makes the outputs of a hidden layer, `[images, outputs]`, of its sums. `scale` is
    /// [`Dense::output_scale`], `[1, 1]`.
    fn activate(&mut self, layer: usize, sums: Tensor<2>, scale: Option<&Tensor<2>>) -> Tensor<2>;
}

/// Only an activation, alike for all layers.
struct Activate<F>(F);

impl<F: FnMut(Tensor<2>) -> Tensor<2>> Pass for Activate<F> {
    fn activate(
        &mut self,
        _layer: usize,
        sums: Tensor<2>,
        _scale: Option<&Tensor<2>>,
    ) -> Tensor<2> {
        self.0(sums)
    }
}

/// A hidden layer's outputs where nothing is trained: ReLU, rounded if there is a scale.
pub(crate) fn activate(sums: Tensor<2>, scale: Option<&Tensor<2>>) -> Tensor<2> {
    match scale {
        Some(scale) => rounded_activations(sums, step_of(values(scale.clone())[0])),
        None => activation::relu(sums),
    }
}

/// A pass without gradients and without dropout.
pub(crate) struct Evaluating;

impl Pass for Evaluating {
    fn activate(&mut self, _layer: usize, sums: Tensor<2>, scale: Option<&Tensor<2>>) -> Tensor<2> {
        activate(sums, scale)
    }
}

impl Net {
    /// Logits `[images, classes]` of inputs `[images, pixels]`. `activate` makes the outputs of a
    /// hidden layer, `[images, outputs]`, of its sums.
    pub fn forward(
        &self,
        input: Tensor<2>,
        activate: impl FnMut(Tensor<2>) -> Tensor<2>,
    ) -> Tensor<2> {
        self.pass(input, &mut Activate(activate))
    }

    /// Logits `[images, classes]` of inputs `[images, pixels]`.
    pub fn pass(&self, input: Tensor<2>, pass: &mut impl Pass) -> Tensor<2> {
        let last = self.layers.len() - 1;
        self.layers.iter().enumerate().fold(input, |input, (number, layer)| {
            let products = input.matmul(layer.weight.clone());
            if number == last {
                return products + layer.bias.clone();
            }
            let sums = pass.normalize(number, products) + layer.bias.clone();
            pass.activate(number, sums, layer.output_scale.as_ref())
        })
    }

    /// The same parameters at the root of a new graph, for [`Net::gradients`].
    #[must_use]
    pub fn tracked(&self) -> Self {
        let track = |tensor: &Tensor<2>| tensor.clone().autodiff().require_grad();
        let layer = |layer: &Linear| Linear {
            weight: track(&layer.weight),
            bias: track(&layer.bias),
            weight_scale: layer.weight_scale.clone(),
            output_scale: layer.output_scale.as_ref().map(track),
        };
        Self { layers: self.layers.iter().map(layer).collect() }
    }

    /// The gradients of these parameters, in the shape of a network; 0 for the scales of the
    /// weights.
    #[must_use]
    pub fn gradients(&self, mut gradients: Gradients) -> Mlp {
        let mut take = |tensor: &Tensor<2>| {
            tensor.grad_remove(&mut gradients).expect("every parameter takes part in the loss")
        };
        let layer = |layer: &Linear| Linear {
            weight: take(&layer.weight),
            bias: take(&layer.bias),
            weight_scale: vec![0.0; layer.weight_scale.len()],
            output_scale: layer.output_scale.as_ref().map(&mut take),
        };
        Self { layers: self.layers.iter().map(layer).collect() }.into_mlp()
    }

    /// The parameters in plain form. Nothing is copied if no clone is left.
    #[must_use]
    pub fn into_mlp(self) -> Mlp {
        let layer = |layer: Linear| {
            let [inputs, outputs] = layer.weight.dims();
            Dense {
                inputs,
                outputs,
                weight: values(layer.weight),
                bias: values(layer.bias),
                weight_scale: layer.weight_scale,
                output_scale: layer.output_scale.map_or_else(Vec::new, values),
            }
        };
        Mlp { layers: self.layers.into_iter().map(layer).collect() }
    }
}

/// The numbers of a tensor, row after row.
pub(crate) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("the network computes in f32")
}

/// The numbers of a tensor that somebody else holds too.
///
/// The multiplication makes a copy, and runs over slices where ndarray's own copy steps through
/// indices.
pub(crate) fn copied<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    values(tensor * 1.0)
}

/// Images as the rows of an input tensor, pixels / 255, in the order of `indices`.
pub(crate) fn input(images: &Images, indices: &[u32], device: &Device) -> Tensor<2> {
    let size = images.side * images.side;
    let mut values = Vec::with_capacity(indices.len() * size);
    for &index in indices {
        values.extend(images.image(index as usize).iter().map(|&pixel| f32::from(pixel) / 255.0));
    }
    Tensor::from_data(TensorData::new(values, [indices.len(), size]), device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Backend;
    use crate::support::rng::Rng;

    /// Normalizes by given means and deviations.
    struct Normalized<'a>(&'a [Norm]);

    impl Pass for Normalized<'_> {
        fn normalize(&mut self, layer: usize, products: Tensor<2>) -> Tensor<2> {
            let device = products.device();
            let row = |values: &[f32]| {
                let data = TensorData::new(values.to_vec(), [1, values.len()]);
                Tensor::<2>::from_data(data, &device)
            };
            (products - row(&self.0[layer].mean)) / row(&self.0[layer].deviation)
        }

        fn activate(&mut self, _layer: usize, sums: Tensor<2>, _: Option<&Tensor<2>>) -> Tensor<2> {
            activation::relu(sums)
        }
    }

    #[test]
    fn a_folded_network_gives_what_the_normalized_one_gives() {
        let device = Backend::default().device().unwrap();
        let mut rng = Rng::new(1, &[]);
        let mut mlp = Mlp::he(&[6, 5, 4, 3], &mut rng);
        mlp.parameters_mut().flatten().for_each(|value| *value += 0.1);
        let mut norm = |outputs: usize| Norm {
            mean: (0..outputs).map(|_| rng.unit()).collect(),
            deviation: (0..outputs).map(|_| 0.5 + rng.unit()).collect(),
        };
        let norms = [norm(5), norm(4)];
        let mut rng = Rng::new(2, &[]);
        let values: Vec<f32> = (0..60).map(|_| rng.unit()).collect();
        let input = || Tensor::from_data(TensorData::new(values.clone(), [10, 6]), &device);
        let expected = mlp.clone().into_net(&device).pass(input(), &mut Normalized(&norms));
        let found = mlp.folded(&norms).into_net(&device).forward(input(), activation::relu);
        for (a, b) in super::values(expected).iter().zip(super::values(found)) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }
}
