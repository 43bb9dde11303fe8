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

use super::{Cell, Outcome, Plan, Sweep, SweepError};
use crate::run::{DataInfo, Run, RunError};
use crate::support::files::{self, FileError};

const PLAN: &str = "sweep.toml";
const BASE: &str = "base.toml";
const DATA: &str = "data.toml";
const CELLS: &str = "cells";
const MODEL: &str = "model.inkbit";
const RESULT: &str = "result.json";

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

    /// The folder, if it holds this sweep already. A sweep that is there may get another plan, so
    /// long as what its cells share, and its shard, are the same.
    ///
    /// # Errors
    ///
    /// [`SweepError::OtherSweep`], [`SweepError::OtherData`], [`SweepError::OtherShard`],
    /// [`SweepError::IsARun`], [`SweepError::File`].
    pub fn find(path: &Path, plan: &Plan, sweep: &Sweep) -> Result<Option<Self>, SweepError> {
        if !path.join(PLAN).exists() {
            let free = Run::check_free(path).map_err(|_| SweepError::IsARun(path.to_owned()));
            return free.map(|()| None);
        }
        let folder = Self(path.to_owned());
        folder.check_same(sweep)?;
        let (found, asked) = (Self::plan(path)?.shard(), plan.shard());
        if found != asked {
            return Err(SweepError::OtherShard { folder: folder.0, found, asked });
        }
        Ok(Some(folder))
    }

    /// Opens a sweep's folder, which is created if need be.
    ///
    /// # Errors
    ///
    /// Those of [`Folder::find`].
    pub fn open(path: &Path, plan: &Plan, sweep: &Sweep) -> Result<Self, SweepError> {
        let found = Self::find(path, plan, sweep)?;
        if found.is_none() {
            let data = toml::to_string(&sweep.data).expect("data is described by numbers and text");
            files::create_folder(&path.join(CELLS))?;
            files::write(&path.join(BASE), sweep.base.to_toml().as_bytes())?;
            files::write(&path.join(DATA), data.as_bytes())?;
        }
        files::write(&path.join(PLAN), plan.to_toml().as_bytes())?;
        Ok(found.unwrap_or_else(|| Self(path.to_owned())))
    }

    /// Data are the same by what is in them, wherever they lie.
    fn check_same(&self, sweep: &Sweep) -> Result<(), SweepError> {
        let folder = || self.0.clone();
        let (found, asked) = (text(&self.0.join(BASE))?, sweep.base.to_toml());
        if let Some((found, asked)) = found.lines().zip(asked.lines()).find(|(a, b)| a != b) {
            let (found, asked) = (found.to_owned(), asked.to_owned());
            return Err(SweepError::OtherSweep { folder: folder(), found, asked });
        }
        let (found, asked) = (data(&self.0)?, &sweep.data);
        if found.digest == asked.digest {
            return Ok(());
        }
        let difference = |data: &DataInfo| {
            let digest: String = data.digest.chars().take(12).collect();
            format!(
                "`{}` ({} and {} images of {} classes, digest {digest})",
                data.name,
                data.train_images,
                data.test_images,
                data.classes.len()
            )
        };
        let (found, asked) = (difference(&found), difference(asked));
        Err(SweepError::OtherData { folder: folder(), found, asked })
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
    /// [`SweepError::Result`], [`SweepError::File`].
    pub fn outcome(&self, cell: &Cell) -> Result<Option<Outcome>, SweepError> {
        let path = self.cell(cell).join(RESULT);
        if !path.exists() {
            return Ok(None);
        }
        let outcome = serde_json::from_slice(&files::read(&path)?).map_err(|e| e.to_string());
        let checked = outcome.and_then(|outcome: Outcome| outcome.check(cell).map(|()| outcome));
        checked.map(Some).map_err(|message| SweepError::Result { path, message })
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

    /// Opens folders that hold the same sweep, or shards of it.
    ///
    /// # Errors
    ///
    /// [`SweepError::NotASweep`], [`SweepError::OtherSweep`], [`SweepError::OtherData`],
    /// [`SweepError::File`].
    pub fn parts(sweep: &Sweep, paths: &[PathBuf]) -> Result<Vec<Self>, SweepError> {
        let part = |path: &PathBuf| {
            Self::plan(path)?;
            let part = Self(path.clone());
            part.check_same(sweep).map(|()| part)
        };
        paths.iter().map(part).collect()
    }

    /// Copies the finished cells of other folders of the same sweep that this one has not.
    ///
    /// # Errors
    ///
    /// [`SweepError::Result`], [`SweepError::File`].
    pub fn merge(&self, sweep: &Sweep, parts: &[Self]) -> Result<Merged, SweepError> {
        let mut merged = Merged::default();
        for other in parts {
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
