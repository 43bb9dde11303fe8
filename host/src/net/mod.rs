//! The float network: its parameters as plain vectors, and as burn tensors.

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

/// Changes of the values between the layers of a network; by default those of inference. Hidden
/// layers are counted from 0.
pub trait LayerHooks {
    /// Changes a hidden layer's products of inputs and weights, `[images, outputs]`, before the
    /// bias is added.
    fn normalize(&mut self, _layer: usize, products: Tensor<2>) -> Tensor<2> {
        products
    }

    /// Turns the sums of a hidden layer into its outputs, both `[images, outputs]`: ReLU, rounded
    /// if there is a `scale`. This is [`Dense::output_scale`], `[1, 1]`.
    fn activate(&mut self, _layer: usize, sums: Tensor<2>, scale: Option<&Tensor<2>>) -> Tensor<2> {
        match scale {
            Some(scale) => rounded_activations(sums, step_of(values(scale.clone())[0])),
            None => activation::relu(sums),
        }
    }
}

/// Inference: neither gradients nor dropout.
pub(crate) struct Inference;

impl LayerHooks for Inference {}

/// The same activation for all layers.
struct Activate<F>(F);

impl<F: FnMut(Tensor<2>) -> Tensor<2>> LayerHooks for Activate<F> {
    fn activate(&mut self, _: usize, sums: Tensor<2>, _: Option<&Tensor<2>>) -> Tensor<2> {
        self.0(sums)
    }
}

impl Linear {
    fn map(&self, mut change: impl FnMut(&Tensor<2>) -> Tensor<2>) -> Self {
        Self {
            weight: change(&self.weight),
            bias: change(&self.bias),
            weight_scale: self.weight_scale.clone(),
            output_scale: self.output_scale.as_ref().map(change),
        }
    }
}

impl Net {
    /// Logits `[images, classes]` of inputs `[images, pixels]`. `activate` turns the sums of a
    /// hidden layer into its outputs, both `[images, outputs]`.
    pub fn forward(
        &self,
        input: Tensor<2>,
        activate: impl FnMut(Tensor<2>) -> Tensor<2>,
    ) -> Tensor<2> {
        self.pass(input, &mut Activate(activate))
    }

    /// Logits `[images, classes]` of inputs `[images, pixels]`.
    pub fn pass(&self, input: Tensor<2>, hooks: &mut impl LayerHooks) -> Tensor<2> {
        self.pass_on(self.products(input), hooks)
    }

    /// The first layer's products of inputs `[images, pixels]` and weights, `[images, outputs]`.
    pub(crate) fn products(&self, input: Tensor<2>) -> Tensor<2> {
        input.matmul(self.layers[0].weight.clone())
    }

    /// Logits `[images, classes]` of the first layer's products of inputs and weights,
    /// `[images, outputs]`.
    pub(crate) fn pass_on(&self, products: Tensor<2>, hooks: &mut impl LayerHooks) -> Tensor<2> {
        let (mut products, last) = (products, self.layers.len() - 1);
        for (number, pair) in self.layers.windows(2).enumerate() {
            let sums = hooks.normalize(number, products) + pair[0].bias.clone();
            let outputs = hooks.activate(number, sums, pair[0].output_scale.as_ref());
            products = outputs.matmul(pair[1].weight.clone());
        }
        products + self.layers[last].bias.clone()
    }

    /// The same parameters at the root of a new graph, for [`Net::gradients`].
    pub fn tracked(&self) -> Self {
        let track = |layer: &Linear| layer.map(|tensor| tensor.clone().autodiff().require_grad());
        Self { layers: self.layers.iter().map(track).collect() }
    }

    /// The gradients of these parameters, in the shape of a network; 0 for the scales of the
    /// weights. A first layer without inputs, whose products come from elsewhere, has none for them.
    pub fn gradients(&self, gradients: &mut Gradients) -> Mlp {
        let mut take = |tensor: &Tensor<2>| match tensor.dims() {
            [0, _] => tensor.clone().inner(),
            _ => tensor.grad_remove(gradients).expect("every parameter takes part in the loss"),
        };
        let layers = self.layers.iter().map(|layer| layer.map(&mut take)).collect();
        let mut gradients = Self { layers }.into_mlp();
        gradients.layers.iter_mut().for_each(|layer| layer.weight_scale.fill(0.0));
        gradients
    }

    /// The parameters as plain vectors. Nothing is copied if no clone is left.
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

/// Copies the numbers of a tensor. The multiplication runs over slices where ndarray's own copy
/// steps through indices.
pub(crate) fn copied<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    values(tensor * 1.0)
}

/// A tensor of these numbers, row after row.
pub(crate) fn tensor(values: Vec<f32>, shape: [usize; 2], device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Images that are a network's inputs as the rows of a tensor, in the order of `indices`.
pub(crate) fn input(images: &Images, indices: &[u32], device: &Device) -> Tensor<2> {
    let size = images.shape.bytes();
    let chosen = indices.iter().map(|&index| images.image(index as usize));
    let mut values = Vec::with_capacity(indices.len() * size);
    chosen.for_each(|image| values.extend(image.iter().map(|&pixel| f32::from(pixel) / 255.0)));
    tensor(values, [indices.len(), size], device)
}

/// Pixels as a network takes them: divided by 255.
pub(crate) fn inputs(pixels: &[u8]) -> Vec<f32> {
    pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Backend;
    use crate::support::rng::Rng;

    /// Normalizes by given means and deviations.
    struct Normalized<'a>(&'a [Norm]);

    impl LayerHooks for Normalized<'_> {
        fn normalize(&mut self, layer: usize, products: Tensor<2>) -> Tensor<2> {
            let device = products.device();
            let row = |values: &[f32]| tensor(values.to_vec(), [1, values.len()], &device);
            (products - row(&self.0[layer].mean)) / row(&self.0[layer].deviation)
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
        let input = || tensor(values.clone(), [10, 6], &device);
        let expected = mlp.clone().into_net(&device).pass(input(), &mut Normalized(&norms));
        let found = mlp.folded(&norms).into_net(&device).forward(input(), activation::relu);
        for (a, b) in super::values(expected).iter().zip(super::values(found)) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }
}
