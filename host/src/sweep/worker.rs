//! Training the cells of a sweep in parallel.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;

use super::{CPU, Cell, Folder, Outcome, Sweep, SweepError, Trained, network};
use crate::data::Dataset;
use crate::device::counts::Counts;
use crate::evaluate::evaluate_model;
use crate::evaluate::refusal::{ACCEPT, threshold};
use crate::model::MODEL_KIND;
use crate::model::activity::activity;
use crate::quantize::{QuantizeError, Quantized, export};
use crate::run::{Claim, Observer, RunError};
use crate::train::history::{Epoch, History};
use crate::train::{TrainError, validation_images};

#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The training that ended just now.
    pub ended: Option<(&'a Cell, &'a Outcome)>,
    /// Trainings that have ended, in this session or before.
    pub finished: usize,
    /// Training done in this session, in units of [`Cell::cost`].
    pub worked: f64,
    /// Maximum training left, in the same units.
    pub remaining: f64,
}

/// Cells by their state at the end of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionSummary {
    /// Trained in this session.
    pub finished: usize,
    /// Trained before.
    pub before: usize,
    /// Failed, in this session or before.
    pub failed: usize,
    /// Being trained by another process.
    pub elsewhere: usize,
    /// Left because the session was stopped.
    pub left: usize,
}

/// Counts what is done and what is left.
struct Account {
    summary: SessionSummary,
    worked: f64,
    remaining: f64,
}

impl Account {
    fn progress<'a>(&self, ended: Option<(&'a Cell, &'a Outcome)>) -> Progress<'a> {
        let SessionSummary { finished, before, failed, .. } = self.summary;
        let finished = finished + before + failed;
        Progress { ended, finished, worked: self.worked, remaining: self.remaining.max(0.0) }
    }
}

enum Event {
    /// An epoch of this cost was trained.
    Trained(f64),
    /// A cell ended with this cost of untrained epochs; `None` if another process trains it.
    Ended(Box<Cell>, f64, Option<Outcome>),
    Error(Box<SweepError>),
}

impl Folder {
    /// Trains all unfinished cells, `jobs` of them in parallel. `stop` is polled after every epoch of
    /// every training; finished epochs are kept.
    ///
    /// The first error of any cell stops the other trainings after their current epoch. A training
    /// that diverges is an outcome, not an error.
    pub fn train(
        &self,
        cells: &[Cell],
        sweep: &Sweep,
        data: &Dataset,
        jobs: usize,
        stop: &(impl Fn() -> bool + Sync),
        mut progress: impl FnMut(Progress<'_>),
    ) -> Result<SessionSummary, SweepError> {
        let (mut queue, mut summary) = (VecDeque::new(), SessionSummary::default());
        for cell in cells {
            match self.outcome(cell)? {
                None => queue.push_back(cell.clone()),
                Some(Outcome::Trained(_)) => summary.before += 1,
                Some(Outcome::Failed(_)) => summary.failed += 1,
            }
        }
        summary.left = queue.len();
        let remaining = queue.iter().map(Cell::cost).sum();
        let mut account = Account { summary, worked: 0.0, remaining };
        let (queue, failed) = (Mutex::new(queue), AtomicBool::new(false));
        let stop = || stop() || failed.load(Ordering::Relaxed);
        let (sender, events) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..jobs {
                let (sender, queue, stop) = (sender.clone(), &queue, &stop);
                scope.spawn(move || {
                    while !stop() {
                        let next = queue.lock().expect("no thread panics with it").pop_front();
                        let Some(cell) = next else { return };
                        let epoch = cell.cost() / cell.config.epochs as f64;
                        let mut watch = Watch { epoch, left: cell.cost(), sender: &sender, stop };
                        let event = match self.train_cell(&cell, sweep, data, &mut watch) {
                            Ok(None) => continue,
                            Ok(outcome) => Event::Ended(Box::new(cell), watch.left, outcome),
                            Err(SweepError::Run(RunError::Busy(_))) => {
                                Event::Ended(Box::new(cell), watch.left, None)
                            }
                            Err(error) => Event::Error(Box::new(error)),
                        };
                        // A closed channel means that the receiver panicked.
                        let _ = sender.send(event);
                    }
                });
            }
            drop(sender);
            progress(account.progress(None));
            let mut error = None;
            for event in events {
                match event {
                    Event::Trained(cost) => {
                        account.worked += cost;
                        account.remaining -= cost;
                        progress(account.progress(None));
                    }
                    Event::Ended(cell, left, outcome) => {
                        match &outcome {
                            Some(Outcome::Trained(_)) => account.summary.finished += 1,
                            Some(Outcome::Failed(_)) => account.summary.failed += 1,
                            None => account.summary.elsewhere += 1,
                        }
                        account.summary.left -= 1;
                        account.remaining -= left;
                        progress(account.progress(outcome.as_ref().map(|found| (&*cell, found))));
                    }
                    Event::Error(found) => {
                        failed.store(true, Ordering::Relaxed);
                        error = error.or(Some(*found));
                    }
                }
            }
            error.map_or(Ok(account.summary), Err)
        })
    }

    /// Trains and measures a cell; `None` if it was stopped.
    fn train_cell(
        &self,
        cell: &Cell,
        sweep: &Sweep,
        data: &Dataset,
        watch: &mut Watch<'_, impl Fn() -> bool>,
    ) -> Result<Option<Outcome>, SweepError> {
        let run = self.run(cell, &sweep.data)?;
        // Another process may have finished it since the queue was filled.
        if let Some(outcome) = self.outcome(cell)? {
            return Ok(Some(outcome));
        }
        let trained = match run.history()?.end {
            Some(_) => Ok(true),
            None => run.train(data, watch).map(|(state, _)| state.history.end.is_some()),
        };
        let outcome = match trained {
            Ok(true) => Outcome::Trained(self.measure(cell, sweep, data, &run)?),
            Ok(false) => return Ok(None),
            Err(RunError::Train(error @ TrainError::Diverged { .. })) => {
                Outcome::Failed(error.to_string())
            }
            Err(error) => return Err(error.into()),
        };
        run.check_held()?;
        self.finish(cell, &outcome)?;
        Ok(Some(outcome))
    }

    /// Quantizes a trained cell, saves its model and measures it.
    fn measure(
        &self,
        cell: &Cell,
        sweep: &Sweep,
        data: &Dataset,
        run: &Claim,
    ) -> Result<Trained, SweepError> {
        let net = run.weights()?;
        let mut description = network::description(&cell.config, &sweep.data);
        let bits = cell.config.layer_bits()?;
        let (input, scales) = (description.input, cell.config.scales);
        let whole = Quantized::of_trained(&net, &data.train, input, &bits, scales)?;
        let complete = export(&whole, &description, (0, 0))?;
        let model = complete.model().map_err(QuantizeError::from)?;
        let (quantized, _) = whole.without_dead_units(&model, &data.train)?;
        let untested = export(&quantized, &description, (0, 0))?;
        let model = untested.model().map_err(QuantizeError::from)?;
        let test = evaluate_model(&model, &data.test)?;
        let activity = activity(&model, &data.test)?;
        let own = validation_images(&data.train, &cell.config, data.of_first_source());
        description.prominence = threshold(&model, &own, ACCEPT)?;
        let validation = validation_images(&data.train, &cell.config, data.train.len());
        let validation = evaluate_model(&model, &validation)?;
        let blob = export(&quantized, &description, (test.correct as u32, test.images as u32))?;
        run.check_held()?;
        MODEL_KIND.write_own(&self.model(cell), blob.bytes())?;
        let counts = Counts::built_in();
        let fit = counts.fit(CPU).expect("a test checks that there is a fit");
        Ok(Trained {
            widths: cell.widths.clone(),
            bits: network::bits(&cell.config),
            seed: cell.config.seed,
            bytes: blob.bytes().len(),
            validation_accuracy: validation.accuracy,
            test_accuracy: test.accuracy,
            macs: activity.macs(),
            instructions: fit.estimate(&activity),
            nonzero: activity.layers().map(|layer| layer.non_zero).collect(),
            seconds: run.history()?.seconds(),
        })
    }
}

/// Reports the epochs of a cell to the sweep.
struct Watch<'a, S> {
    epoch: f64,
    /// Cost of the epochs not yet trained.
    left: f64,
    sender: &'a Sender<Event>,
    stop: &'a S,
}

impl<S: Fn() -> bool> Observer for Watch<'_, S> {
    fn epoch(&mut self, _epoch: &Epoch, _history: &History) {
        self.left -= self.epoch;
        // A closed channel is no reason to stop.
        let _ = self.sender.send(Event::Trained(self.epoch));
    }

    fn stop(&mut self) -> bool {
        (self.stop)()
    }
}
