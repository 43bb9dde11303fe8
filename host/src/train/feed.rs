//! Batches of inputs, prepared on other cores while this one trains.
//!
//! The workers take batches in turn, and each image's random numbers belong to its place, so the
//! result does not depend on the number of workers.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;
use std::time::{Duration, Instant};

use inkbit_core::Input;

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
}

pub(super) struct Batch {
    /// `images × pixels`, pixels / 255. Images of none of the classes come last.
    pub(super) inputs: Vec<f32>,
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
    /// over would be more work than preparing them.
    pub(super) fn start<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) -> Feed<'scope> {
        let workers = if self.strength.is_none() { 0 } else { (parallel::cores() - 1).clamp(1, 8) };
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
        let mut inputs = Vec::with_capacity(rows * self.input.inputs());
        let mut drawn = vec![0; self.images.shape.bytes()];
        let mut small = Vec::new();
        let mut add = |source: &[u8], rng: &mut Rng| {
            small.clear();
            augmenter.draw(&self.strength, source, rng, &mut drawn);
            shrink::inputs(&self.images.shape, self.input, &drawn, &mut small);
            inputs.extend(small.iter().map(|&pixel| f32::from(pixel) / 255.0));
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
    /// The next batch, of which there must be one.
    pub(super) fn next(&mut self) -> Batch {
        let Self { plan, augmenter, receivers, next } = self;
        let number = *next;
        *next += 1;
        if receivers.is_empty() {
            let indices = plan.order.chunks(plan.batch).nth(number);
            return plan.batch(indices.expect("a batch of the epoch"), augmenter);
        }
        let receiver = &receivers[number % receivers.len()];
        receiver.recv().expect("a worker sends every batch of the epoch")
    }
}
