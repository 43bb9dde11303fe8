//! The float network: its parameters in plain form, and the same as burn tensors.

use burn::tensor::{Device, Gradients, Tensor, TensorData, activation};

use crate::data::Images;
use crate::rng::Rng;

/// Parameters of one fully connected layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Values that it takes.
    pub inputs: usize,
    /// Values that it gives.
    pub outputs: usize,
    /// `inputs × outputs`, the outputs of one input together (as burn's `Linear` has it).
    pub weight: Vec<f32>,
    /// One for each output.
    pub bias: Vec<f32>,
}

/// Parameters of a multi-layer perceptron with ReLU between its layers. Inputs are pixels / 255.
#[derive(Clone, Debug, PartialEq)]
pub struct Mlp {
    /// The layers, in order of evaluation.
    pub layers: Vec<Dense>,
}

impl Mlp {
    /// All parameters 0. `widths` are those of the input, of the hidden layers and of the output.
    #[must_use]
    pub fn zeros(widths: &[usize]) -> Self {
        let layer = |pair: &[usize]| Dense {
            inputs: pair[0],
            outputs: pair[1],
            weight: vec![0.0; pair[0] * pair[1]],
            bias: vec![0.0; pair[1]],
        };
        Self { layers: widths.windows(2).map(layer).collect() }
    }

    /// Glorot's uniform initialisation: weights within ±√(6 / (inputs + outputs)), biases 0.
    #[must_use]
    pub fn glorot(widths: &[usize], rng: &mut Rng) -> Self {
        let mut mlp = Self::zeros(widths);
        for layer in &mut mlp.layers {
            let bound = (6.0 / (layer.inputs + layer.outputs) as f32).sqrt();
            layer.weight.fill_with(|| bound * (2.0 * rng.unit() - 1.0));
        }
        mlp
    }

    /// Widths of the input, of the hidden layers and of the output.
    #[must_use]
    pub fn widths(&self) -> Vec<usize> {
        let inputs = self.layers.first().map(|layer| layer.inputs);
        inputs.into_iter().chain(self.layers.iter().map(|layer| layer.outputs)).collect()
    }

    /// The parameters in order: weight and bias of the first layer, of the second, and so on.
    pub fn parameters(&self) -> impl Iterator<Item = &[f32]> {
        self.layers.iter().flat_map(|layer| [&layer.weight[..], &layer.bias[..]])
    }

    /// The same, to change.
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.layers.iter_mut().flat_map(|layer| [&mut layer.weight[..], &mut layer.bias[..]])
    }

    /// The logits of every image, image after image.
    ///
    /// # Panics
    ///
    /// If the images have another size than the network takes.
    #[must_use]
    pub fn logits(&self, images: &Images, device: &Device) -> Vec<f32> {
        /// Images at a time, so that memory is bounded.
        const BATCH: usize = 500;
        let net = self.clone().into_net(device);
        let indices: Vec<u32> = (0..images.len() as u32).collect();
        let batches = indices.chunks(BATCH).map(|batch| input(images, batch, device));
        batches.flat_map(|input| values(net.forward(input, activation::relu))).collect()
    }

    /// The same network as tensors. Nothing is copied.
    #[must_use]
    pub fn into_net(self, device: &Device) -> Net {
        let tensor = |values, shape| Tensor::from_data(TensorData::new(values, shape), device);
        let layer = |layer: Dense| Linear {
            weight: tensor(layer.weight, [layer.inputs, layer.outputs]),
            bias: tensor(layer.bias, [1, layer.outputs]),
        };
        Net { layers: self.layers.into_iter().map(layer).collect() }
    }
}

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
}

impl Net {
    /// Logits `[images, classes]` of inputs `[images, pixels]`. `activate` makes the outputs of a
    /// hidden layer, `[images, outputs]`, of its sums: ReLU, in training with dropout.
    pub fn forward(
        &self,
        input: Tensor<2>,
        mut activate: impl FnMut(Tensor<2>) -> Tensor<2>,
    ) -> Tensor<2> {
        let last = self.layers.len() - 1;
        self.layers.iter().enumerate().fold(input, |input, (number, layer)| {
            let output = input.matmul(layer.weight.clone()) + layer.bias.clone();
            if number == last { output } else { activate(output) }
        })
    }

    /// The same parameters at the root of a new graph, for [`Net::gradients`].
    #[must_use]
    pub fn tracked(&self) -> Self {
        let track = |tensor: &Tensor<2>| tensor.clone().autodiff().require_grad();
        let layer =
            |layer: &Linear| Linear { weight: track(&layer.weight), bias: track(&layer.bias) };
        Self { layers: self.layers.iter().map(layer).collect() }
    }

    /// The gradients of these parameters, in the shape of a network.
    #[must_use]
    pub fn gradients(&self, mut gradients: Gradients) -> Mlp {
        let mut take = |tensor: &Tensor<2>| {
            tensor.grad_remove(&mut gradients).expect("every parameter takes part in the loss")
        };
        let layer =
            |layer: &Linear| Linear { weight: take(&layer.weight), bias: take(&layer.bias) };
        Self { layers: self.layers.iter().map(layer).collect() }.into_mlp()
    }

    /// A network of this shape whose parameters are all 0.
    #[must_use]
    pub fn zeros(&self) -> Mlp {
        let inputs = self.layers.first().map(|layer| layer.weight.dims()[0]);
        let outputs = self.layers.iter().map(|layer| layer.weight.dims()[1]);
        Mlp::zeros(&inputs.into_iter().chain(outputs).collect::<Vec<_>>())
    }

    /// The parameters in plain form. Nothing is copied if no clone is left.
    #[must_use]
    pub fn into_mlp(self) -> Mlp {
        let layer = |layer: Linear| {
            let [inputs, outputs] = layer.weight.dims();
            Dense { inputs, outputs, weight: values(layer.weight), bias: values(layer.bias) }
        };
        Mlp { layers: self.layers.into_iter().map(layer).collect() }
    }
}

/// The numbers of a tensor, row after row.
pub(crate) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("the network computes in f32")
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
