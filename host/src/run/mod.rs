//! The folder of a training run.
//!
//! | file | content |
//! |---|---|
//! | `config.toml` | the effective configuration |
//! | `data.toml` | name, digest, size and classes of the data, and where weights come from that were not trained here |
//! | `weights.safetensors` | the parameters of the selected epoch |
//! | `history.json` | every epoch, and why training ended |
//! | `quantized.json` | the loss of accuracy by the last quantization of the weights |
//! | `checkpoint.safetensors` | the state to continue from, until training ends |
//! | `report.html` | the report, with its pictures in `report-pictures` |
//!
//! | `.lock` | nothing: a process locks it for as long as it writes |
//!
//! Every file is replaced whole. The checkpoint is written first, and resuming a run writes weights
//! and history from it again, so a process may be killed at any time.
//!
//! Each of these files has a mark of Inkbit's; one without it is a user's, and neither replaced nor
//! removed. See [`replace`](crate::support::replace).

mod checkpoint;
mod claim;
mod data_info;
mod error;
mod names;
mod observer;
mod tensors;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use inkbit_core::Input;
use serde::{Deserialize, Serialize};

use crate::config::TrainConfig;
use crate::data::Dataset;
use crate::net::Mlp;
use crate::support::files;
use crate::support::limit::{self, TEXT};
use crate::support::lock::Lock;
use crate::support::{shell, visible};
use crate::train::State;
use crate::train::history::History;
pub use claim::Claim;
pub use data_info::{DataInfo, FineTuning, Imported};
pub use error::RunError;
pub(crate) use names::REPORT_KIND;
use names::{CHECKPOINT, CONFIG, DATA, HISTORY, NAMES, REPORT, WEIGHTS};
pub use observer::Observer;
use tensors::Decoded;

/// The most bytes of a history: 60,000 epochs.
const MAX_HISTORY: u64 = 16 << 20;

/// A training run's folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    folder: PathBuf,
    /// The configuration of its training.
    pub config: TrainConfig,
    /// The description of its data.
    pub data: DataInfo,
}

impl Run {
    /// Starts a run in a folder, which is created if need be. `replace` removes an existing run.
    pub fn create(
        folder: &Path,
        config: &TrainConfig,
        data: DataInfo,
        replace: bool,
    ) -> Result<Self, RunError> {
        Claim::create(folder, config, data, replace).map(Claim::release)
    }

    /// The names of the files in a run's folder.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().map(|(name, _)| name)
    }

    /// Whether a path is that of a file of a run, which the run would replace.
    pub fn has(path: &Path) -> bool {
        let path = files::target(path);
        let is = |name: &std::ffi::OsStr| Self::names().any(|own| name.eq_ignore_ascii_case(own));
        path.file_name().is_some_and(is) && Self::is_at(files::folder_of(&path))
    }

    /// Refuses a folder that holds other files under the names of a run's, or, unless `replace`, a
    /// run.
    pub fn check_free(folder: &Path, replace: bool) -> Result<(), RunError> {
        Lock::check(folder)?;
        let mut is_free = true;
        for (name, kind) in NAMES {
            // A run that was killed while it was created has the description of its data alone.
            is_free &= !kind.check_own(&folder.join(name))? || name == DATA;
        }
        if is_free || replace {
            return Ok(());
        }
        let history = read_history(&folder.join(HISTORY)).unwrap_or_default();
        let run = format!("run of {} epochs", history.epochs.len());
        let (held, advice) = match history.end {
            _ if !Self::is_at(folder) => (format!("what is left of a {run}"), "move it away"),
            Some(_) if history.epochs.is_empty() => ("an imported run".to_owned(), "quantize it"),
            Some(_) => (format!("a finished {run}"), "quantize it"),
            None if Self::open(folder).is_ok_and(|run| run.data.imported.is_some()) => {
                return Err(RunError::HalfImported(folder.to_owned()));
            }
            None => (format!("an interrupted {run}"), "go on with --resume"),
        };
        Err(RunError::Exists { folder: folder.to_owned(), held, advice })
    }

    /// Refuses a folder with a run that another command than this began.
    pub fn check_begun_by(folder: &Path, command: &str) -> Result<(), RunError> {
        if Self::is_at(folder) && Self::open(folder)?.data.begun_by.as_deref() != Some(command) {
            let command = command.to_owned();
            return Err(RunError::OtherCommand { folder: folder.to_owned(), command });
        }
        Ok(())
    }

    /// Whether a folder holds a run.
    pub fn is_at(folder: &Path) -> bool {
        folder.join(CONFIG).exists()
    }

    /// Refuses a run that cannot be resumed.
    pub fn check_unfinished(&self) -> Result<(), RunError> {
        let history = self.history()?;
        let folder = || self.folder.clone();
        match (history.end, history.epochs.len()) {
            (Some(_), _) => Err(RunError::Finished(folder())),
            // Training would go on from other weights under the name of the network's file.
            (None, _) if self.data.imported.is_some() => Err(RunError::HalfImported(folder())),
            (None, epochs)
                if (epochs > 0 || self.data.fine_tuning.is_some())
                    && !self.path(CHECKPOINT).exists() =>
            {
                Err(RunError::NoCheckpoint { folder: folder(), epochs })
            }
            _ => Ok(()),
        }
    }

    /// Opens the run of a folder.
    pub fn open(folder: &Path) -> Result<Self, RunError> {
        let path = folder.join(CONFIG);
        if !path.exists() {
            return Err(RunError::NotARun(folder.to_owned()));
        }
        let config = TrainConfig::from_toml(&visible::path(&path), &text(&path)?)?;
        let path = folder.join(DATA);
        let data = DataInfo::from_toml(&text(&path)?).map_err(|error| damaged(&path, error))?;
        Ok(Self { folder: folder.to_owned(), config, data })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether training has ended without a report.
    pub fn lacks_report(&self) -> Result<bool, RunError> {
        Ok(self.history()?.end.is_some() && !self.report().exists())
    }

    /// The path of its report.
    pub fn report(&self) -> PathBuf {
        Self::report_of(&self.folder)
    }

    /// The path of the report of the run in a folder.
    pub fn report_of(folder: &Path) -> PathBuf {
        folder.join(REPORT)
    }

    /// The command that makes this run again.
    pub fn command(&self) -> String {
        let (name, labels) = (&self.data.name, self.data.labels.as_deref());
        let Some(Imported { file, flags, .. }) = &self.data.imported else {
            return self.config.command(name, labels) + &self.data.flags();
        };
        let labels = labels.map(|labels| format!(" --labels {}", shell::word(labels)));
        let (file, name) = (shell::word(file), shell::word(name));
        let labels = labels.unwrap_or_default();
        format!("inkbit import {file}{flags} --data {name}{}{labels}", self.data.flags())
    }

    /// The shape of the network's inputs.
    pub fn input(&self) -> Input {
        let shape = self.data.shape();
        let whole = || shape.whole().unwrap_or(Input::full(u16::MAX));
        self.config.shrunk(&shape).unwrap_or_else(whole)
    }

    /// Refuses to resume with another configuration or other data.
    pub fn check_same(&self, config: &TrainConfig, data: &DataInfo) -> Result<(), RunError> {
        let (run, asked) = (self.config.to_toml(), config.to_toml());
        if let Some((run, asked)) = run.lines().zip(asked.lines()).find(|(a, b)| a != b) {
            return Err(RunError::OtherConfig { run: run.to_owned(), asked: asked.to_owned() });
        }
        if self.data.digest != data.digest || !self.data.shape().is_like(&data.shape()) {
            let short = |digest: &str| digest.chars().take(12).collect();
            return Err(RunError::OtherData {
                run: self.data.name.clone(),
                run_digest: short(&self.data.digest),
                found: data.name.clone(),
                found_digest: short(&data.digest),
            });
        }
        Ok(())
    }

    /// The epochs so far and the parameters of the selected one, both of the same moment although
    /// another process may be training the run.
    pub fn selected(&self) -> Result<(History, Mlp), RunError> {
        let mut tries = 0..100;
        loop {
            let (history, (text, network)) = (self.history()?, self.text_and_weights()?);
            let about: Result<About, _> = serde_json::from_str(&text);
            let epoch = about.map_err(|error| damaged(&self.path(WEIGHTS), error))?.epoch;
            let best = history.best().map_or(0, |best| best.epoch);
            if best == epoch {
                return Ok((history, network));
            }
            // Weights are written a moment before the history.
            if tries.next().is_none() {
                let message = format!(
                    "its weights are of epoch {epoch}, its history selects epoch {best}; go on \
                     with --resume, or train again with --force"
                );
                return Err(damaged(&self.path(WEIGHTS), message));
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The parameters of the selected epoch so far.
    pub fn weights(&self) -> Result<Mlp, RunError> {
        self.text_and_weights().map(|(_, network)| network)
    }

    fn text_and_weights(&self) -> Result<(String, Mlp), RunError> {
        let path = self.path(WEIGHTS);
        if !path.exists() {
            return Err(match self.data.imported {
                Some(_) => RunError::HalfImported(self.folder.clone()),
                None => RunError::NoWeights(self.folder.clone()),
            });
        }
        let bytes = limit::read(&path, self.tensor_bytes() + TEXT)?;
        // Another process may have replaced the run since this was opened. The configuration goes
        // last and comes before the weights.
        match Self::open(&self.folder) {
            Ok(now) if now.config == self.config && now.data.is_same_training(&self.data) => {}
            // A run is there, but cannot be read.
            Err(error) if Self::is_at(&self.folder) => return Err(error),
            _ => return Err(RunError::Replaced(self.folder.clone())),
        }
        Decoded::new(&bytes)
            .and_then(|file| file.network("", &self.widths()).map(|network| (file.text, network)))
            .map_err(|message| damaged(&path, message))
    }

    /// The epochs so far; empty before the first.
    pub fn history(&self) -> Result<History, RunError> {
        read_history(&self.path(HISTORY))
    }

    /// Trains to the end, or until the observer stops it, and saves after every epoch. Continues
    /// from the checkpoint if there is one; the result is the same, bit for bit.
    ///
    /// ```
    /// use inkbit::config::TrainConfig;
    /// use inkbit::data::synthetic;
    /// use inkbit::run::{DataInfo, Run};
    /// let folder = tempfile::tempdir()?;
    /// let data = synthetic::dataset(200, 20, 1);
    /// let config = TrainConfig { hidden: vec![8], epochs: 2, ..TrainConfig::default() };
    /// let run = Run::create(&folder.path().join("run"), &config, DataInfo::new(&data), false)?;
    /// run.train(&data, &mut ())?;
    /// assert_eq!(Run::open(run.folder())?.history()?.epochs.len(), 2);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn train(&self, data: &Dataset, observer: &mut dyn Observer) -> Result<State, RunError> {
        Ok(self.claim()?.train(data, observer)?.0)
    }

    /// Keeps other processes from writing the run, which must be as it was when this was opened.
    pub fn claim(&self) -> Result<Claim, RunError> {
        Claim::of(self)
    }

    fn checkpoint(&self) -> Result<Option<State>, RunError> {
        let path = self.path(CHECKPOINT);
        if !path.exists() {
            return Ok(None);
        }
        // The last and the best weights, their mean, and two of the optimizer.
        let bytes = limit::read(&path, 5 * self.tensor_bytes() + MAX_HISTORY)?;
        let state = checkpoint::decode(&bytes, &self.widths(), self.config.ema > 0.0);
        state.map(Some).map_err(|message| {
            damaged(&path, format!("{message} (the best epoch so far can still be quantized)"))
        })
    }

    /// The most bytes of a network's tensors with their names: at each output its weights, its bias
    /// and its scale.
    fn tensor_bytes(&self) -> u64 {
        let layers = self.widths();
        let values = layers.windows(2).map(|pair| (pair[0] + 3) as u64 * pair[1] as u64);
        4 * values.sum::<u64>() + TEXT
    }

    fn widths(&self) -> Vec<usize> {
        self.config.widths(&self.data.shape(), self.data.classes.len())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The text of the weights.
#[derive(Serialize, Deserialize)]
struct About {
    epoch: usize,
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("numbers and text, and losses are finite")
}

fn read_history(path: &Path) -> Result<History, RunError> {
    if !path.exists() {
        return Ok(History::default());
    }
    serde_json::from_slice(&limit::read(path, MAX_HISTORY)?).map_err(|error| damaged(path, error))
}

fn text(path: &Path) -> Result<String, RunError> {
    String::from_utf8(limit::read(path, TEXT)?).map_err(|error| damaged(path, error))
}

fn damaged(path: &Path, message: impl ToString) -> RunError {
    RunError::Damaged { path: path.to_owned(), message: visible::line(&message.to_string()) }
}
