//! Batches of inputs, prepared on other cores while this one trains.
//!
//! The workers take batches in turn, and each image's random numbers belong to its place, so the
//! result does not depend on the number of workers.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;
use std::time::{Duration, Instant};

use inkbit_core::Input;

use super::first::Inputs;
use super::stream;
use crate::data::augment::{self, Augmenter, Strength};
use crate::data::{Images, shrink};
use crate::support::parallel;
use crate::support::rng::Rng;

/// The most batches that a worker prepares ahead.
const AHEAD: usize = 8;

pub(super) struct Plan<'a> {
    pub(super) images: &'a Images,
    pub(super) input: Input,
    pub(super) strength: Strength,
    pub(super) seed: u64,
    /// Counted from 1.
    pub(super) epoch: usize,
    pub(super) order: Vec<u32>,
    pub(super) batch: usize,
    /// Images of none of the classes, and how many of them come with each batch.
    pub(super) outliers: &'a Images,
    pub(super) beside: usize,
    /// Whether the network skips inputs that are zero.
    pub(super) skips: bool,
}

pub(super) struct Batch {
    /// Those of none of the classes come last.
    pub(super) inputs: Inputs,
    /// One for each image of a class.
    pub(super) labels: Vec<u8>,
    /// How many images of none of the classes there are.
    pub(super) outliers: usize,
    /// The time of a worker for this batch.
    pub(super) took: Duration,
}

impl Plan<'_> {
    pub(super) fn batches(&self) -> usize {
        self.order.len().div_ceil(self.batch)
    }

    /// Starts a worker for each spare core; none if images stay unchanged, because handing them
    /// over would be more work than preparing them. Two cores are those of the training.
    pub(super) fn start<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) -> Feed<'scope> {
        let workers =
            if self.strength.is_none() { 0 } else { parallel::cores().saturating_sub(2).min(8) };
        let start = |worker: usize| {
            let (sender, receiver) = sync_channel(AHEAD);
            scope.spawn(move || {
                let mut augmenter = Augmenter::of_shape(&self.images.shape);
                for batch in self.order.chunks(self.batch).skip(worker).step_by(workers) {
                    // The receiver is gone if training has ended early.
                    if sender.send(self.batch(batch, &mut augmenter)).is_err() {
                        return;
                    }
                }
            });
            receiver
        };
        let augmenter = Augmenter::of_shape(&self.images.shape);
        Feed { plan: self, augmenter, receivers: (0..workers).map(start).collect(), next: 0 }
    }

    fn batch(&self, indices: &[u32], augmenter: &mut Augmenter) -> Batch {
        let start = Instant::now();
        let rows = indices.len() + self.beside;
        let mut pixels = Vec::with_capacity(rows * self.input.inputs());
        let mut drawn = vec![0; self.images.shape.bytes()];
        let mut add = |source: &[u8], rng: &mut Rng| {
            augmenter.draw(&self.strength, source, rng, &mut drawn);
            shrink::inputs(&self.images.shape, self.input, &drawn, &mut pixels);
        };
        for &index in indices {
            let mut rng = augment::rng(self.seed, self.epoch, index);
            add(self.images.image(index as usize), &mut rng);
        }
        // An image is in one batch of an epoch, so its number tells batches apart.
        let place = [stream::OUTLIERS, self.epoch as u64, indices[0].into()];
        let mut rng = Rng::new(self.seed, &place);
        for _ in 0..self.beside {
            let index = rng.bits() % self.outliers.len() as u64;
            add(self.outliers.image(index as usize), &mut rng);
        }
        let labels = indices.iter().map(|&index| self.images.labels[index as usize]).collect();
        let inputs = Inputs::new(pixels, self.input.inputs(), self.skips);
        Batch { inputs, labels, outliers: self.beside, took: start.elapsed() }
    }
}

pub(super) struct Feed<'a> {
    plan: &'a Plan<'a>,
    augmenter: Augmenter,
    /// One for each worker.
    receivers: Vec<Receiver<Batch>>,
    next: usize,
}

impl Feed<'_> {
    /// The next batch, if there is one.
    pub(super) fn next(&mut self) -> Option<Batch> {
        let Self { plan, augmenter, receivers, next } = self;
        let number = *next;
        let indices = plan.order.chunks(plan.batch).nth(number)?;
        *next += 1;
        if receivers.is_empty() {
            return Some(plan.batch(indices, augmenter));
        }
        let receiver = &receivers[number % receivers.len()];
        Some(receiver.recv().expect("a worker sends every batch of the epoch"))
    }
}
