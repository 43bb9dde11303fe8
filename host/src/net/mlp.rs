//! The parameters of a network as plain vectors.

use burn::tensor::Device;

use super::{Inference, Linear, Net, input, tensor, values};
use crate::data::Images;
use crate::support::rng::Rng;

/// Parameters of one fully connected layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs.
    pub outputs: usize,
    /// `inputs × outputs`, the outputs of one input together (as in burn's `Linear`).
    pub weight: Vec<f32>,
    /// One for each output.
    pub bias: Vec<f32>,
    /// The natural logarithm of the weight step: one for the layer or one for each output. Empty
    /// without quantization-aware training.
    pub weight_scale: Vec<f32>,
    /// The natural logarithm of the output step: one in a hidden layer. Empty without
    /// quantization-aware training, and in the last layer.
    pub output_scale: Vec<f32>,
}

/// Mean and standard deviation of each output's sum of products, by which batch normalization
/// normalizes it: `(x · W − mean) / deviation + bias`.
#[derive(Clone, Debug, PartialEq)]
pub struct Norm {
    /// One for each output.
    pub mean: Vec<f32>,
    /// One for each output, above 0.
    pub deviation: Vec<f32>,
}

impl Dense {
    /// A layer whose parameters are 0, without scales.
    pub fn zeros(inputs: usize, outputs: usize) -> Self {
        Self {
            inputs,
            outputs,
            weight: vec![0.0; inputs * outputs],
            bias: vec![0.0; outputs],
            weight_scale: Vec::new(),
            output_scale: Vec::new(),
        }
    }

    /// The layer whose outputs without normalization equal those of this one with it. The scales of
    /// the weights are folded too, so that the integers stay the same.
    pub fn folded(&self, norm: &Norm) -> Self {
        let mut folded = self.clone();
        for row in folded.weight.chunks_exact_mut(self.outputs) {
            row.iter_mut().zip(&norm.deviation).for_each(|(weight, by)| *weight /= by);
        }
        let norms = norm.mean.iter().zip(&norm.deviation);
        folded.bias.iter_mut().zip(norms).for_each(|(bias, (mean, by))| *bias -= mean / by);
        let scales = self.weight_scales().into_iter().zip(&norm.deviation);
        folded.weight_scale = scales.map(|(scale, by)| scale - by.ln()).collect();
        folded
    }

    /// [`Dense::weight_scale`] for each output; empty if there is none.
    pub(crate) fn weight_scales(&self) -> Vec<f32> {
        match self.weight_scale[..] {
            [shared] => vec![shared; self.outputs],
            _ => self.weight_scale.clone(),
        }
    }
}

/// Parameters of a multi-layer perceptron with ReLU between its layers. Inputs are pixels / 255.
#[derive(Clone, Debug, PartialEq)]
pub struct Mlp {
    /// The layers, in order of evaluation.
    pub layers: Vec<Dense>,
}

impl Mlp {
    /// A network whose parameters are 0. `widths` are those of the input, the hidden layers and the
    /// output.
    pub fn zeros(widths: &[usize]) -> Self {
        let layer = |pair: &[usize]| Dense::zeros(pair[0], pair[1]);
        Self { layers: widths.windows(2).map(layer).collect() }
    }

    /// Glorot's uniform initialization: weights within ±√(6 / (inputs + outputs)), biases 0.
    pub fn glorot(widths: &[usize], rng: &mut Rng) -> Self {
        let mut mlp = Self::zeros(widths);
        for layer in &mut mlp.layers {
            let bound = (6.0 / (layer.inputs + layer.outputs) as f32).sqrt();
            layer.weight.fill_with(|| bound * (2.0 * rng.unit() - 1.0));
        }
        mlp
    }

    /// He's initialization: normal weights of variance 2 / inputs, biases 0. The weights of the
    /// last layer, which no ReLU follows, are half as large.
    pub fn he(widths: &[usize], rng: &mut Rng) -> Self {
        let mut mlp = Self::zeros(widths);
        let last = mlp.layers.len() - 1;
        for (number, layer) in mlp.layers.iter_mut().enumerate() {
            let half = if number == last { 0.5 } else { 1.0 };
            let deviation = half * (2.0 / layer.inputs as f32).sqrt();
            layer.weight.fill_with(|| deviation * rng.normal());
        }
        mlp
    }

    /// The network whose outputs without batch normalization equal those of this one with it;
    /// `norms` are those of the hidden layers, or empty.
    pub fn folded(&self, norms: &[Norm]) -> Self {
        let mut folded = self.clone();
        for (layer, norm) in folded.layers.iter_mut().zip(norms) {
            *layer = layer.folded(norm);
        }
        folded
    }

    /// Whether its weights are rounded in training.
    pub fn has_scales(&self) -> bool {
        self.layers.iter().any(|layer| !layer.weight_scale.is_empty())
    }

    /// Copies the scales of a network of the same shape.
    pub fn take_scales(&mut self, other: &Self) {
        for (layer, other) in self.layers.iter_mut().zip(&other.layers) {
            layer.weight_scale.clone_from(&other.weight_scale);
            layer.output_scale.clone_from(&other.output_scale);
        }
    }

    /// A network of the same shape, with as many scales, whose parameters are 0.
    pub fn zeroed(&self) -> Self {
        let mut zeroed = self.clone();
        zeroed.parameters_mut().for_each(|values| values.fill(0.0));
        zeroed
    }

    /// Widths of the input, the hidden layers and the output.
    pub fn widths(&self) -> Vec<usize> {
        let inputs = self.layers.first().map(|layer| layer.inputs);
        inputs.into_iter().chain(self.layers.iter().map(|layer| layer.outputs)).collect()
    }

    /// The parameters in order: weights, biases, weight scales and output scales of the first
    /// layer, of the second, and so on.
    pub fn parameters(&self) -> impl Iterator<Item = &[f32]> {
        self.layers.iter().flat_map(|Dense { weight, bias, weight_scale, output_scale, .. }| {
            [weight.as_slice(), bias, weight_scale, output_scale]
        })
    }

    /// [`Mlp::parameters`], mutable.
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.layers.iter_mut().flat_map(
            |Dense { weight, bias, weight_scale, output_scale, .. }| {
                [weight.as_mut_slice(), bias, weight_scale, output_scale]
            },
        )
    }

    /// The logits of every image, image after image; activations are rounded if there are scales.
    ///
    /// # Panics
    ///
    /// If the size of the images differs from the network's inputs.
    pub fn logits(&self, images: &Images, device: &Device) -> Vec<f32> {
        /// Bounds the memory.
        const BATCH: usize = 500;
        let net = self.clone().into_net(device);
        let indices: Vec<u32> = (0..images.len() as u32).collect();
        let batches = indices.chunks(BATCH).map(|batch| input(images, batch, device));
        batches.flat_map(|input| values(net.pass(input, &mut Inference))).collect()
    }

    /// The same network as tensors. Nothing is copied.
    pub fn into_net(self, device: &Device) -> Net {
        let layer = |layer: Dense| Linear {
            weight: tensor(layer.weight, [layer.inputs, layer.outputs], device),
            bias: tensor(layer.bias, [1, layer.outputs], device),
            weight_scale: layer.weight_scale,
            output_scale: layer.output_scale.first().map(|&s| tensor(vec![s], [1, 1], device)),
        };
        Net { layers: self.layers.into_iter().map(layer).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rounding::step_of;
    use super::*;

    #[test]
    fn folding_divides_the_scales_of_weights_as_it_divides_the_weights() {
        let mut dense = Dense::zeros(1, 2);
        dense.weight = vec![3.0, -5.0];
        dense.weight_scale = vec![0.0];
        let norm = Norm { mean: vec![1.0, 0.0], deviation: vec![2.0, 4.0] };
        let folded = dense.folded(&norm);
        assert_eq!(folded.weight, [1.5, -1.25]);
        assert_eq!(folded.bias, [-0.5, 0.0]);
        let levels = folded.weight.iter().zip(&folded.weight_scale);
        let levels: Vec<f32> =
            levels.map(|(weight, scale)| (weight / step_of(*scale)).round()).collect();
        assert_eq!(levels, [3.0, -5.0]);
    }
}
