//! The folder of a sweep.
//!
//! | file | content |
//! |---|---|
//! | `sweep.toml` | the plan, to go on with |
//! | `base.toml`, `data.toml` | what every cell shares: configuration and data |
//! | `cells/ID/` | one training, an ordinary run's folder |
//! | `cells/ID/model.inkbit` | its quantized model |
//! | `cells/ID/result.json` | its measures; written last, so a cell that has it is finished |
//!
//! Every file is replaced whole, and every cell goes on from its last epoch, so that a sweep may be
//! killed at any time.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Cell, Plan, Sweep, SweepError};
use crate::files::{self, FileError};
use crate::run::{DataInfo, Run, RunError};

const PLAN: &str = "sweep.toml";
const BASE: &str = "base.toml";
const DATA: &str = "data.toml";
const CELLS: &str = "cells";
const MODEL: &str = "model.inkbit";
const RESULT: &str = "result.json";

/// What became of a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was trained, quantized and measured.
    Trained(Trained),
    /// Its training cannot come to an end, because it diverged for one.
    Failed(String),
}

/// A trained network of a sweep. Accuracies go from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trained {
    /// Widths of all layers, inputs first.
    pub widths: Vec<usize>,
    /// Width of each layer's weights.
    pub bits: Vec<u8>,
    /// Seed of the training.
    pub seed: u64,
    /// Length of the blob.
    pub bytes: usize,
    /// Accuracy of the blob on the images that were kept apart from the training images. Networks
    /// are chosen by it.
    pub validation_accuracy: f64,
    /// Accuracy of the blob on the test images.
    pub test_accuracy: f64,
    /// Mean share of each layer's inputs that are not zero, over the test images.
    pub nonzero: Vec<f64>,
    /// Mean multiplications of non-zero inputs for a test image.
    pub macs: f64,
    /// Instructions for a test image; of a [`CPU`](super::CPU), estimated; see [`Fit`](crate::device::cost::Fit).
    pub instructions: f64,
    /// Wall time of the training.
    pub seconds: f32,
}

/// A sweep's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(PathBuf);

/// What a merge has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Finished cells that were copied.
    pub copied: usize,
    /// Finished cells that were there already.
    pub there: usize,
}

impl Folder {
    /// The plan of a folder that holds a sweep.
    ///
    /// # Errors
    ///
    /// [`SweepError::NotASweep`], [`SweepError::Plan`], [`SweepError::File`].
    pub fn plan(path: &Path) -> Result<Plan, SweepError> {
        let file = path.join(PLAN);
        if !file.exists() {
            return Err(SweepError::NotASweep(path.to_owned()));
        }
        Plan::from_toml(&file.display().to_string(), &text(&file)?)
    }

    /// The name of a folder's data, to load them again.
    ///
    /// # Errors
    ///
    /// [`SweepError::Damaged`], [`SweepError::File`].
    pub fn data_name(path: &Path) -> Result<String, SweepError> {
        Ok(data(path)?.name)
    }

    /// Opens a sweep's folder, which is created if need be. A sweep that is there may get another
    /// plan, so long as what its cells share is the same.
    ///
    /// # Errors
    ///
    /// [`SweepError::OtherSweep`], [`SweepError::File`].
    pub fn open(path: &Path, plan: &Plan, sweep: &Sweep) -> Result<Self, SweepError> {
        let folder = Self(path.to_owned());
        let (base, info) = shared(sweep);
        if path.join(PLAN).exists() {
            folder.check_same(&base, &info)?;
        } else {
            files::create_folder(&path.join(CELLS))?;
            files::write(&path.join(BASE), base.as_bytes())?;
            files::write(&path.join(DATA), info.as_bytes())?;
        }
        files::write(&path.join(PLAN), plan.to_toml().as_bytes())?;
        Ok(folder)
    }

    fn check_same(&self, base: &str, info: &str) -> Result<(), SweepError> {
        for (name, asked) in [(BASE, base), (DATA, info)] {
            let found = text(&self.0.join(name))?;
            if let Some((found, asked)) =
                found.lines().zip(asked.lines()).find(|(found, asked)| found != asked)
            {
                let folder = self.0.clone();
                let (found, asked) = (found.to_owned(), asked.to_owned());
                return Err(SweepError::OtherSweep { folder, found, asked });
            }
        }
        Ok(())
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where a cell is trained.
    #[must_use]
    pub fn cell(&self, cell: &Cell) -> PathBuf {
        self.0.join(CELLS).join(&cell.id)
    }

    /// A cell's model, if the cell was trained.
    #[must_use]
    pub fn model(&self, cell: &Cell) -> PathBuf {
        self.cell(cell).join(MODEL)
    }

    /// What became of a cell, if it is finished.
    ///
    /// # Errors
    ///
    /// [`SweepError::Damaged`], [`SweepError::File`].
    pub fn outcome(&self, cell: &Cell) -> Result<Option<Outcome>, SweepError> {
        let path = self.cell(cell).join(RESULT);
        if !path.exists() {
            return Ok(None);
        }
        let outcome = serde_json::from_slice(&files::read(&path)?);
        outcome.map(Some).map_err(|error| damaged(&path, error))
    }

    /// Finishes a cell.
    pub(super) fn finish(&self, cell: &Cell, outcome: &Outcome) -> Result<(), SweepError> {
        let text = serde_json::to_string_pretty(outcome).expect("measures are finite");
        Ok(files::write(&self.cell(cell).join(RESULT), text.as_bytes())?)
    }

    /// The run of a cell, as far as it is trained.
    pub(super) fn run(&self, cell: &Cell, data: &DataInfo) -> Result<Run, RunError> {
        let path = self.cell(cell);
        match Run::open(&path) {
            Err(RunError::NotARun(_)) => Run::create(&path, &cell.config, data.clone(), false),
            Err(error) => Err(error),
            Ok(run) => {
                run.check_same(&cell.config, data)?;
                Ok(run)
            }
        }
    }

    /// Copies the finished cells of other folders of the same sweep that this one has not.
    ///
    /// # Errors
    ///
    /// [`SweepError::OtherSweep`] before anything is copied, [`SweepError::NotASweep`],
    /// [`SweepError::File`].
    pub fn merge(&self, sweep: &Sweep, others: &[PathBuf]) -> Result<Merged, SweepError> {
        let (base, info) = shared(sweep);
        for other in others {
            Self::plan(other)?;
            Self(other.clone()).check_same(&base, &info)?;
        }
        let mut merged = Merged::default();
        for other in others {
            let other = Self(other.clone());
            for cell in &sweep.cells {
                if other.outcome(cell)?.is_none() {
                    continue;
                }
                if self.outcome(cell)?.is_some() {
                    merged.there += 1;
                    continue;
                }
                copy(&other.cell(cell), &self.cell(cell))?;
                merged.copied += 1;
            }
        }
        Ok(merged)
    }
}

/// What the cells of a sweep share, as text: the configuration, and the data.
fn shared(sweep: &Sweep) -> (String, String) {
    let data = toml::to_string(&sweep.data).expect("data is described by numbers and text");
    (sweep.base.to_toml(), data)
}

fn data(path: &Path) -> Result<DataInfo, SweepError> {
    let path = path.join(DATA);
    toml::from_str(&text(&path)?).map_err(|error| damaged(&path, error))
}

/// Copies a finished cell's files, the result last.
fn copy(from: &Path, to: &Path) -> Result<(), SweepError> {
    files::create_folder(to)?;
    let read = || FileError::at("read", from);
    for entry in fs::read_dir(from).map_err(read())? {
        let name = entry.map_err(read())?.file_name();
        let hidden = name.to_string_lossy().starts_with('.');
        if !hidden && name != RESULT && from.join(&name).is_file() {
            files::write(&to.join(&name), &files::read(&from.join(&name))?)?;
        }
    }
    Ok(files::write(&to.join(RESULT), &files::read(&from.join(RESULT))?)?)
}

fn text(path: &Path) -> Result<String, SweepError> {
    String::from_utf8(files::read(path)?).map_err(|error| damaged(path, error))
}

fn damaged(path: &Path, message: impl ToString) -> SweepError {
    SweepError::Damaged { path: path.to_owned(), message: message.to_string() }
}
