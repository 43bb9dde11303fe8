//! A run that one process alone may write.

use std::ops::Deref;
use std::path::Path;

use serde::Serialize;

use super::error::RunError;
use super::names::{CHECKPOINT, CONFIG, DATA, HISTORY, NAMES, QUANTIZED, WEIGHTS, own};
use super::{About, DataInfo, Observer, Run, checkpoint, tensors};
use crate::config::TrainConfig;
use crate::data::Dataset;
use crate::evaluate::quantized::Quantization;
use crate::net::Mlp;
use crate::support::files;
use crate::support::lock::Lock;
use crate::support::replace::RUN_LINE;
use crate::train::history::History;
use crate::train::timings::Timings;
use crate::train::{State, Trainer, check_sizes};

/// A run that no other process writes until this is dropped.
#[derive(Debug)]
pub struct Claim {
    run: Run,
    lock: Lock,
}

impl Deref for Claim {
    type Target = Run;

    fn deref(&self) -> &Run {
        &self.run
    }
}

impl Claim {
    /// Starts a run in a folder, which is created if need be. `replace` removes an existing run, for data
    /// that say which command begins it only one of the same command.
    pub fn create(
        folder: &Path,
        config: &TrainConfig,
        data: DataInfo,
        replace: bool,
    ) -> Result<Self, RunError> {
        check_sizes(config, &data.shape(), data.train_images)?;
        files::create_folder(folder)?;
        let lock = lock(folder)?;
        Run::check_free(folder, replace)?;
        if let Some(command) = &data.begun_by {
            Run::check_begun_by(folder, command)?;
        }
        let run = Run { folder: folder.to_owned(), config: config.clone(), data };
        // In this order, what a killed process leaves is a run that can go on, or none.
        for (name, kind) in NAMES.iter().rev().filter(|(name, _)| *name != DATA) {
            kind.remove_own(&run.path(name))?;
        }
        let data = toml::to_string(&run.data).expect("data is described by numbers and text");
        let config = config.to_toml();
        let claim = Self { run, lock };
        claim.write(DATA, [RUN_LINE, &data].concat().as_bytes())?;
        claim.write(CONFIG, [RUN_LINE, &config].concat().as_bytes())?;
        Ok(claim)
    }

    /// Lets the training of a run that was just created begin with this network.
    pub fn begin_with(&self, network: Mlp) -> Result<(), RunError> {
        self.write(CHECKPOINT, &checkpoint::encode(&State::before(&self.config, network)))
    }

    /// Opens the run of a folder if it has this configuration and these data, or else creates it.
    pub fn open_or_create(
        folder: &Path,
        config: &TrainConfig,
        data: &DataInfo,
    ) -> Result<Self, RunError> {
        match Run::open(folder) {
            Err(RunError::NotARun(_)) => match Self::create(folder, config, data.clone(), false) {
                // Another process was faster.
                Err(RunError::Exists { .. }) => {}
                created => return created,
            },
            run => drop(run?),
        }
        let run = Run::open(folder)?;
        run.check_same(config, data)?;
        run.claim()
    }

    pub(super) fn of(run: &Run) -> Result<Self, RunError> {
        let lock = lock(&run.folder)?;
        let run = run.clone();
        if Run::open(&run.folder)? != run {
            return Err(RunError::Replaced(run.folder));
        }
        let has_ended = run.history()?.end.is_some();
        // What is only read may be without a mark, as older ones are.
        let read: &[&str] = if has_ended { &[CONFIG, DATA, HISTORY] } else { &[CONFIG, DATA] };
        for (name, kind) in NAMES.iter().filter(|(name, _)| !read.contains(name)) {
            kind.check_own(&run.path(name))?;
        }
        // Left if the process was killed at the very end.
        let claim = Self { run, lock };
        if has_ended {
            claim.remove(CHECKPOINT)?;
        }
        Ok(claim)
    }

    /// The run, which others may write from now on.
    pub fn release(self) -> Run {
        self.run
    }

    /// [`Run::train`], and the time of each part.
    pub fn train(
        &self,
        data: &Dataset,
        observer: &mut dyn Observer,
    ) -> Result<(State, Timings), RunError> {
        self.check_unfinished()?;
        let (images, classes) = (&data.train, &data.classes);
        let mut trainer = match self.checkpoint()? {
            Some(state) => {
                if !state.history.epochs.is_empty() {
                    self.save_results(&state.history, &state.best)?;
                }
                Trainer::resume(&self.config, images, classes, state)?
            }
            None => Trainer::new(&self.config, images, classes)?,
        };
        while trainer.state().history.end.is_none() {
            let number = trainer.state().history.epochs.len() + 1;
            let epoch = trainer.epoch(|done, total| observer.batch(number, done, total))?;
            let state = trainer.state();
            self.write(CHECKPOINT, &checkpoint::encode(state))?;
            self.save_results(&state.history, &state.best)?;
            observer.epoch(&epoch, &state.history);
            if observer.stop() {
                break;
            }
        }
        let timings = trainer.timings();
        Ok((trainer.into_state(), timings))
    }

    /// Saves the report of a quantization of the weights.
    pub fn save_quantization(&self, report: &Quantization) -> Result<(), RunError> {
        self.write(QUANTIZED, marked(report).as_bytes())
    }

    /// Saves weights and history, and removes the checkpoint after the end.
    pub(crate) fn save_results(&self, history: &History, best: &Mlp) -> Result<(), RunError> {
        let epoch = history.best().map_or(0, |best| best.epoch);
        let about = super::json(&About { epoch });
        self.write(WEIGHTS, &tensors::encode(&[("", best)], &about))?;
        self.write(HISTORY, marked(history).as_bytes())?;
        if history.end.is_some() {
            self.remove(CHECKPOINT)?;
        }
        Ok(())
    }

    /// Refuses to write into a folder that was removed, and may hold another run by now.
    pub fn check_held(&self) -> Result<(), RunError> {
        match self.lock.is_in_place() {
            true => Ok(()),
            false => Err(RunError::Replaced(self.folder.clone())),
        }
    }

    fn write(&self, name: &str, content: &[u8]) -> Result<(), RunError> {
        self.check_held()?;
        Ok(own(name).write_own(&self.path(name), content)?)
    }

    fn remove(&self, name: &str) -> Result<(), RunError> {
        Ok(own(name).remove_own(&self.path(name))?)
    }
}

/// The content of a file with the mark of its kind, which comes first.
fn marked(content: &impl Serialize) -> String {
    #[derive(Serialize)]
    struct Marked<'c, C> {
        written_by: &'static str,
        #[serde(flatten)]
        content: &'c C,
    }
    super::json(&Marked { written_by: "Inkbit for a training run", content })
}

fn lock(folder: &Path) -> Result<Lock, RunError> {
    Lock::try_take(folder)?.ok_or_else(|| RunError::Busy(folder.to_owned()))
}
