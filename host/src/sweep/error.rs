//! What can be wrong with a sweep.

use std::path::PathBuf;

use super::shard::{Shard, ShardError};
use crate::config::ConfigError;
use crate::config::preset::PRESETS;
use crate::device::board::UnknownBoard;
use crate::model::{ImagesError, ModelFileError};
use crate::quantize::QuantizeError;
use crate::run::RunError;
use crate::support::files::FileError;

/// A sweep that cannot be planned, run or joined.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The text is not TOML, or a key or a value's type is not known.
    #[error("{source_name}: {message}")]
    Plan {
        /// The file's name.
        source_name: String,
        /// What the parser found and expected.
        message: String,
    },
    /// There is no preset of that name.
    #[error("there is no preset \"{name}\"; there are {}", PRESETS.map(|p| p.name).join(", "))]
    Preset {
        /// What was asked for.
        name: String,
    },
    /// A choice is none.
    #[error("{key} is {found}, but must be {expected}")]
    Space {
        /// The key in TOML.
        key: &'static str,
        /// Its value.
        found: String,
        /// What is legal.
        expected: String,
    },
    /// No network is within the budget.
    #[error(
        "none of the {networks} networks fits {budget}: the smallest, {smallest}, takes {bytes} \
         bytes{why}; allow narrower widths, fewer bits or a smaller input, or a larger budget"
    )]
    NothingFits {
        /// How many there are.
        networks: usize,
        /// The limits in words.
        budget: String,
        /// The smallest network in words.
        smallest: String,
        /// Its blob.
        bytes: usize,
        /// What else keeps it from fitting.
        why: String,
    },
    /// Not K/N.
    #[error(transparent)]
    Shard(#[from] ShardError),
    /// The folder holds a sweep of other trainings.
    #[error(
        "{} holds another sweep: it has `{found}`, asked for is `{asked}`; give another folder",
        folder.display()
    )]
    OtherSweep {
        /// The folder.
        folder: PathBuf,
        /// Line of its configuration.
        found: String,
        /// Line of the configuration asked for.
        asked: String,
    },
    /// The folder holds a sweep over other data.
    #[error(
        "{} holds a sweep over other data: {found}, but these are {asked}; give the sweep's data \
         with --data, or another folder", folder.display()
    )]
    OtherData {
        /// The folder.
        folder: PathBuf,
        /// Its data, with what differs.
        found: String,
        /// The data asked for, likewise.
        asked: String,
    },
    /// The folder is of another machine.
    #[error(
        "{} has shard {found} of its sweep, asked for is {asked}; `inkbit sweep --out {}` goes on \
         with {found}; give another folder for {asked}, or join shards in a new folder with \
         `inkbit sweep merge`", folder.display(), folder.display()
    )]
    OtherShard {
        /// The folder.
        folder: PathBuf,
        /// Its shard.
        found: Shard,
        /// The shard asked for.
        asked: Shard,
    },
    /// The folder holds a training run.
    #[error("{} holds a training run, not a sweep; give another folder", .0.display())]
    IsARun(PathBuf),
    /// The folder holds no sweep.
    #[error(
        "{} holds no sweep: it has no sweep.toml; give the folder that `inkbit sweep --out` wrote",
        .0.display()
    )]
    NotASweep(PathBuf),
    /// A file's content cannot be used.
    #[error("{}: {message}; remove it and start the sweep again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A result cannot be what was measured.
    #[error("{}: {message}; delete the file to measure it again", path.display())]
    Result {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A cell's training.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A configuration is not legal.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A network cannot be quantized.
    #[error(transparent)]
    Quantize(#[from] QuantizeError),
    /// The board.
    #[error(transparent)]
    Board(#[from] UnknownBoard),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A model cannot be read or written.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// The images do not fit.
    #[error(transparent)]
    Evaluate(#[from] ImagesError),
}

impl SweepError {
    /// Whether what was asked for is wrong, and not what is there.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Plan { .. }
                | Self::Preset { .. }
                | Self::Space { .. }
                | Self::NothingFits { .. }
                | Self::Shard(_)
                | Self::Config(_)
                // What a finished plan is checked for; trainings that fail are results.
                | Self::Run(RunError::Train(_))
                | Self::Board(_)
        )
    }
}
