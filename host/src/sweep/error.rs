use std::path::PathBuf;

use super::shard::{Shard, ShardError};
use crate::config::ConfigError;
use crate::config::preset::PRESETS;
use crate::device::board::UnknownBoard;
use crate::model::{ImagesError, ModelFileError};
use crate::quantize::QuantizeError;
use crate::run::RunError;
use crate::support::files::FileError;
use crate::support::replace::ReplaceError;
use crate::support::shell;
use crate::support::visible;

/// A sweep that cannot be planned, run or merged.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// Not TOML, or an unknown key, or a value of another type.
    #[error("{file}: {message}")]
    Plan { file: String, message: String },
    #[error("there is no preset \"{}\"; there are {}", visible::line(name),
            PRESETS.map(|p| p.name).join(", "))]
    Preset { name: String },
    /// A value of the plan is out of range.
    #[error("{key} is {}, but must be {expected}", visible::line(found))]
    Space { key: &'static str, found: String, expected: String },
    #[error(
        "none of the {networks} networks fits {budget}: the smallest, {smallest}, has {bytes} \
         bytes{reason}; allow narrower widths, fewer bits or a smaller input, or a larger budget"
    )]
    NothingFits {
        networks: usize,
        budget: String,
        smallest: String,
        bytes: usize,
        /// ` (REASON)` if the board refuses the smallest network.
        reason: String,
    },
    #[error(transparent)]
    Shard(#[from] ShardError),
    /// The folder holds a sweep of another base configuration; `found` and `asked` are lines of it.
    #[error(
        "{} holds another sweep: its configuration has `{found}`, the new one has `{asked}`; \
             give another folder",
        visible::path(folder)
    )]
    OtherSweep { folder: PathBuf, found: String, asked: String },
    #[error(
        "{} holds a sweep over other data: {found}, but these are {asked}; give the sweep's \
             data with --data, or another folder",
        visible::path(folder)
    )]
    OtherData { folder: PathBuf, found: String, asked: String },
    #[error(
        "{} holds shard {found} of its sweep, not {asked}; `inkbit sweep --out {}` \
             continues {found}; give another folder for {asked}, or join shards in a new folder \
             with `inkbit sweep merge`",
        visible::path(folder),
        shell::path(folder)
    )]
    OtherShard { folder: PathBuf, found: Shard, asked: Shard },
    #[error("{} has got another plan from another inkbit since this one began: expected the same \
             plan, so its table was not written here; trainings are kept: give this sweep a folder \
             of its own, or begin it again when the other one has ended", visible::path(.0))]
    OtherPlan(PathBuf),
    #[error("{} holds a training run, not a sweep; give another folder", visible::path(.0))]
    IsARun(PathBuf),
    #[error("{} holds no sweep: it has no sweep.toml; give the folder that `inkbit sweep --out` \
             wrote", visible::path(.0))]
    NotASweep(PathBuf),
    #[error("{}: {message}; remove it and start the sweep again", visible::path(path))]
    Damaged { path: PathBuf, message: String },
    /// A result that no measurement gives, or one of another cell.
    #[error("{}: {message}; delete the file to measure it again", visible::path(path))]
    Result { path: PathBuf, message: String },
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Quantize(#[from] QuantizeError),
    #[error(transparent)]
    Board(#[from] UnknownBoard),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Replace(#[from] ReplaceError),
    #[error(transparent)]
    Model(#[from] ModelFileError),
    #[error(transparent)]
    Images(#[from] ImagesError),
}

impl SweepError {
    /// Whether the arguments are wrong, and not the files.
    pub const fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Plan { .. }
                | Self::Preset { .. }
                | Self::Space { .. }
                | Self::NothingFits { .. }
                | Self::Shard(_)
                | Self::Config(_)
                // Checks of the expanded plan; a training that fails is a result, not an error.
                | Self::Run(RunError::Train(_))
                | Self::Board(_)
        )
    }
}
