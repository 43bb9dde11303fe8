//! Which data a command works on.

use std::path::PathBuf;

use anyhow::Context;
use inkbit::data::{Dataset, Source, load};

use super::progress;

/// Flags that choose a data set.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Data")]
pub struct DataArgs {
    /// `mnist`, `synthetic`, or a folder with a pair of IDX files each for training and test
    #[arg(long, value_name = "NAME|DIR")]
    pub data: Option<String>,

    /// Folder with the MNIST files; otherwise $INKBIT_DATA, the cache folder, a download
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Where to download MNIST from, instead of the built-in mirrors
    #[arg(long, value_name = "URL")]
    pub mirror: Option<String>,
}
