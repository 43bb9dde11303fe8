//! A network in training whose first layer stays outside the graph.
//!
//! Most pixels are zero, and a zero adds nothing to a product or to the gradient of a weight. What the device
//! skips, training skips, too: the products of the first layer are a leaf of the graph, and their gradient gives
//! that of its weights.

use std::ops::Range;
use std::sync::Arc;

use burn::tensor::{Device, Gradients, Tensor};

use super::sparse::Sparse;
use crate::net::{self, LayerHooks, Mlp, Net};
use crate::support::parallel::Beside;

/// Weights of a first layer from which skipping zeros pays off. Small images have few zeros, and few outputs
/// leave registers empty.
const WORTH_SKIPPING: usize = 50_000;

/// Whether inputs that are zero are skipped by a first layer of these widths.
pub(super) fn skips(inputs: usize, outputs: usize) -> bool {
    inputs * outputs >= WORTH_SKIPPING
}

/// The inputs of a batch.
pub(super) struct Inputs {
    /// All, image after image.
    pub(super) pixels: Vec<u8>,
    width: usize,
    /// Those that are not zero, if the network skips the others.
    non_zero: Option<NonZero>,
}

struct NonZero {
    /// A row for each image.
    by_image: Sparse,
    /// A row for each input.
    by_input: Sparse,
}

impl Inputs {
    pub(super) fn new(pixels: Vec<u8>, width: usize, skips: bool) -> Self {
        let non_zero = skips.then(|| {
            let by_image = Sparse::new(&pixels, width);
            NonZero { by_input: by_image.transposed(), by_image }
        });
        Self { pixels, width, non_zero }
    }
}

/// A network: the weights of its first layer, if they stay outside, and the others.
pub(super) struct Parted {
    inputs: usize,
    outputs: usize,
    first: Option<Vec<f32>>,
    net: Net,
}

impl Parted {
    /// Nothing is copied.
    pub(super) fn new(mut network: Mlp, device: &Device) -> Self {
        let first = &mut network.layers[0];
        let (inputs, outputs) = (first.inputs, first.outputs);
        let weights = skips(inputs, outputs).then(|| {
            first.inputs = 0;
            std::mem::take(&mut first.weight)
        });
        Self { inputs, outputs, first: weights, net: network.into_net(device) }
    }

    /// The parameters again. Nothing is copied if no graph is left.
    pub(super) fn into_mlp(self) -> Mlp {
        let mut network = self.net.into_mlp();
        if let Some(weights) = self.first {
            network.layers[0].inputs = self.inputs;
            network.layers[0].weight = weights;
        }
        network
    }

    /// What the graph of some images of a batch begins with, image after image: the products of a first layer that
    /// stays outside, or the inputs.
    pub(super) fn start(&self, images: Range<usize>, inputs: &Inputs) -> Vec<f32> {
        match (&self.first, &inputs.non_zero) {
            (Some(weights), Some(some)) => some.by_image.times(images, weights, self.outputs),
            _ => {
                net::inputs(&inputs.pixels[images.start * inputs.width..images.end * inputs.width])
            }
        }
    }

    /// The same of all images of a batch, half of them beside.
    pub(super) fn start_beside<'s>(
        self: &Arc<Self>,
        beside: &Beside<'s>,
        images: usize,
        inputs: &Arc<Inputs>,
    ) -> Vec<f32> {
        if self.first.is_none() {
            return self.start(0..images, inputs);
        }
        let (net, others, middle) = (self.clone(), inputs.clone(), images / 2);
        let second = beside.run(move || net.start(middle..images, &others));
        let mut start = self.start(0..middle, inputs);
        start.extend(second.result());
        start
    }

    /// A new graph that [begins](Parted::start) with `start`, of this many images.
    pub(super) fn graph(&self, start: Vec<f32>, images: usize, device: &Device) -> Graph {
        let net = self.net.tracked();
        let shape = [images, start.len() / images];
        let start = net::tensor(start, shape, device).autodiff();
        match self.first {
            Some(_) => Graph { products: start.require_grad(), is_leaf: true, net },
            None => Graph { products: net.products(start), is_leaf: false, net },
        }
    }

    /// Completes the gradients of a batch by those of a first layer that stays outside. `of_products` are those of
    /// its products.
    pub(super) fn complete(
        &self,
        beside: &Beside<'_>,
        gradients: &mut Mlp,
        of_products: Vec<f32>,
        inputs: &Arc<Inputs>,
    ) {
        if self.first.is_none() {
            return;
        }
        let (rows, middle, width) = (self.inputs, self.inputs / 2, self.outputs);
        let of_weights = move |inputs: &Inputs, rows: Range<usize>, of_products: &[f32]| {
            let non_zero = inputs.non_zero.as_ref();
            non_zero.map_or_else(Vec::new, |some| some.by_input.times(rows, of_products, width))
        };
        let of_products = Arc::new(of_products);
        let (other_products, other_inputs) = (of_products.clone(), inputs.clone());
        let second = beside.run(move || of_weights(&other_inputs, middle..rows, &other_products));
        let mut weights = of_weights(inputs, 0..middle, &of_products);
        weights.extend(second.result());
        gradients.layers[0].inputs = rows;
        gradients.layers[0].weight = weights;
    }

    /// Logits `[images, classes]` of images that are inputs, without a graph.
    pub(super) fn pass(
        &self,
        pixels: &[u8],
        device: &Device,
        hooks: &mut impl LayerHooks,
    ) -> Tensor<2> {
        let images = pixels.len() / self.inputs;
        let Some(weights) = &self.first else {
            let inputs = net::tensor(net::inputs(pixels), [images, self.inputs], device);
            return self.net.pass(inputs, hooks);
        };
        let products = Sparse::new(pixels, self.inputs).times(0..images, weights, self.outputs);
        self.net.pass_on(net::tensor(products, [images, self.outputs], device), hooks)
    }
}

/// The graph of a batch or of half of it.
pub(super) struct Graph {
    products: Tensor<2>,
    is_leaf: bool,
    net: Net,
}

impl Graph {
    /// Logits `[images, classes]`.
    pub(super) fn logits(&self, hooks: &mut impl LayerHooks) -> Tensor<2> {
        self.net.pass_on(self.products.clone(), hooks)
    }

    /// The gradients of the parameters in the graph, and those of the products if they are its leaf.
    pub(super) fn gradients(self, mut gradients: Gradients) -> (Mlp, Vec<f32>) {
        let of_products = if self.is_leaf {
            let products = self.products.grad_remove(&mut gradients);
            net::values(products.expect("the loss depends on the products"))
        } else {
            Vec::new()
        };
        (self.net.gradients(&mut gradients), of_products)
    }
}
