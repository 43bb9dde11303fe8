//! Loss and gradients of one batch.
//!
//! A large batch is split into two halves that are computed in parallel, each with a graph of its
//! own. Their gradients are summed in a fixed order, so any number of cores gives the same bits.

use std::ops::Add;
use std::time::Instant;

use burn::tensor::{Device, Tensor, activation};

use super::feed::Batch;
use super::timings::Timings;
use super::{norm, qat};
use crate::config::TrainConfig;
use crate::data::Images;
use crate::net::{self, Inference, LayerHooks, Mlp, Net};
use crate::support::parallel;
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
    halves: bool,
}

/// Loss, gradients and time of a step.
pub(crate) struct StepResult {
    pub(crate) tally: Tally,
    pub(crate) gradients: Mlp,
    pub(crate) timings: Timings,
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

    /// Loss and gradients of a batch; `rng` starts the streams of the dropout.
    pub(crate) fn gradients(&self, net: &Net, mut batch: Batch, rng: &mut Rng) -> StepResult {
        let images = batch.labels.len();
        let scale = 1.0 / images as f32;
        let [mut one, mut two] = [Rng::new(rng.bits(), &[]), Rng::new(rng.bits(), &[])];
        if !self.halves || images == 1 {
            return self.part(net, batch, scale, &mut one);
        }
        let middle = images.div_ceil(2);
        let second = Batch {
            inputs: batch.inputs.split_off(middle * (batch.inputs.len() / images)),
            labels: batch.labels.split_off(middle),
            outliers: 0,
            took: batch.took,
        };
        let (mut first, second) = parallel::join(
            || self.part(net, batch, scale, &mut one),
            || self.part(net, second, scale, &mut two),
        );
        first.tally = first.tally.plus(second.tally);
        for (sum, more) in first.gradients.parameters_mut().zip(second.gradients.parameters()) {
            sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
        first
    }

    fn part(&self, net: &Net, batch: Batch, scale: f32, rng: &mut Rng) -> StepResult {
        let start = Instant::now();
        let tracked = net.tracked();
        let images = batch.labels.len();
        let shape = [images + batch.outliers, batch.inputs.len() / (images + batch.outliers)];
        let input = net::tensor(batch.inputs, shape, &self.device);
        let mut hooks = Training { context: self, rng, activations: None };
        let mut logits = tracked.pass(input.autodiff(), &mut hooks);
        let outliers = (batch.outliers > 0).then(|| {
            let of_outliers = logits.clone().narrow(0, images, batch.outliers);
            logits = logits.clone().narrow(0, 0, images);
            // No class is to be likelier than another.
            -activation::log_softmax(of_outliers, 1).sum() / self.classes as f32
        });
        let loss = self.cross_entropy(logits.clone(), &batch.labels, self.smoothing);
        let activations = hooks.activations.map(|sum| sum * self.sparsity);
        let total = outliers.into_iter().chain(activations).fold(loss.clone(), Add::add);
        let (total, forward) = (total * scale, start.elapsed());
        let gradients = tracked.gradients(total.backward());
        let backward = start.elapsed() - forward;
        let loss = f64::from(loss.into_scalar::<f32>());
        StepResult {
            tally: Tally::new(&net::values(logits.inner()), loss, &batch.labels),
            gradients,
            timings: Timings { forward, backward, ..Timings::default() },
        }
    }

    /// Loss and accuracy of images without dropout and without gradients.
    pub(crate) fn evaluate(&self, net: &Net, images: &Images, indices: &[u32]) -> Tally {
        let input = net::input(images, indices, &self.device);
        let logits = net.pass(input, &mut Inference);
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

    /// Dropout: sets a fraction of the values to 0 and scales the others so that the mean stays.
    /// burn's dropout would take a fifth of the training time.
    fn drop_some(&self, values: Tensor<2>, rng: &mut Rng) -> Tensor<2> {
        let [rows, columns] = values.dims();
        let kept = (1.0 / (1.0 - self.dropout)).to_bits();
        let threshold = (self.dropout * 65536.0).round() as u32;
        let mut factors = vec![0.0; rows * columns];
        // One random number makes four decisions of 16 bits each.
        for four in factors.chunks_mut(4) {
            let bits = rng.bits();
            for (lane, factor) in four.iter_mut().enumerate() {
                let keep = (bits >> (16 * lane)) as u32 & 0xffff >= threshold;
                // Avoids a branch: on random bits it would cost more than the rest of the loop.
                *factor = f32::from_bits(kept * u32::from(keep));
            }
        }
        let device = values.device();
        values * net::tensor(factors, [rows, columns], &device)
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
        let values = match scale {
            Some(scale) => qat::rounded(sums, scale),
            None => activation::relu(sums),
        };
        if self.context.sparsity > 0.0 {
            let sum = values.clone().sum();
            self.activations = self.activations.take().into_iter().chain([sum]).reduce(Add::add);
        }
        if self.context.dropout == 0.0 {
            return values;
        }
        self.context.drop_some(values, self.rng)
    }
}
