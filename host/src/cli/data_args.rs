//! Flags that choose the data of a command.

use std::path::PathBuf;

use inkbit_core::Model;

use super::wrong_use;
use crate::data::{DataError, Dataset, labels, load};
use crate::run::Run;
use crate::support::visible;

/// Flags that choose a data set.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Data")]
pub struct DataArgs {
    /// `mnist`, `synthetic`, `strangers`, a mixture such as `mnist+synthetic:0.2`, or a folder or
    /// ZIP with IDX files to train on and to test on
    #[arg(long, value_name = "NAME|PATH")]
    pub data: Option<String>,

    /// Folder with the MNIST files; otherwise $INKBIT_DATA, the cache folder, a download
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Text file with the labels of the classes, one per line, shown instead of their numbers; a ZIP may
    /// have one, labels.txt
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,

    /// Where to download MNIST from, instead of the built-in mirrors
    #[arg(long, value_name = "URL")]
    pub mirror: Option<String>,
}

impl DataArgs {
    /// The value of `--labels` as runs and models record it for a command to train them again.
    pub fn labels_name(&self) -> Option<String> {
        let path = self.labels.as_ref()?;
        let name = path.to_str().filter(|name| !name.contains(visible::is_hidden));
        if name.is_none() {
            super::complain(&format!(
                "note: the name of {} is not UTF-8, or has invisible characters, and is not recorded: a \
                 command that trains this again lacks --labels",
                visible::path(path)
            ));
        }
        name.map(str::to_owned)
    }

    /// Loads the data that the flags name, MNIST by default.
    pub fn load(&self) -> anyhow::Result<Dataset> {
        if let Some(path) = &self.labels {
            // An unusable file is found before anything is loaded.
            labels::read(path)?;
        }
        let mut data = self.load_or("mnist")?;
        let whose = format!("the data {} have", visible::line(&data.name));
        data.classes = self.labels_or(data.classes, &whose)?;
        Ok(data)
    }

    /// Whether loading failed because MNIST, which nobody named, was neither found nor downloaded.
    pub fn is_without_mnist(&self, error: &anyhow::Error) -> bool {
        self.data.is_none() && error.downcast_ref().is_some_and(DataError::is_unavailable)
    }

    /// Loads the data that the flags name, MNIST by default, with the labels of the flags, else
    /// those of the model.
    pub fn load_for_model(&self, model: &Model<'_>) -> anyhow::Result<Dataset> {
        let classes = self.labels_or(labels::of_model(model), "the model has")?;
        Ok(Dataset { classes, ..self.load_or("mnist")? })
    }

    /// Loads the data that the flags name, else those of the run, with the labels of the flags,
    /// else those of the run.
    pub fn load_for(&self, run: &Run) -> anyhow::Result<Dataset> {
        let classes = self.labels_or(run.data.classes.clone(), "the run has")?;
        let data = self.load_or(&run.data.name).map_err(|error| {
            match error.downcast_ref::<DataError>() {
                Some(DataError::Unknown { name }) if self.data.is_none() => anyhow::anyhow!(
                    "the data `{}`, which {} names as they were given to `inkbit train`, are not \
                     here: say where they are with --data DIR",
                    visible::line(name),
                    visible::path(&run.folder().join("data.toml"))
                ),
                _ => error,
            }
        })?;
        Ok(Dataset { classes, ..data })
    }

    /// Loads the data that a run was trained on.
    pub fn of_run(&self, run: &Run) -> anyhow::Result<Dataset> {
        let data = self.load_for(run)?;
        run.check_same(&run.config, &crate::run::DataInfo::new(&data))?;
        Ok(data)
    }

    fn load_or(&self, default: &str) -> anyhow::Result<Dataset> {
        let name = self.data.as_deref().unwrap_or(default);
        load(name, self.data_dir.as_deref(), self.mirror.as_deref())
            .map_err(|error| if error.is_usage() { wrong_use(error) } else { error.into() })
    }

    /// The labels of the flags, which must be as many as these, or else these.
    fn labels_or(&self, labels: Vec<String>, whose: &str) -> anyhow::Result<Vec<String>> {
        match &self.labels {
            Some(path) => Ok(labels::read_for(path, labels.len(), whose)?),
            None => Ok(labels),
        }
    }
}

/// A note if the model was trained on other data than these, where its accuracy may mean little.
pub fn other_data(name: &str, model: &Model<'_>, data: &Dataset) -> Option<String> {
    let is_other = model.header().provenance.digest != data.digest();
    let [name, data] = [name, &data.name].map(visible::line);
    is_other.then(|| format!("note: {name} was trained on other data than {data}"))
}
