//! The folder of a sweep.
//!
//! | file | content |
//! |---|---|
//! | `sweep.toml` | the plan, for the next session |
//! | `base.toml`, `data.toml` | what all cells share: configuration and data |
//! | `cells/ID/` | the run of one cell |
//! | `cells/ID/model.inkbit` | its quantized model |
//! | `cells/ID/result.json` | its outcome; written last, so it marks a finished cell |
//! | `table.json`, `sweep.svg` | the results of all finished cells |
//!
//! Every file is written atomically, and every cell continues from its last epoch, so a sweep can be
//! killed at any time.

use std::path::{Path, PathBuf};

use inkbit_core::Provenance;

use super::{Cell, Outcome, Plan, Sweep, SweepError, Trained};
use crate::model::{Blob, MODEL_KIND, origin};
use crate::net::Mlp;
use crate::run::{Claim, DataInfo, Run, RunError};
use crate::support::files;
use crate::support::limit::{self, TEXT};
use crate::support::lock::Lock;
use crate::support::replace::{Kind, ReplaceError, SWEEP_LINE, check_own_folder, refuse_link};
use crate::support::visible;
use crate::train::history::History;

const PLAN: &str = "sweep.toml";
const BASE: &str = "base.toml";
const DATA: &str = "data.toml";
const CELLS: &str = "cells";
const MODEL: &str = "model.inkbit";
const RESULT: &str = "result.json";
pub const TABLE: &str = "table.json";
pub const CHART: &str = "sweep.svg";
/// The first line of the picture.
pub const CHART_LINE: &str = "<!-- Written by Inkbit for a sweep. -->\n";

const NAMES: [(&str, Kind); 5] = [
    (PLAN, Kind::beginning("the plan of an Inkbit sweep", &[SWEEP_LINE.as_bytes()])),
    (BASE, Kind::beginning("the configuration of an Inkbit sweep", &[SWEEP_LINE.as_bytes()])),
    (DATA, Kind::beginning("the data of an Inkbit sweep", &[SWEEP_LINE.as_bytes()])),
    (
        TABLE,
        Kind::beginning(
            "the table of an Inkbit sweep",
            &[b"{\n  \"written_by\": \"Inkbit for a sweep\","],
        ),
    ),
    (CHART, Kind::beginning("the picture of an Inkbit sweep", &[CHART_LINE.as_bytes()])),
];
const RESULT_KIND: Kind = Kind::beginning(
    "the result of an Inkbit sweep",
    &[b"{\n  \"written_by\": \"Inkbit for a sweep\","],
);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(PathBuf);

/// The result of a merge, in finished cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    pub copied: usize,
    /// Cells that the folder had already.
    pub there: usize,
}

impl Folder {
    pub fn plan(path: &Path) -> Result<Plan, SweepError> {
        let file = path.join(PLAN);
        if !file.exists() {
            return Err(SweepError::NotASweep(path.to_owned()));
        }
        Plan::from_toml(&visible::path(&file), &text(&file)?)
    }

    /// Reads what a folder says of its data.
    pub fn data(path: &Path) -> Result<DataInfo, SweepError> {
        data(path)
    }

    /// Finds a sweep in a folder. Its plan may differ; its base configuration, data and shard must be
    /// the same.
    pub fn find(path: &Path, plan: &Plan, sweep: &Sweep) -> Result<Option<Self>, SweepError> {
        if !path.join(PLAN).exists() {
            return match Run::check_free(path, false) {
                Err(RunError::Exists { .. }) => Err(SweepError::IsARun(path.to_owned())),
                _ => Ok(None),
            };
        }
        check_names(path)?;
        let folder = Self(path.to_owned());
        folder.check_same(sweep)?;
        let (found, asked) = (Self::plan(path)?.shard(), plan.shard());
        if found != asked {
            return Err(SweepError::OtherShard { folder: folder.0, found, asked });
        }
        Ok(Some(folder))
    }

    /// Finds or creates a sweep's folder, and saves the plan in it.
    pub fn open(path: &Path, plan: &Plan, sweep: &Sweep) -> Result<Self, SweepError> {
        let folder = Self(path.to_owned());
        // Refused before there is a lock's file in the folder, and decided under the lock.
        Self::find(path, plan, sweep)?;
        folder.check_all_names(sweep)?;
        files::create_folder(&path.join(CELLS))?;
        let _lock = Lock::wait(path)?;
        let found = Self::find(path, plan, sweep)?;
        folder.check_all_names(sweep)?;
        let write = |name: &str, text: &str| folder.write(name, &[SWEEP_LINE, text].concat());
        if found.is_none() {
            let data = toml::to_string(&sweep.data).expect("data are numbers and text");
            write(BASE, &sweep.base.to_toml())?;
            write(DATA, &data)?;
        }
        write(PLAN, &plan.to_toml())?;
        Ok(folder)
    }

    /// Writes a file that belongs to the whole sweep.
    pub fn write(&self, name: &str, text: &str) -> Result<(), SweepError> {
        let (_, kind) = NAMES.into_iter().find(|(known, _)| *known == name).expect("a known name");
        Ok(kind.write_own(&self.0.join(name), text.as_bytes())?)
    }

    /// Locks the folder to write the results of a sweep, which must still be the one that it holds.
    pub fn hold(&self, plan: &Plan, sweep: &Sweep) -> Result<Lock, SweepError> {
        // Before there is a lock's file in a folder of others, and again under the lock.
        self.check_held(plan, sweep)?;
        let lock = Lock::wait(&self.0)?;
        self.check_held(plan, sweep)?;
        Ok(lock)
    }

    fn check_held(&self, plan: &Plan, sweep: &Sweep) -> Result<(), SweepError> {
        if Self::find(&self.0, plan, sweep)?.is_none() {
            return Err(RunError::Replaced(self.0.clone()).into());
        }
        match Self::plan(&self.0)?.to_toml() == plan.to_toml() {
            true => Ok(()),
            false => Err(SweepError::OtherPlan(self.0.clone())),
        }
    }

    /// Refuses other files under the names of a sweep's or of its cells'.
    fn check_all_names(&self, sweep: &Sweep) -> Result<(), SweepError> {
        check_names(&self.0)?;
        Lock::check(&self.0)?;
        for cell in &sweep.cells {
            self.check_own_folders(cell)?;
            match RESULT_KIND.check_own(&self.cell(cell).join(RESULT)) {
                // A finished cell is only read, and older ones have no marks.
                Ok(true) | Err(ReplaceError::Foreign { .. })
                    if matches!(self.outcome(cell), Ok(Some(_))) =>
                {
                    continue;
                }
                checked => drop(checked?),
            }
            Run::check_free(&self.cell(cell), true)?;
            MODEL_KIND.check_own(&self.model(cell))?;
        }
        Ok(())
    }

    /// Refuses a link in place of the folder of all cells or of one.
    fn check_own_folders(&self, cell: &Cell) -> Result<(), ReplaceError> {
        check_own_folder(&self.0.join(CELLS))?;
        check_own_folder(&self.cell(cell))
    }

    /// Checks base configuration and data. Data are compared by content, not by path.
    fn check_same(&self, sweep: &Sweep) -> Result<(), SweepError> {
        let folder = self.0.clone();
        let found = text(&self.0.join(BASE))?;
        let found = found.strip_prefix(SWEEP_LINE).unwrap_or(&found);
        let asked = sweep.base.to_toml();
        if let Some((found, asked)) = found.lines().zip(asked.lines()).find(|(a, b)| a != b) {
            let (found, asked) = (found.to_owned(), asked.to_owned());
            return Err(SweepError::OtherSweep { folder, found, asked });
        }
        let (found, asked) = (data(&self.0)?, &sweep.data);
        // A digest tells nothing of the ranges of features.
        if found.digest == asked.digest && found.shape() == asked.shape() {
            return Ok(());
        }
        let describe = |DataInfo { name, digest, train_images, test_images, classes, .. }: &_| {
            let name = visible::line(name);
            let (classes, digest) = (classes.len(), digest.chars().take(12).collect::<String>());
            format!(
                "`{name}` ({train_images} and {test_images} images of {classes} classes, digest \
                 {digest})"
            )
        };
        let (found, asked) = (describe(&found), describe(asked));
        Err(SweepError::OtherData { folder, found, asked })
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The folder of a cell's run.
    pub fn cell(&self, cell: &Cell) -> PathBuf {
        self.0.join(CELLS).join(&cell.id)
    }

    pub fn model(&self, cell: &Cell) -> PathBuf {
        self.cell(cell).join(MODEL)
    }

    pub fn outcome(&self, cell: &Cell) -> Result<Option<Outcome>, SweepError> {
        let path = self.cell(cell).join(RESULT);
        if !path.exists() {
            return Ok(None);
        }
        let outcome = serde_json::from_slice(&limit::read(&path, TEXT)?)
            .map_err(|error| visible::line(&error.to_string()));
        let checked = outcome.and_then(|outcome: Outcome| outcome.check(cell).map(|()| outcome));
        checked.map(Some).map_err(|message| SweepError::Result { path, message })
    }

    /// Writes the outcome of a cell, which finishes it.
    pub(super) fn finish(&self, cell: &Cell, outcome: &Outcome) -> Result<(), SweepError> {
        let text = serde_json::to_string_pretty(outcome).expect("measures are finite");
        // Why a training failed may be somebody else's words.
        let text = visible::json_lines(&text);
        Ok(RESULT_KIND.write_own(&self.cell(cell).join(RESULT), text.as_bytes())?)
    }

    /// Opens or creates the run of a cell, and keeps other processes from it.
    pub(super) fn run(&self, cell: &Cell, data: &DataInfo) -> Result<Claim, RunError> {
        self.check_own_folders(cell)?;
        Claim::open_or_create(&self.cell(cell), &cell.config, data)
    }

    /// Opens folders that hold the same sweep, or shards of it.
    pub fn parts(sweep: &Sweep, paths: &[PathBuf]) -> Result<Vec<Self>, SweepError> {
        let part = |path: &PathBuf| {
            Self::plan(path)?;
            let part = Self(path.clone());
            part.check_same(sweep)?;
            // Somebody else's folder: by a link in it any file would be copied.
            for cell in &sweep.cells {
                part.check_own_folders(cell)?;
                for name in copied() {
                    refuse_link(&part.cell(cell).join(name), "a file")?;
                }
                // Before anything is written, as everywhere.
                part.finished(cell, sweep)?;
            }
            Ok(part)
        };
        paths.iter().map(part).collect()
    }

    /// Copies finished cells from other folders of the same sweep, unless this folder has them.
    pub fn merge(&self, sweep: &Sweep, parts: &[Self]) -> Result<Merged, SweepError> {
        let mut merged = Merged::default();
        for other in parts {
            for cell in &sweep.cells {
                if other.outcome(cell)?.is_none() {
                    continue;
                }
                match self.copy(cell, other, sweep)? {
                    true => merged.copied += 1,
                    false => merged.there += 1,
                }
            }
        }
        Ok(merged)
    }

    /// Reads a finished cell of somebody else's folder, everything as what it is to be.
    fn finished(&self, cell: &Cell, sweep: &Sweep) -> Result<Option<Finished>, SweepError> {
        let Some(outcome) = self.outcome(cell)? else { return Ok(None) };
        let mut finished = Finished { outcome, network: None, model: None };
        let Outcome::Trained(trained) = &finished.outcome else { return Ok(Some(finished)) };
        let (path, model) = (self.cell(cell), self.model(cell));
        if Run::is_at(&path) {
            let run = Run::open(&path)?;
            if run.check_same(&cell.config, &sweep.data).is_err() {
                return Err(damaged(&path, "it holds a run of another configuration or data"));
            }
            finished.network = Some(run.selected()?);
        }
        if model.is_file() {
            let blob = Blob::load(&model)?;
            let (found, expected) = (blob.bytes().len(), trained.bytes);
            if found != expected {
                let message = format!("it has {found} bytes, its result says {expected}");
                return Err(damaged(&model, message));
            }
            if !is_of(&blob, trained) {
                return Err(damaged(&model, "it is the model of another training"));
            }
            finished.model = Some(blob);
        }
        Ok(Some(finished))
    }

    /// Writes a finished cell of another folder, the result last, unless this folder has it.
    fn copy(&self, cell: &Cell, other: &Self, sweep: &Sweep) -> Result<bool, SweepError> {
        // Before there is a run, and again when nobody else can write it.
        if self.outcome(cell)?.is_some() {
            return Ok(false);
        }
        let Some(finished) = other.finished(cell, sweep)? else { return Ok(false) };
        let claim = self.run(cell, &sweep.data)?;
        if self.outcome(cell)?.is_some() {
            return Ok(false);
        }
        if let Some((history, network)) = &finished.network {
            claim.save_results(history, network)?;
        }
        if let Some(blob) = &finished.model {
            MODEL_KIND.write_own(&self.model(cell), blob.bytes())?;
        }
        self.finish(cell, &finished.outcome)?;
        Ok(true)
    }
}

/// Whether a model is the one that was measured.
fn is_of(blob: &Blob, trained: &Trained) -> bool {
    blob.model().is_ok_and(|model| {
        let Provenance { seed, correct, tested, .. } = origin(&model);
        let accuracy = f64::from(correct) / f64::from(tested);
        seed == trained.seed && (accuracy - trained.test_accuracy).abs() < 1e-9
    })
}

/// What a folder has of a finished cell.
struct Finished {
    outcome: Outcome,
    network: Option<(History, Mlp)>,
    model: Option<Blob>,
}

/// The files of a finished cell that are read to copy it.
fn copied() -> impl Iterator<Item = &'static str> {
    Run::names().chain([MODEL, RESULT])
}

/// Refuses other files under the names of a sweep's.
fn check_names(path: &Path) -> Result<(), SweepError> {
    for (name, kind) in NAMES {
        kind.check_own(&path.join(name))?;
    }
    Ok(())
}

fn data(path: &Path) -> Result<DataInfo, SweepError> {
    let path = path.join(DATA);
    DataInfo::from_toml(&text(&path)?).map_err(|error| damaged(&path, error))
}

fn text(path: &Path) -> Result<String, SweepError> {
    String::from_utf8(limit::read(path, TEXT)?).map_err(|error| damaged(path, error))
}

fn damaged(path: &Path, message: impl ToString) -> SweepError {
    SweepError::Damaged { path: path.to_owned(), message: visible::line(&message.to_string()) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::data::synthetic;

    #[test]
    fn results_are_written_only_where_the_plan_is_still_the_same_and_one_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("sweep");
        let data = synthetic::dataset(200, 20, 1);
        let [one, two] = ["4", "4, 8"].map(|widths| {
            let text = format!("[space]\nwidths = [{widths}]\ndepths = [1]\n");
            let plan = Plan::from_toml("plan", &text).unwrap();
            let sweep = Sweep::new(&plan, &data, &Default::default()).unwrap();
            (plan, sweep)
        });
        let folder = Folder::open(&path, &one.0, &one.1).unwrap();
        let lock = folder.hold(&one.0, &one.1).unwrap();
        assert!(Lock::try_take(&path).unwrap().is_none());
        drop(lock);
        Folder::open(&path, &two.0, &two.1).unwrap();
        let message = folder.hold(&one.0, &one.1).unwrap_err().to_string();
        assert!(message.contains("sweep has got another plan from another inkbit"), "{message}");
        drop(folder.hold(&two.0, &two.1).unwrap());
        fs::write(path.join(TABLE), "a user's").unwrap();
        assert!(matches!(folder.hold(&two.0, &two.1), Err(SweepError::Replace(_))));
        fs::remove_dir_all(&path).unwrap();
        let gone = folder.hold(&two.0, &two.1);
        assert!(matches!(gone, Err(SweepError::Run(RunError::Replaced(_)))));
        assert!(!path.exists());
    }
}
