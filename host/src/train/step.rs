//! Loss and gradients of one batch.
//!
//! A large batch is split into two halves that are computed in parallel, each with a graph of its
//! own. Their gradients are summed in a fixed order, so any number of cores gives the same bits.

use std::ops::Add;
use std::sync::Arc;
use std::time::{Duration, Instant};

use burn::tensor::{Device, Tensor, activation};

use super::feed::Batch;
use super::first::{Inputs, Parted};
use super::timings::Timings;
use super::{norm, qat};
use crate::config::TrainConfig;
use crate::data::Images;
use crate::net::{self, Inference, LayerHooks, Mlp};
use crate::support::parallel::Beside;
use crate::support::rng::Rng;

/// Multiplications per image from which a second thread pays off.
const WORTH_HALVES: usize = 100_000;

/// Sums over the images of one batch, or of many.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) images: usize,
    /// Number of images classified as labelled.
    pub(crate) correct: usize,
    /// Sum of the cross-entropies in nats.
    pub(crate) loss: f64,
}

impl Tally {
    /// The tally of logits `[images, classes]` and the labels.
    fn new(logits: &[f32], loss: f64, labels: &[u8]) -> Self {
        let rows = logits.chunks_exact(logits.len() / labels.len());
        let right = |row: &[f32], label| row.iter().all(|&logit| logit <= row[usize::from(label)]);
        let correct = rows.zip(labels).filter(|&(row, &label)| right(row, label)).count();
        Self { images: labels.len(), correct, loss }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            images: self.images + other.images,
            correct: self.correct + other.correct,
            loss: self.loss + other.loss,
        }
    }
}

/// The values that do not change from batch to batch.
pub(crate) struct Context {
    pub(crate) classes: usize,
    /// Without automatic differentiation.
    pub(crate) device: Device,
    dropout: f32,
    smoothing: f32,
    /// Whether hidden layers are normalized over each batch.
    pub(crate) batch_norm: bool,
    /// Weight in the loss of the sum of an image's activations.
    sparsity: f32,
    /// Whether a batch is split into two halves.
    pub(crate) halves: bool,
}

/// Loss, gradients and time of a step.
pub(crate) struct StepResult {
    pub(crate) tally: Tally,
    pub(crate) gradients: Mlp,
    pub(crate) timings: Timings,
}

/// What a graph gives.
struct Part {
    tally: Tally,
    gradients: Mlp,
    of_products: Vec<f32>,
    /// From the loss to the gradients.
    backward: Duration,
}

/// A batch that has begun.
pub(crate) struct Begun {
    inputs: Arc<Inputs>,
    labels: Vec<u8>,
    outliers: usize,
    /// What its graph begins with; each half computes its own if it is split.
    start: Option<Vec<f32>>,
    took: Duration,
}

impl Part {
    /// With the other half of the batch. The time is that of the first: both run at once.
    fn plus(mut self, other: Self) -> Self {
        self.tally = self.tally.plus(other.tally);
        for (sum, more) in self.gradients.parameters_mut().zip(other.gradients.parameters()) {
            sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
        self.of_products.extend(other.of_products);
        self
    }
}

impl Context {
    /// For networks of these widths.
    pub(crate) fn new(config: &TrainConfig, widths: &[usize], device: Device) -> Self {
        let products: usize = widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
        Self {
            classes: widths[widths.len() - 1],
            device,
            dropout: config.dropout,
            smoothing: config.label_smoothing,
            batch_norm: config.batch_norm,
            sparsity: config.sparsity / config.hidden.len().max(1) as f32,
            // Augmentation keeps the other core busy, and batch statistics need whole batches.
            halves: products >= WORTH_HALVES
                && config.augment.is_none()
                && !config.batch_norm
                && config.outliers == 0.0,
        }
    }

    /// Begins a batch: computes what its graph begins with, unless each half of it does so itself.
    pub(crate) fn begin(&self, beside: &Beside<'_>, net: &Arc<Parted>, batch: Batch) -> Begun {
        let before = Instant::now();
        let Batch { inputs, labels, outliers, .. } = batch;
        let (rows, inputs) = (labels.len() + outliers, Arc::new(inputs));
        let start = (!self.halves).then(|| net.start_beside(beside, rows, &inputs));
        Begun { inputs, labels, outliers, start, took: before.elapsed() }
    }

    /// Loss and gradients of a batch; `rng` starts the streams of the dropout.
    pub(crate) fn gradients<'s>(
        &'s self,
        beside: &Beside<'s>,
        net: &Arc<Parted>,
        begun: Begun,
        rng: &mut Rng,
    ) -> StepResult {
        let Begun { inputs, labels, outliers, start, took } = begun;
        let images = labels.len();
        let scale = 1.0 / images as f32;
        let [mut one, mut two] = [Rng::new(rng.bits(), &[]), Rng::new(rng.bits(), &[])];
        let before = Instant::now();
        let mut part = if let Some(start) = start {
            self.part(net, start, &labels, outliers, scale, &mut one)
        } else {
            let middle = images.div_ceil(2);
            let others = labels[middle..].to_vec();
            let (other_net, other_inputs) = (net.clone(), inputs.clone());
            let second = (middle < images).then(|| {
                beside.run(move || {
                    let start = other_net.start(middle..images, &other_inputs);
                    self.part(&other_net, start, &others, 0, scale, &mut two)
                })
            });
            let start = net.start(0..middle, &inputs);
            let first = self.part(net, start, &labels[..middle], 0, scale, &mut one);
            second.into_iter().fold(first, |first, second| first.plus(second.result()))
        };
        let forward = took + before.elapsed() - part.backward;
        let before = Instant::now();
        net.complete(beside, &mut part.gradients, part.of_products, &inputs);
        let backward = part.backward + before.elapsed();
        let timings = Timings { forward, backward, ..Timings::default() };
        StepResult { tally: part.tally, gradients: part.gradients, timings }
    }

    /// The same of images whose graph begins with these values, and the gradients of the products that a graph
    /// begins with.
    fn part(
        &self,
        net: &Parted,
        values: Vec<f32>,
        labels: &[u8],
        outliers: usize,
        scale: f32,
        rng: &mut Rng,
    ) -> Part {
        let images = labels.len();
        let graph = net.graph(values, images + outliers, &self.device);
        let mut hooks = Training { context: self, rng, activations: None };
        let mut logits = graph.logits(&mut hooks);
        let of_outliers = (outliers > 0).then(|| {
            let of_outliers = logits.clone().narrow(0, images, outliers);
            logits = logits.clone().narrow(0, 0, images);
            // No class is to be likelier than another.
            -activation::log_softmax(of_outliers, 1).sum() / self.classes as f32
        });
        let loss = self.cross_entropy(logits.clone(), labels, self.smoothing);
        let activations = hooks.activations.map(|sum| sum * self.sparsity);
        let total = of_outliers.into_iter().chain(activations).fold(loss.clone(), Add::add);
        let (total, start) = (total * scale, Instant::now());
        let (gradients, of_products) = graph.gradients(total.backward());
        let backward = start.elapsed();
        let loss = f64::from(loss.into_scalar::<f32>());
        Part {
            tally: Tally::new(&net::values(logits.inner()), loss, labels),
            gradients,
            of_products,
            backward,
        }
    }

    /// Loss and accuracy of images without dropout and without gradients.
    pub(crate) fn evaluate(&self, net: &Parted, images: &Images, indices: &[u32]) -> Tally {
        let chosen = indices.iter().map(|&index| images.image(index as usize));
        let pixels = chosen.collect::<Vec<_>>().concat();
        let logits = net.pass(&pixels, &self.device, &mut Inference);
        let labels: Vec<u8> = indices.iter().map(|&index| images.labels[index as usize]).collect();
        let loss = self.cross_entropy(logits.clone(), &labels, 0.0);
        Tally::new(&net::values(logits), f64::from(loss.into_scalar::<f32>()), &labels)
    }

    /// The sum over the images. `smoothing` is the fraction of the target that is spread over all
    /// classes.
    fn cross_entropy(&self, logits: Tensor<2>, labels: &[u8], smoothing: f32) -> Tensor<1> {
        let everywhere = smoothing / self.classes as f32;
        let mut target = vec![-everywhere; labels.len() * self.classes];
        for (row, &label) in target.chunks_exact_mut(self.classes).zip(labels) {
            row[usize::from(label)] = smoothing - everywhere - 1.0;
        }
        let target = net::tensor(target, [labels.len(), self.classes], &logits.device());
        (activation::log_softmax(logits, 1) * target).sum()
    }

    /// Dropout's factors of this many values: 0 for a fraction of them, and for the others what keeps the mean.
    /// burn's dropout would take a fifth of the training time.
    fn drop_some(&self, count: usize, rng: &mut Rng) -> Vec<f32> {
        let kept = (1.0 / (1.0 - self.dropout)).to_bits();
        let threshold = (self.dropout * 65536.0).round() as u32;
        let mut factors = vec![0.0; count];
        // One random number makes four decisions of 16 bits each.
        for four in factors.chunks_mut(4) {
            let bits = rng.bits();
            for (lane, factor) in four.iter_mut().enumerate() {
                let keep = (bits >> (16 * lane)) as u32 & 0xffff >= threshold;
                // Avoids a branch: on random bits it would cost more than the rest of the loop.
                *factor = f32::from_bits(kept * u32::from(keep));
            }
        }
        factors
    }
}

struct Training<'a> {
    context: &'a Context,
    rng: &'a mut Rng,
    /// The sum of all hidden activations, if it is part of the loss.
    activations: Option<Tensor<1>>,
}

impl LayerHooks for Training<'_> {
    fn normalize(&mut self, _layer: usize, products: Tensor<2>) -> Tensor<2> {
        if self.context.batch_norm { norm::of_batch(products) } else { products }
    }

    fn activate(&mut self, _layer: usize, sums: Tensor<2>, scale: Option<&Tensor<2>>) -> Tensor<2> {
        let (device, shape, context) = (sums.device(), sums.dims(), self.context);
        let tensor = |values| net::tensor(values, shape, &device);
        let values = match scale {
            Some(scale) => qat::rounded(sums, scale),
            // ReLU: each sum by a constant of the graph. burn's own has a slower gradient.
            None => {
                let mut factors = net::copied(sums.clone().inner());
                factors.iter_mut().for_each(|sum| *sum = if *sum > 0.0 { 1.0 } else { 0.0 });
                if context.dropout > 0.0 && context.sparsity == 0.0 {
                    // Both at once.
                    let kept = context.drop_some(factors.len(), self.rng);
                    factors.iter_mut().zip(kept).for_each(|(factor, kept)| *factor *= kept);
                    return sums * tensor(factors);
                }
                sums * tensor(factors)
            }
        };
        if context.sparsity > 0.0 {
            let sum = values.clone().sum();
            self.activations = self.activations.take().into_iter().chain([sum]).reduce(Add::add);
        }
        if context.dropout == 0.0 {
            return values;
        }
        values * tensor(context.drop_some(shape.iter().product(), self.rng))
    }
}
