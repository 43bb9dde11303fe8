//! Flags that choose the data of a command.

use std::path::PathBuf;

use inkbit_core::{MAX_SIDE, Model};

use super::{progress, recorded, wrong_use};
use crate::config::preset;
use crate::data::source::{Loaded, Reading, Request};
use crate::data::{DataError, Dataset, Shape, labels, load_as};
use crate::model;
use crate::run::Run;
use crate::support::visible;

/// Flags that say how data are read.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Data")]
pub struct ReadArgs {
    /// The column of labels in a CSV; otherwise one called label, class, target, y or digit, or the
    /// first
    #[arg(long, value_name = "NAME")]
    label: Option<String>,

    /// Take pictures as they are, all of one size; otherwise the digit on each is found and
    /// laid out as by `predict --one`
    #[arg(long)]
    as_is: bool,

    /// Width and height in pixels of the images that a table's rows hold, or that pictures are turned
    /// into [default: squares; 28x28 for pictures]
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: Option<[u16; 2]>,

    /// Take rows of numbers as features, even if they could be images: what a sensor gives, not pixels
    #[arg(long, conflicts_with = "size")]
    features: bool,

    /// Scale all features alike, as for values of one unit; otherwise each by its own least and
    /// greatest value
    #[arg(long)]
    one_range: bool,

    /// Multiply features by this and round them, where they are no whole numbers of 16 bits
    #[arg(long, value_name = "FACTOR", value_parser = factor)]
    factor: Option<f64>,

    /// Fraction of each class to test on where the data have no such part, above 0 to 1
    /// [default: 0.2]
    #[arg(long, value_name = "FRACTION", value_parser = fraction)]
    split: Option<f64>,

    /// Swap rows and columns, for digits that lie on their side
    #[arg(long)]
    transpose: bool,

    /// Invert the pixels, for images that are dark on light
    #[arg(long)]
    invert: bool,

    /// The greatest value that a pixel can have, which becomes 255
    #[arg(long, value_name = "VALUE", value_parser = factor)]
    max_value: Option<f64>,
}

fn fraction(text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value| (0.0001..=1.0).contains(value));
    value.ok_or_else(|| "expected a number from 0.0001 to 1".to_owned())
}

fn size(text: &str) -> Result<[u16; 2], String> {
    let parse = |side: &str| side.parse().ok().filter(|side| (1..=MAX_SIDE).contains(side));
    let (width, height) = text.split_once(['x', '×']).unwrap_or_default();
    let size = parse(width).zip(parse(height)).map(|(width, height)| [width, height]);
    size.ok_or_else(|| format!("expected such as 32x24, at most {MAX_SIDE}x{MAX_SIDE}"))
}

/// A factor or greatest value, above 0.
pub fn factor(text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value: &f64| value.is_finite() && *value > 0.0);
    value.ok_or_else(|| "expected a number above 0".to_owned())
}

impl ReadArgs {
    /// How they are read.
    pub fn reading(&self) -> Reading {
        let Self { label, as_is, size, features, one_range, factor, split, transpose, .. } =
            self.clone();
        let Self { invert, max_value, .. } = *self;
        Reading {
            label,
            as_is,
            split,
            size,
            features,
            one_range,
            factor,
            transpose,
            invert,
            max_value,
        }
    }
}

/// Flags that choose a data set.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Data")]
pub struct DataArgs {
    /// `mnist`, `synthetic`, `strangers`, or a path: a folder of pictures for each class, a CSV, an NPZ,
    /// or a folder or ZIP of these or of IDX files; or a mixture, such as `mnist+synthetic:0.2`
    #[arg(long, value_name = "NAME|PATH")]
    pub data: Option<String>,

    /// Folder with the MNIST files; otherwise $INKBIT_DATA, the cache folder, a download
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Text file with the labels of the classes, one per line, shown instead of their numbers; IDX files
    /// may have one beside them, labels.txt
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,

    /// Where to download MNIST from, instead of the built-in mirrors
    #[arg(long, value_name = "URL")]
    pub mirror: Option<String>,

    #[command(flatten)]
    pub read: ReadArgs,
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

    /// With this value of `--data` where none is given.
    pub fn or(&self, data: &str) -> Self {
        Self { data: self.data.clone().or_else(|| Some(data.to_owned())), ..self.clone() }
    }

    /// With this value of `--data`.
    pub fn named(&self, data: &str) -> Self {
        Self { data: Some(data.to_owned()), ..self.clone() }
    }

    /// Loads the data that the flags name, MNIST by default, as a request says.
    pub fn load_as(&self, request: Request<'_>) -> anyhow::Result<Dataset> {
        let Loaded { data, notes, .. } = self.load_or("mnist", request)?;
        complain(&notes);
        Ok(data)
    }

    /// Loads the data that the flags name, MNIST by default.
    pub fn load(&self) -> anyhow::Result<Dataset> {
        self.load_by(&self.read.reading())
    }

    /// The same, read in this way.
    pub fn load_by(&self, reading: &Reading) -> anyhow::Result<Dataset> {
        if let Some(path) = &self.labels {
            // An unusable file is found before anything is loaded.
            labels::read(path)?;
        }
        let Loaded { mut data, notes, .. } = self.loaded_by(reading.clone())?;
        complain(&notes);
        let whose = format!("the data {} have", visible::line(&data.name));
        data.classes = self.labels_or(data.classes, &whose)?;
        Ok(data)
    }

    /// The same without the labels of the flags; notes are not printed.
    pub fn loaded(&self) -> anyhow::Result<Loaded> {
        self.loaded_by(self.read.reading())
    }

    fn loaded_by(&self, reading: Reading) -> anyhow::Result<Loaded> {
        self.load_or("mnist", Request { reading, ..Request::default() })
    }

    /// How the data of a training are read: as the flags say, else as those of the run that it resumes.
    pub fn reading(&self, earlier: Option<&Run>) -> Reading {
        let reading = self.read.reading();
        match earlier {
            Some(run) if reading.is_default() => run.data.reading.clone(),
            _ => reading,
        }
    }

    /// Whether loading failed because MNIST, which nobody named, was neither found nor downloaded.
    pub fn is_without_mnist(&self, error: &anyhow::Error) -> bool {
        self.data.is_none() && error.downcast_ref().is_some_and(DataError::is_unavailable)
    }

    /// Loads the data that the flags name, MNIST by default, with the labels of the flags, else
    /// those of the model.
    pub fn load_for_model(&self, model: &Model<'_>) -> anyhow::Result<Dataset> {
        self.read_for_model(model, self.read.reading())
    }

    /// The same, read in this way.
    pub fn read_for_model(
        &self,
        model: &Model<'_>,
        mut reading: Reading,
    ) -> anyhow::Result<Dataset> {
        let classes = self.labels_or(labels::of_model(model), "the model has")?;
        let shape = Shape::of_model(model);
        if shape.is_features() && self.data.is_none() {
            return Err(super::usage(format!(
                "the model takes {shape}, and MNIST has none: name its data with --data"
            )));
        }
        // Raw values mean to a model what they meant when it was trained.
        let trained = recorded::command(model::origin(model).command);
        if let (true, None, Some((_, _, known))) = (shape.is_features(), reading.factor, trained) {
            reading.factor = known.factor;
        }
        let request = Request {
            reading,
            shape: Some(shape),
            layout: model::layout(model),
            classes: Some(labels::of_model(model)),
            ..Request::default()
        };
        let Loaded { data, notes, .. } = self.load_or("mnist", request)?;
        complain(&notes);
        // Images of classes that the model lacks are refused by their numbers.
        Ok(Dataset { classes, ..data })
    }

    /// Loads the data that the flags name, else those of the run, with the labels of the flags,
    /// else those of the run.
    pub fn load_for(&self, run: &Run) -> anyhow::Result<Dataset> {
        match self.data {
            None => self.read_for(run, self.reading(Some(run)), None),
            Some(_) => self.read_for(run, self.read.reading(), Some(run.data.classes.clone())),
        }
    }

    /// Loads the data that a run was trained on.
    pub fn of_run(&self, run: &Run) -> anyhow::Result<Dataset> {
        let data = self.read_for(run, self.reading(Some(run)), None)?;
        run.check_same(&run.config, &crate::run::DataInfo::new(&data))?;
        Ok(data)
    }

    fn read_for(
        &self,
        run: &Run,
        reading: Reading,
        known: Option<Vec<String>>,
    ) -> anyhow::Result<Dataset> {
        let classes = self.labels_or(run.data.classes.clone(), "the run has")?;
        let (shape, layout) = (Some(run.data.shape()), run.data.layout());
        let request = Request { reading, shape, layout, classes: known, ..Request::default() };
        let loaded = self.load_or(&run.data.name, request).map_err(|error| {
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
        complain(&loaded.notes);
        Ok(Dataset { classes, ..loaded.data })
    }

    /// Loads data, with a bar on a terminal where pictures take long to read.
    fn load_or(&self, default: &str, request: Request<'_>) -> anyhow::Result<Loaded> {
        let name = self.data.as_deref().unwrap_or(default);
        progress::later("reading pictures", |progress| {
            let request = Request { progress, ..request };
            load_as(name, self.data_dir.as_deref(), self.mirror.as_deref(), &request)
        })
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

fn complain(notes: &[String]) {
    if !super::quiet() {
        notes.iter().for_each(|note| super::complain(&format!("note: {note}")));
    }
}

/// A note if the model was trained on other data than these, where its accuracy may mean little.
pub fn other_data(name: &str, model: &Model<'_>, data: &Dataset) -> Option<String> {
    let of_data = data.digest();
    let of_model = model::origin(model).digest;
    let is_other = of_model != of_data && !preset::is_mixture_of(&of_model, &of_data);
    let [name, data] = [name, &data.name].map(visible::line);
    is_other.then(|| format!("note: {name} was trained on other data than {data}"))
}
