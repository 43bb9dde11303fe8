//! Which data a command works on.

use std::path::PathBuf;

use inkbit::data::{Dataset, Source, load};
use inkbit::labels;
use inkbit::run::Run;
use inkbit_core::Model;

use super::UsageError;

/// Flags that choose a data set.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Data")]
pub struct DataArgs {
    /// `mnist`, `synthetic`, or a folder with IDX files to train on and to test on
    #[arg(long, value_name = "NAME|DIR")]
    pub data: Option<String>,

    /// Folder with the MNIST files; otherwise $INKBIT_DATA, the cache folder, a download
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Text file with the names of the classes, one a line, to show instead of their numbers
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,

    /// Where to download MNIST from, instead of the built-in mirrors
    #[arg(long, value_name = "URL")]
    pub mirror: Option<String>,
}

impl DataArgs {
    /// Loads the data that the flags name, MNIST by default.
    pub fn load(&self) -> anyhow::Result<Dataset> {
        self.load_or("mnist")
    }

    /// Loads the data that the flags name, MNIST by default, with the labels of a model unless the
    /// flags give others.
    pub fn load_for_model(&self, model: &Model<'_>) -> anyhow::Result<Dataset> {
        let labels = (0..model.classes()).map(|class| model.label(class).to_owned()).collect();
        Ok(self.labelled(self.load()?, labels))
    }

    /// Loads the data that the flags name, or else those of a run.
    pub fn load_for(&self, run: &Run) -> anyhow::Result<Dataset> {
        Ok(self.labelled(self.load_or(&run.data.name)?, run.data.classes.clone()))
    }

    /// Loads the data that a run was trained on.
    pub fn of_run(&self, run: &Run) -> anyhow::Result<Dataset> {
        let data = self.load_for(run)?;
        run.check_same(&run.config, &inkbit::run::DataInfo::new(&data))?;
        Ok(data)
    }

    fn load_or(&self, default: &str) -> anyhow::Result<Dataset> {
        let name = self.data.as_deref().unwrap_or(default);
        let source = Source::new(name, self.data_dir.clone(), self.mirror.clone());
        if let Some(path) = &self.labels {
            // A file that is no use is found before anything is loaded.
            labels::read(path)?;
        }
        let mut data = load(&source).map_err(|error| -> anyhow::Error {
            if error.is_usage() { UsageError(error.to_string()).into() } else { error.into() }
        })?;
        if let Some(path) = &self.labels {
            labels::apply(path, &mut data)?;
        }
        Ok(data)
    }

    /// The data with these labels, where the flags have named no others and there are as many.
    fn labelled(&self, mut data: Dataset, labels: Vec<String>) -> Dataset {
        if self.labels.is_none() && labels.len() == data.classes.len() {
            data.classes = labels;
        }
        data
    }
}
