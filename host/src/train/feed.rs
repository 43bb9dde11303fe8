//! Batches of inputs, made ready on other cores while this one trains.
//!
//! Batch after batch goes to the workers in turn, and each image's random numbers belong to its
//! place, so what comes out does not depend on how many workers there are.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;
use std::time::{Duration, Instant};

use inkbit_core::Input;

use crate::data::Images;
use crate::data::augment::{self, Augmenter, Strength};
use crate::data::shrink::shrink;
use crate::support::parallel;

/// Batches that a worker may be ahead.
const AHEAD: usize = 8;

/// The images of an epoch, in order.
pub(super) struct Plan<'a> {
    pub(super) images: &'a Images,
    pub(super) input: Input,
    pub(super) strength: Strength,
    pub(super) seed: u64,
    /// Counted from 1.
    pub(super) epoch: usize,
    pub(super) order: Vec<u32>,
    /// Images of a batch.
    pub(super) batch: usize,
}

/// Images that a step learns from.
pub(super) struct Batch {
    /// `images × pixels` of them, pixels / 255.
    pub(super) inputs: Vec<f32>,
    /// One for each image.
    pub(super) labels: Vec<u8>,
    /// Time that a worker needed for them.
    pub(super) took: Duration,
}

impl Plan<'_> {
    /// Batches of the epoch.
    pub(super) fn batches(&self) -> usize {
        self.order.len().div_ceil(self.batch)
    }

    /// Starts as many workers as there are cores to spare; none if images are taken as they are,
    /// which is less work than to hand them over.
    pub(super) fn start<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) -> Feed<'scope> {
        let workers = if self.strength.is_none() { 0 } else { (parallel::cores() - 1).clamp(1, 8) };
        let start = |worker: usize| {
            let (sender, receiver) = sync_channel(AHEAD);
            scope.spawn(move || {
                let mut augmenter = Augmenter::new(self.images.side);
                for batch in self.order.chunks(self.batch).skip(worker).step_by(workers) {
                    // Nobody listens any more if training has ended early.
                    if sender.send(self.batch(batch, &mut augmenter)).is_err() {
                        return;
                    }
                }
            });
            receiver
        };
        let augmenter = Augmenter::new(self.images.side);
        Feed { plan: self, augmenter, receivers: (0..workers).map(start).collect(), next: 0 }
    }

    fn batch(&self, indices: &[u32], augmenter: &mut Augmenter) -> Batch {
        let start = Instant::now();
        let mut inputs = Vec::with_capacity(indices.len() * self.input.inputs());
        let mut drawn = vec![0; self.input.pixels()];
        let mut small = Vec::new();
        for &index in indices {
            let mut rng = augment::rng(self.seed, self.epoch, index);
            let source = self.images.image(index as usize);
            augmenter.draw(&self.strength, source, &mut rng, &mut drawn);
            small.clear();
            shrink(self.input, &drawn, &mut small);
            inputs.extend(small.iter().map(|&pixel| f32::from(pixel) / 255.0));
        }
        let labels = indices.iter().map(|&index| self.images.labels[index as usize]).collect();
        Batch { inputs, labels, took: start.elapsed() }
    }
}

/// Where batches come from.
pub(super) struct Feed<'a> {
    plan: &'a Plan<'a>,
    augmenter: Augmenter,
    /// One for each worker.
    receivers: Vec<Receiver<Batch>>,
    next: usize,
}

impl Feed<'_> {
    /// The next batch.
    ///
    /// # Panics
    ///
    /// If there is none left.
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
