//! Training the cells of a sweep, several side by side.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::sync::mpsc::{self, Sender};
use std::thread;

use super::{CPU, Cell, Folder, Outcome, Sweep, SweepError, Trained, network};
use crate::data::Dataset;
use crate::device::counts::Counts;
use crate::evaluate::evaluate_model;
use crate::model::activity::activity;
use crate::quantize::{Quantized, export};
use crate::run::{Observer, Run, RunError};
use crate::train::history::{Epoch, History};
use crate::train::{TrainError, validation_images};

/// How far a sweep has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The training that has ended just now, if one has.
    pub ended: Option<(&'a Cell, &'a Outcome)>,
    /// Trainings that have ended, in this session or before.
    pub finished: usize,
    /// What has been trained in this session, in units of [`Cell::cost`].
    pub worked: f64,
    /// What is left at most, likewise.
    pub remaining: f64,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Cells that were trained in this session.
    pub finished: usize,
    /// Cells that were trained before.
    pub before: usize,
    /// Cells whose training failed, in this session or before.
    pub failed: usize,
    /// Cells that another process is training.
    pub elsewhere: usize,
    /// Cells that are left because the session was stopped.
    pub left: usize,
}

/// Counts what is done and what is left.
struct Account {
    summary: Summary,
    worked: f64,
    remaining: f64,
    /// What has been counted of each cell that is being trained.
    counted: HashMap<String, f64>,
}

impl Account {
    fn new(before: Summary, queue: &VecDeque<Cell>) -> Self {
        let remaining = queue.iter().map(Cell::cost).sum();
        let summary = Summary { left: queue.len(), ..before };
        Self { summary, worked: 0.0, remaining, counted: HashMap::new() }
    }

    fn trained(&mut self, id: String, cost: f64) {
        self.worked += cost;
        self.remaining -= cost;
        *self.counted.entry(id).or_default() += cost;
    }

    /// What was not trained in this session, because of an early end for one, is not left.
    fn ended(&mut self, cell: &Cell) {
        self.summary.left -= 1;
        self.remaining -= cell.cost() - self.counted.remove(&cell.id).unwrap_or_default();
    }

    fn progress<'a>(&self, ended: Option<(&'a Cell, &'a Outcome)>) -> Progress<'a> {
        let Summary { finished, before, failed, .. } = self.summary;
        let finished = finished + before + failed;
        Progress { ended, finished, worked: self.worked, remaining: self.remaining.max(0.0) }
    }
}

enum Event {
    Trained(String, f64),
    Ended(Cell, Box<Outcome>),
    Elsewhere(Cell),
    Stopped,
    Error(Box<SweepError>),
}

impl Folder {
    /// Trains all cells that are not finished, `jobs` at a time. `stop` is asked after every epoch
    /// of every training; what is trained by then is kept.
    ///
    /// # Errors
    ///
    /// The first [`SweepError`] of any cell, after the epochs in hand. A training that diverges is
    /// an outcome and no error.
    pub fn train(
        &self,
        cells: &[Cell],
        sweep: &Sweep,
        data: &Dataset,
        jobs: usize,
        stop: &(impl Fn() -> bool + Sync),
        mut progress: impl FnMut(Progress<'_>),
    ) -> Result<Summary, SweepError> {
        let (mut queue, mut before) = (VecDeque::new(), Summary::default());
        for cell in cells {
            match self.outcome(cell)? {
                None => queue.push_back(cell.clone()),
                Some(Outcome::Trained(_)) => before.before += 1,
                Some(Outcome::Failed(_)) => before.failed += 1,
            }
        }
        let mut account = Account::new(before, &queue);
        let (queue, failed) = (Mutex::new(queue), Mutex::new(false));
        let stop = || stop() || *failed.lock().expect("nobody panics with it");
        let (sender, events) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..jobs {
                let (sender, queue, stop) = (sender.clone(), &queue, &stop);
                scope.spawn(move || {
                    while !stop() {
                        let next = queue.lock().expect("nobody panics with it").pop_front();
                        let Some(cell) = next else { return };
                        let watch = Watch { cell: &cell, sender: &sender, stop };
                        let event = self.cell_event(&cell, sweep, data, watch);
                        // The receiver lives as long as the senders.
                        let _ = sender.send(event);
                    }
                });
            }
            drop(sender);
            progress(account.progress(None));
            let mut error = None;
            for event in events {
                match event {
                    Event::Trained(id, cost) => {
                        account.trained(id, cost);
                        progress(account.progress(None));
                    }
                    Event::Ended(cell, outcome) => {
                        match *outcome {
                            Outcome::Trained(_) => account.summary.finished += 1,
                            Outcome::Failed(_) => account.summary.failed += 1,
                        }
                        account.ended(&cell);
                        progress(account.progress(Some((&cell, &outcome))));
                    }
                    Event::Elsewhere(cell) => {
                        account.summary.elsewhere += 1;
                        account.ended(&cell);
                    }
                    Event::Stopped => (),
                    Event::Error(found) => {
                        *failed.lock().expect("nobody panics with it") = true;
                        error = error.or(Some(*found));
                    }
                }
            }
            error.map_or(Ok(account.summary), Err)
        })
    }

    fn cell_event(
        &self,
        cell: &Cell,
        sweep: &Sweep,
        data: &Dataset,
        watch: Watch<'_, impl Fn() -> bool>,
    ) -> Event {
        match self.train_cell(cell, sweep, data, watch) {
            Ok(Some(outcome)) => Event::Ended(cell.clone(), Box::new(outcome)),
            Ok(None) => Event::Stopped,
            Err(SweepError::Run(RunError::Busy(_))) => Event::Elsewhere(cell.clone()),
            Err(error) => Event::Error(Box::new(error)),
        }
    }

    /// What became of a cell; none if it was stopped.
    fn train_cell(
        &self,
        cell: &Cell,
        sweep: &Sweep,
        data: &Dataset,
        mut watch: Watch<'_, impl Fn() -> bool>,
    ) -> Result<Option<Outcome>, SweepError> {
        let run = self.run(cell, &sweep.data)?;
        if run.history()?.end.is_none() {
            match run.train(data, &mut watch) {
                Ok(state) if state.history.end.is_none() => return Ok(None),
                Ok(_) => (),
                Err(RunError::Train(error @ TrainError::Diverged { .. })) => {
                    let outcome = Outcome::Failed(error.to_string());
                    self.finish(cell, &outcome)?;
                    return Ok(Some(outcome));
                }
                Err(error) => return Err(error.into()),
            }
        }
        let outcome = Outcome::Trained(self.measure(cell, sweep, data, &run)?);
        self.finish(cell, &outcome)?;
        Ok(Some(outcome))
    }

    /// Quantizes a trained cell and measures what comes out.
    fn measure(
        &self,
        cell: &Cell,
        sweep: &Sweep,
        data: &Dataset,
        run: &Run,
    ) -> Result<Trained, SweepError> {
        let net = run.weights()?;
        let description = network::description(&cell.config, &sweep.data);
        let bits = cell.config.layer_bits()?;
        let (input, scales) = (description.input, cell.config.scales);
        let whole = Quantized::of_trained(&net, &data.train, input, &bits, scales)?;
        let complete = export(&whole, &description, (0, 0))?;
        let model = complete.model().map_err(format)?;
        let (quantized, _) = whole.without_dead_units(&model, &data.train)?;
        let untested = export(&quantized, &description, (0, 0))?;
        let test = evaluate_model(&untested.model().map_err(format)?, &data.test)?;
        let tested = (test.correct as u32, test.images as u32);
        let blob = export(&quantized, &description, tested)?;
        blob.save(&self.model(cell))?;
        let model = blob.model().map_err(format)?;
        let activity = activity(&model, &data.test)?;
        let counts = Counts::built_in();
        let fit = counts.fit(CPU).expect("the tests look it up");
        let validation = evaluate_model(&model, &validation_images(&data.train, &cell.config))?;
        Ok(Trained {
            widths: cell.widths.clone(),
            bits: network::bits(&cell.config),
            seed: cell.config.seed,
            bytes: blob.bytes().len(),
            validation_accuracy: validation.accuracy,
            test_accuracy: test.accuracy,
            macs: activity.macs(),
            instructions: fit.estimate(&activity),
            nonzero: activity.layers.iter().map(|layer| layer.non_zero).collect(),
            seconds: run.history()?.seconds(),
        })
    }
}

fn format(error: inkbit_core::ModelError) -> SweepError {
    SweepError::Quantize(error.into())
}

/// Looks on a cell's training for the sweep.
struct Watch<'a, S> {
    cell: &'a Cell,
    sender: &'a Sender<Event>,
    stop: &'a S,
}

impl<S: Fn() -> bool> Observer for Watch<'_, S> {
    fn epoch(&mut self, _epoch: &Epoch, _history: &History) {
        let cost = self.cell.cost() / self.cell.config.epochs as f64;
        // Nobody listening is no reason to stop.
        let _ = self.sender.send(Event::Trained(self.cell.id.clone(), cost));
    }

    fn stop(&mut self) -> bool {
        (self.stop)()
    }
}
