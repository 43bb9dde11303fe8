//! What can be wrong with a run's folder.

use std::path::PathBuf;

use super::{CHECKPOINT, CONFIG, HISTORY};
use crate::config::ConfigError;
use crate::support::files::FileError;
use crate::support::shell;
use crate::train::TrainError;

/// A folder that is not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The folder has no configuration.
    #[error(
        "{} is not a training run: it has no {CONFIG}; give the folder that `inkbit train --out` \
         wrote", .0.display()
    )]
    NotARun(PathBuf),
    /// Another process writes it.
    #[error(
        "another inkbit is training in {}; wait for it, or give another folder", .0.display()
    )]
    Busy(PathBuf),
    /// No epoch has been finished.
    #[error(
        "{} has no weights yet: not one epoch was finished; go on with `inkbit train --resume \
         --out {}`", .0.display(), shell::path(.0)
    )]
    NoWeights(PathBuf),
    /// A file's content cannot be used.
    #[error("{}: {message}; train again with --force", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// There is a run already.
    #[error(
        "{} holds {state} run of {epochs} epochs; {advice}, give another folder, or replace it \
         with --force", folder.display()
    )]
    Exists {
        /// The folder.
        folder: PathBuf,
        /// "a finished" or "an interrupted".
        state: &'static str,
        /// Epochs that it has.
        epochs: usize,
        /// What else can be done with it.
        advice: &'static str,
    },
    /// There is nothing to go on with.
    #[error(
        "{} holds a finished run: there is nothing to resume; quantize it, or train anew with \
         --force", .0.display()
    )]
    Finished(PathBuf),
    /// The history says that there is something to go on with, but it is gone.
    #[error(
        "{} cannot be resumed: {HISTORY} tells of {epochs} epochs, but {CHECKPOINT}, which it takes to \
         go on, is missing; put it back, quantize the weights of the best epoch so far, or train \
         anew with --force", folder.display()
    )]
    NoCheckpoint {
        /// The folder.
        folder: PathBuf,
        /// Epochs that it has.
        epochs: usize,
    },
    /// Training would go on with another configuration.
    #[error(
        "cannot resume with another configuration: the run has `{run}`, asked for is `{asked}`; \
         leave that out, or train anew with --force"
    )]
    OtherConfig {
        /// Line of the run's configuration.
        run: String,
        /// Line of the configuration asked for.
        asked: String,
    },
    /// The data are not those of the run.
    #[error(
        "the run was trained on the data `{run}` (digest {run_digest}), but these are `{found}` \
         (digest {found_digest}); give the data of the run with --data, or train anew with --force"
    )]
    OtherData {
        /// Name of the run's data.
        run: String,
        /// The first digits of its digest.
        run_digest: String,
        /// Name of the data given.
        found: String,
        /// The first digits of its digest.
        found_digest: String,
    },
    /// The configuration is not legal.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Training cannot start or go on.
    #[error(transparent)]
    Train(#[from] TrainError),
}
