//! The folder of a training run.
//!
//! | file | content |
//! |---|---|
//! | `config.toml` | the effective configuration |
//! | `data.toml` | name, digest, size and classes of the data |
//! | `weights.safetensors` | the parameters of the selected epoch |
//! | `history.json` | every epoch, and why training ended |
//! | `quantized.json` | the loss of accuracy by the last quantization of the weights |
//! | `checkpoint.safetensors` | the state to continue from, until training ends |
//! | `report.html` | the report, with its pictures in `report-pictures` |
//!
//! Every file is replaced whole. The checkpoint is written first, and resuming a run writes weights
//! and history from it again, so a process may be killed at any time.

mod data_info;
mod error;
mod lock;
mod observer;
mod tensors;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use inkbit_core::Input;
use serde::{Deserialize, Serialize};

use crate::config::TrainConfig;
use crate::data::Dataset;
use crate::evaluate::quantized::Quantization;
use crate::net::Mlp;
use crate::support::files::{self, FileError};
use crate::support::limit::{self, TEXT};
use crate::train::history::History;
use crate::train::optimizer::Adam;
use crate::train::timings::Timings;
use crate::train::{State, Trainer, check_sizes};
pub use data_info::DataInfo;
pub use error::RunError;
use lock::Lock;
pub use observer::Observer;
use tensors::Decoded;

const CONFIG: &str = "config.toml";
const DATA: &str = "data.toml";
const WEIGHTS: &str = "weights.safetensors";
const HISTORY: &str = "history.json";
const QUANTIZED: &str = "quantized.json";
const CHECKPOINT: &str = "checkpoint.safetensors";
const REPORT: &str = "report.html";

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
        check_sizes(config, data.side, data.train_images)?;
        if !replace {
            Self::check_free(folder)?;
        }
        let run = Self { folder: folder.to_owned(), config: config.clone(), data };
        files::create_folder(folder)?;
        let _lock = Lock::take(folder)?;
        for name in [CONFIG, DATA, WEIGHTS, HISTORY, QUANTIZED, CHECKPOINT, REPORT] {
            remove(&run.path(name))?;
        }
        let text = toml::to_string(&run.data).expect("data is described by numbers and text");
        files::write(&run.path(DATA), text.as_bytes())?;
        files::write(&run.path(CONFIG), config.to_toml().as_bytes())?;
        Ok(run)
    }

    /// Refuses a folder that holds a run.
    pub fn check_free(folder: &Path) -> Result<(), RunError> {
        if !Self::is_at(folder) {
            return Ok(());
        }
        let history = read_history(&folder.join(HISTORY)).unwrap_or_default();
        let (state, advice) = match history.end {
            Some(_) => ("a finished", "quantize it"),
            None => ("an interrupted", "go on with --resume"),
        };
        let (folder, epochs) = (folder.to_owned(), history.epochs.len());
        Err(RunError::Exists { folder, state, epochs, advice })
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
            (None, epochs) if epochs > 0 && !self.path(CHECKPOINT).exists() => {
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
        let config = TrainConfig::from_toml(&path.to_string_lossy(), &text(&path)?)?;
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
        self.path(REPORT)
    }

    /// The shape of the network's inputs.
    pub fn input(&self) -> Input {
        let whole = Input::full(u16::try_from(self.data.side).unwrap_or(u16::MAX));
        self.config.shrunk(self.data.side).unwrap_or(whole)
    }

    /// Refuses to resume with another configuration or other data.
    pub fn check_same(&self, config: &TrainConfig, data: &DataInfo) -> Result<(), RunError> {
        let (run, asked) = (self.config.to_toml(), config.to_toml());
        if let Some((run, asked)) = run.lines().zip(asked.lines()).find(|(a, b)| a != b) {
            return Err(RunError::OtherConfig { run: run.to_owned(), asked: asked.to_owned() });
        }
        if self.data.digest != data.digest {
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

    /// The parameters of the selected epoch so far.
    pub fn weights(&self) -> Result<Mlp, RunError> {
        let path = self.path(WEIGHTS);
        if !path.exists() {
            return Err(RunError::NoWeights(self.folder.clone()));
        }
        let bytes = limit::read(&path, self.tensor_bytes() + TEXT)?;
        Decoded::new(&bytes)
            .and_then(|file| file.network("", &self.widths()))
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
        Ok(self.train_timed(data, observer)?.0)
    }

    /// [`Run::train`], and the time of each part.
    pub fn train_timed(
        &self,
        data: &Dataset,
        observer: &mut dyn Observer,
    ) -> Result<(State, Timings), RunError> {
        let _lock = Lock::take(&self.folder)?;
        self.check_unfinished()?;
        let (images, classes) = (&data.train, data.classes.len());
        let mut trainer = match self.checkpoint()? {
            Some(state) => {
                self.save_results(&state)?;
                Trainer::resume(&self.config, images, classes, state)?
            }
            None => Trainer::new(&self.config, images, classes)?,
        };
        while trainer.state().history.end.is_none() {
            let number = trainer.state().history.epochs.len() + 1;
            let epoch = trainer.epoch(|done, total| observer.batch(number, done, total))?;
            let state = trainer.state();
            self.save_checkpoint(state)?;
            self.save_results(state)?;
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
        Ok(files::write(&self.path(QUANTIZED), json(report).as_bytes())?)
    }

    fn checkpoint(&self) -> Result<Option<State>, RunError> {
        let path = self.path(CHECKPOINT);
        if !path.exists() {
            return Ok(None);
        }
        // The last and the best weights, their mean, and two of the optimizer.
        let bytes = limit::read(&path, 5 * self.tensor_bytes() + MAX_HISTORY)?;
        let state = || -> Result<State, String> {
            let file = Decoded::new(&bytes)?;
            let network = |prefix| file.network(prefix, &self.widths());
            let progress: Progress =
                serde_json::from_str(&file.text).map_err(|error| error.to_string())?;
            let adam = Adam {
                steps: progress.steps,
                mean: network("adam.mean.")?,
                square: network("adam.square.")?,
            };
            let average = (self.config.ema > 0.0).then(|| network("average.")).transpose()?;
            let (last, best, history) = (network("last.")?, network("best.")?, progress.history);
            Ok(State { last, average, best, adam, history })
        };
        state().map(Some).map_err(|message| {
            damaged(&path, format!("{message} (the best epoch so far can still be quantized)"))
        })
    }

    fn save_checkpoint(&self, state: &State) -> Result<(), RunError> {
        let mut networks = vec![
            ("last.", &state.last),
            ("best.", &state.best),
            ("adam.mean.", &state.adam.mean),
            ("adam.square.", &state.adam.square),
        ];
        networks.extend(state.average.iter().map(|average| ("average.", average)));
        let progress = Progress { steps: state.adam.steps, history: state.history.clone() };
        let bytes = tensors::encode(&networks, &json(&progress));
        Ok(files::write(&self.path(CHECKPOINT), &bytes)?)
    }

    /// Saves weights and history, and removes the checkpoint after the end.
    fn save_results(&self, state: &State) -> Result<(), RunError> {
        let best = state.history.best().map_or(0, |best| best.epoch);
        let about = json(&serde_json::json!({ "epoch": best }));
        files::write(&self.path(WEIGHTS), &tensors::encode(&[("", &state.best)], &about))?;
        files::write(&self.path(HISTORY), json(&state.history).as_bytes())?;
        if state.history.end.is_some() {
            remove(&self.path(CHECKPOINT))?;
        }
        Ok(())
    }

    /// The most bytes of a network's tensors with their names: at each output its weights, its bias
    /// and its scale.
    fn tensor_bytes(&self) -> u64 {
        let layers = self.widths();
        let values = layers.windows(2).map(|pair| (pair[0] + 3) as u64 * pair[1] as u64);
        4 * values.sum::<u64>() + TEXT
    }

    fn widths(&self) -> Vec<usize> {
        self.config.widths(self.data.side, self.data.classes.len())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The text of a checkpoint.
#[derive(Serialize, Deserialize)]
struct Progress {
    steps: u64,
    history: History,
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
    RunError::Damaged { path: path.to_owned(), message: message.to_string() }
}

fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(FileError::at("remove", path)(error))
        }
        _ => Ok(()),
    }
}
