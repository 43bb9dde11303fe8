//! The errors of a run's folder.

use std::path::PathBuf;

use super::names::{CHECKPOINT, CONFIG, HISTORY};
use crate::config::ConfigError;
use crate::support::files::FileError;
use crate::support::replace::ReplaceError;
use crate::support::shell;
use crate::support::visible;
use crate::train::TrainError;

/// A run's folder that cannot be read, written, or trained in.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum RunError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{} is not a training run: it has no {CONFIG}; give the folder that `inkbit train \
             --out` wrote", visible::path(.0))]
    NotARun(PathBuf),
    #[error(transparent)]
    Replace(#[from] ReplaceError),
    #[error(
        "{} is a run of another command than {command}; it was not replaced: give another \
             folder with --out, or move it away",
        visible::path(folder)
    )]
    OtherCommand { folder: PathBuf, command: String },
    #[error("another inkbit is at work in {}; wait for it, or give another folder", visible::path(.0))]
    Busy(PathBuf),
    #[error("{} was removed or replaced by another program while inkbit was at work with it; \
             nothing more was saved: start again", visible::path(.0))]
    Replaced(PathBuf),
    #[error("{} has no weights yet: not one epoch was finished; go on with `inkbit train --resume \
             --out {}`", visible::path(.0), shell::path(.0))]
    NoWeights(PathBuf),
    #[error("{} is what an interrupted import has left: import the network again, with --force",
            visible::path(.0))]
    HalfImported(PathBuf),
    #[error("{}: {message}; train again with --force", visible::path(path))]
    Damaged { path: PathBuf, message: String },
    /// `held` is such as "a finished run of 3 epochs".
    #[error(
        "{} holds {held}; {advice}, give another folder, or replace it with --force",
        visible::path(folder)
    )]
    Exists { folder: PathBuf, held: String, advice: &'static str },
    #[error("{} holds a finished run: there is nothing to resume; quantize it, or train anew with \
             --force", visible::path(.0))]
    Finished(PathBuf),
    #[error(
        "{} cannot be resumed: {HISTORY} tells of {epochs} epochs, but {CHECKPOINT}, which it \
             takes to go on, is missing; put it back, quantize the weights of the best epoch so \
             far, or train anew with --force",
        visible::path(folder)
    )]
    NoCheckpoint { folder: PathBuf, epochs: usize },
    /// The first line that differs between the configuration of the run and the given one.
    #[error(
        "cannot resume with another configuration: the run has `{}`, asked for is `{}`; \
         leave that out, or train anew with --force",
        visible::line(run),
        visible::line(asked)
    )]
    OtherConfig { run: String, asked: String },
    /// Names of the data, and the first digits of their digests.
    #[error(
        "the run was trained on the data `{}` (digest {run_digest}), but these are `{}` \
         (digest {found_digest}); give the data of the run with --data, or train anew with --force",
        visible::line(run),
        visible::line(found)
    )]
    OtherData { run: String, run_digest: String, found: String, found_digest: String },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Train(#[from] TrainError),
}
