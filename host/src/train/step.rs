//! Loss and gradients of one batch.
//!
//! A batch is split into two halves that are computed side by side, each with a graph of its own.
//! Their gradients are summed in a fixed order, so one core, two or many give the same bits.

use burn::tensor::{Device, Tensor, TensorData, activation};

use super::pair;
use crate::data::Images;
use crate::net::{self, Mlp, Net};
use crate::rng::Rng;

/// What one batch, or many, add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    /// Images seen.
    pub(crate) images: usize,
    /// Of these, classified as labelled.
    pub(crate) correct: usize,
    /// Sum of the cross-entropies in nats.
    pub(crate) loss: f64,
}

impl Tally {
    /// Of logits `[images, classes]`, image after image, and the labels.
    fn new(logits: &[f32], loss: f64, labels: &[u8]) -> Self {
        let rows = logits.chunks_exact(logits.len() / labels.len());
        let right = |row: &[f32], label| row.iter().all(|&logit| logit <= row[usize::from(label)]);
        let correct = rows.zip(labels).filter(|&(row, &label)| right(row, label)).count();
        Self { images: labels.len(), correct, loss }
    }

    /// Both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            images: self.images + other.images,
            correct: self.correct + other.correct,
            loss: self.loss + other.loss,
        }
    }
}

/// What does not change from batch to batch.
pub(crate) struct Context<'a> {
    pub(crate) images: &'a Images,
    pub(crate) classes: usize,
    /// Share of the hidden values that a training step drops.
    pub(crate) dropout: f32,
    /// Without automatic differentiation.
    pub(crate) device: Device,
}

impl Context<'_> {
    /// Loss and gradients of a batch; `rng` starts the streams that choose what is dropped.
    pub(crate) fn gradients(&self, net: &Net, batch: &[u32], rng: &mut Rng) -> (Tally, [Mlp; 2]) {
        let (first, second) = batch.split_at(batch.len().div_ceil(2));
        let mut streams = [Rng::new(rng.bits(), &[]), Rng::new(rng.bits(), &[])];
        let [one, two] = &mut streams;
        let scale = 1.0 / batch.len() as f32;
        let (first, second) =
            pair::join(|| self.half(net, first, scale, one), || self.half(net, second, scale, two));
        (first.0.plus(second.0), [first.1, second.1])
    }

    fn half(&self, net: &Net, indices: &[u32], scale: f32, rng: &mut Rng) -> (Tally, Mlp) {
        if indices.is_empty() {
            return (Tally::default(), net.clone().into_mlp().zeroed());
        }
        let net = net.tracked();
        let input = net::input(self.images, indices, &self.device).autodiff();
        let logits = net.forward(input, |values| self.activate(values, rng));
        let (loss, labels) = self.cross_entropy(logits.clone(), indices);
        let gradients = net.gradients((loss.clone() * scale).backward());
        let loss = f64::from(loss.into_scalar::<f32>());
        (Tally::new(&net::values(logits.inner()), loss, &labels), gradients)
    }

    /// Loss and accuracy of images without dropout and without gradients.
    pub(crate) fn evaluate(&self, net: &Net, indices: &[u32]) -> Tally {
        let input = net::input(self.images, indices, &self.device);
        let logits = net.forward(input, activation::relu);
        let (loss, labels) = self.cross_entropy(logits.clone(), indices);
        Tally::new(&net::values(logits), f64::from(loss.into_scalar::<f32>()), &labels)
    }

    /// The sum over the images, and their labels.
    fn cross_entropy(&self, logits: Tensor<2>, indices: &[u32]) -> (Tensor<1>, Vec<u8>) {
        let labels: Vec<u8> =
            indices.iter().map(|&index| self.images.labels[index as usize]).collect();
        let mut target = vec![0.0; labels.len() * self.classes];
        for (row, &label) in target.chunks_exact_mut(self.classes).zip(&labels) {
            row[usize::from(label)] = -1.0;
        }
        let target = TensorData::new(target, [labels.len(), self.classes]);
        let target = Tensor::from_data(target, &logits.device());
        ((activation::log_softmax(logits, 1) * target).sum(), labels)
    }

    /// ReLU, and dropout: sets a share of the values to 0 and scales the others so that the mean
    /// stays.
    ///
    /// The factors are drawn here because burn's dropout takes a fifth of the training.
    fn activate(&self, sums: Tensor<2>, rng: &mut Rng) -> Tensor<2> {
        let values = activation::relu(sums);
        if self.dropout == 0.0 {
            return values;
        }
        let [rows, columns] = values.dims();
        let kept = (1.0 / (1.0 - self.dropout)).to_bits();
        let threshold = (self.dropout * 65536.0).round() as u32;
        let mut factors = vec![0.0; rows * columns];
        // Four decisions, of 16 bits each, out of one random number.
        for four in factors.chunks_mut(4) {
            let bits = rng.bits();
            for (lane, factor) in four.iter_mut().enumerate() {
                let keep = (bits >> (16 * lane)) as u32 & 0xffff >= threshold;
                // A branch on what is random would cost more than the rest of the loop.
                *factor = f32::from_bits(kept * u32::from(keep));
            }
        }
        let device = values.device();
        values * Tensor::from_data(TensorData::new(factors, [rows, columns]), &device)
    }
}
