//! Flags that make up a training's configuration.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Context;
use inkbit_core::Input;
use serde::Serialize;

use super::UsageError;
use crate::config::preset::{self, PRESETS};
use crate::config::{ConfigError, TrainConfig};
use crate::data::Images;
use crate::data::augment::{Augment, KINDS, Kind};
use crate::net::Backend;
use crate::quantize::{Granularity, bits};
use crate::support::files::FileError;
use crate::train::{TrainError, check_sizes};

/// Flags that make up a configuration: a layer of it in TOML, of what is given.
#[derive(Clone, Debug, Default, clap::Args, Serialize)]
#[command(next_help_heading = "Configuration", allow_negative_numbers = true)]
pub struct ConfigArgs {
    /// Configuration to start from [default: classic]
    #[arg(long, value_parser = PRESETS.map(|preset| preset.name))]
    #[serde(skip)]
    pub preset: Option<String>,

    /// TOML file with the values that differ from the preset
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// Widths of the hidden layers, or none [classic: 256,128]
    #[arg(long, value_name = "WIDTHS")]
    pub hidden: Option<Hidden>,

    /// Edge of the image that the network gets, such as 28, 14 or 12; 0 for the data's [classic: 0]
    #[arg(long, value_name = "PIXELS", value_parser = count)]
    pub input: Option<usize>,

    /// Normalize hidden layers over each batch [classic: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub batch_norm: Option<bool>,

    /// How weights start [classic: glorot]
    #[arg(long, value_parser = ["glorot", "he"])]
    pub init: Option<String>,

    /// Share of the hidden values that a step drops, from 0 to below 1 [classic: 0.4]
    #[arg(long, value_name = "SHARE")]
    pub dropout: Option<f32>,

    /// Passes over the training images, at most [classic: 20]
    #[arg(long, value_name = "COUNT", value_parser = count)]
    pub epochs: Option<usize>,

    /// Images in a training step [classic: 128]
    #[arg(long, value_name = "COUNT", value_parser = count)]
    pub batch: Option<usize>,

    /// Learning rate; `learning_rate` in a TOML file [classic: 0.001]
    #[arg(long = "lr", value_name = "RATE", value_parser = number)]
    pub learning_rate: Option<f32>,

    /// How the learning rate changes [classic: constant]
    #[arg(long, value_parser = ["constant", "cosine"])]
    pub schedule: Option<String>,

    /// Share of all steps over which the learning rate rises from 0 [classic: 0]
    #[arg(long, value_name = "SHARE")]
    pub warmup: Option<f32>,

    /// What a step takes away of each weight, times the learning rate [classic: 0]
    #[arg(long, value_name = "RATE", value_parser = number)]
    pub weight_decay: Option<f32>,

    /// Share of the target that is spread over all classes [classic: 0]
    #[arg(long, value_name = "SHARE")]
    pub label_smoothing: Option<f32>,

    /// Part of a running mean of the weights that a step keeps; 0 for no mean [classic: 0]
    #[arg(long, value_name = "SHARE")]
    pub ema: Option<f32>,

    /// Greatest norm of all gradients together; 0 for no limit [classic: 0]
    #[arg(long, value_name = "NORM", value_parser = number)]
    pub clip: Option<f32>,

    /// Weight of the hidden activations in the loss: more zeros, fewer instructions [classic: 0]
    #[arg(long, value_name = "WEIGHT", value_parser = number)]
    pub sparsity: Option<f32>,

    /// Bits of a weight: 8, 4 or 2, for all layers or one for each [classic: 8]
    #[arg(long, value_name = "BITS", value_delimiter = ',', value_parser = bits::parse)]
    pub bits: Option<Vec<u8>>,

    /// Whether a hidden layer's weights share a scale or each output has one [classic: output]
    #[arg(long, value_name = "PER")]
    pub scales: Option<Granularity>,

    /// Share of the epochs after which weights and activations are rounded in training (QAT), such
    /// as 0.45; 1 for never [classic: 1]
    #[arg(long, value_name = "SHARE")]
    pub qat_from: Option<f32>,

    /// Start of all random numbers, at most 2^63 - 1 [classic: 1]
    #[arg(long)]
    #[serde(skip)]
    pub seed: Option<u64>,

    /// Epochs without a lower validation loss before training stops; 0 for never [classic: 5]
    #[arg(long, value_name = "COUNT", value_parser = count)]
    pub patience: Option<usize>,

    /// Which epoch's weights are kept [classic: best]
    #[arg(long, value_parser = ["best", "last"])]
    pub keep: Option<String>,

    /// Share of the training images to choose the best epoch by [classic: 0.0833333]
    #[arg(long, value_name = "SHARE")]
    pub validation_split: Option<f64>,

    /// What computes: ndarray, or flex in builds with that cargo feature
    #[arg(long)]
    pub backend: Option<Backend>,

    #[command(flatten)]
    pub adam: AdamArgs,

    #[command(flatten)]
    pub augment: AugmentArgs,
}

/// Widths of hidden layers: numbers with commas, or `none`.
#[derive(Clone, Debug, Serialize)]
pub struct Hidden(Vec<usize>);

impl FromStr for Hidden {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(Vec::new()));
        }
        let width = |part: &str| {
            count(part.trim()).map_err(|error| format!("{error}; or several with commas, or none"))
        };
        text.split(',').map(width).collect::<Result<_, _>>().map(Self)
    }
}

/// Constants of the optimizer.
#[derive(Clone, Debug, Default, clap::Args, Serialize)]
#[command(next_help_heading = "Optimizer")]
pub struct AdamArgs {
    /// Decay of the gradients' mean, from 0 to below 1 [classic: 0.9]
    #[arg(long)]
    pub beta1: Option<f32>,

    /// Decay of the mean of their squares, from 0 to below 1 [classic: 0.999]
    #[arg(long)]
    pub beta2: Option<f32>,

    /// Added to the root of that mean, above 0 [classic: 0.0000001]
    #[arg(long)]
    pub epsilon: Option<f32>,
}

/// How training images are changed.
#[derive(Clone, Debug, Default, clap::Args, Serialize)]
#[command(
    next_help_heading = "Augmentation; several values, with commas, are taken in turn by epochs"
)]
pub struct AugmentArgs {
    /// Change training images anew for every epoch: none, light, strong, centred [classic: none]
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = kind)]
    #[serde(skip)]
    pub augment: Option<Vec<Kind>>,

    /// Greatest rotation in degrees
    #[arg(long, value_name = "DEGREES", value_delimiter = ',')]
    pub rotation: Option<Vec<f32>>,

    /// Greatest change of width and of height, as a part of it
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    pub scale: Option<Vec<f32>>,

    /// Greatest shear, in columns for each row
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub shear: Option<Vec<f32>>,

    /// Greatest shift along either axis
    #[arg(long, value_name = "PIXELS", value_delimiter = ',')]
    pub shift: Option<Vec<f32>>,

    /// Standard deviation of a smooth random displacement
    #[arg(long, value_name = "PIXELS", value_delimiter = ',')]
    pub elastic: Option<Vec<f32>>,

    /// Share of the images that are left as they are
    #[arg(long, value_name = "SHARE", value_delimiter = ',')]
    pub unchanged: Option<Vec<f32>>,

    /// Recentre the changed image as the device does it
    #[arg(long, value_name = "BOOL", value_delimiter = ',', num_args = 0..=1, default_missing_value = "true")]
    pub recentre: Option<Vec<bool>>,
}

/// A count, which TOML must have room for.
fn count(text: &str) -> Result<usize, String> {
    let count = text.parse::<i64>().ok().and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| format!("expected a whole number from 0 to {}, such as 20", i64::MAX))
}

/// A number that 32 bits have room for; what is infinite by name is judged with the ranges.
fn number(text: &str) -> Result<f32, String> {
    let number: f32 = text.parse().map_err(|_| "expected a number, such as 0.001".to_owned())?;
    if number.is_infinite() && text.contains(|c: char| c.is_ascii_digit()) {
        return Err(format!("expected a number of at most {:e}", f32::MAX));
    }
    Ok(number)
}

fn kind(name: &str) -> Result<Kind, String> {
    let found = KINDS.into_iter().find(|kind| kind.name == name);
    let names = KINDS.map(|kind| kind.name).join(", ");
    found.ok_or_else(|| format!("there is no augmentation \"{name}\": take one of {names}"))
}

impl ConfigArgs {
    /// The configuration: `base`, or else the preset, then the file, then the flags.
    ///
    /// # Errors
    ///
    /// [`UsageError`] with the key, what was found and what was expected.
    pub fn resolve(&self, base: Option<&TrainConfig>) -> anyhow::Result<TrainConfig> {
        let mut layers = Vec::new();
        match (base, &self.preset) {
            (Some(base), _) => layers.push(("the run".to_owned(), base.to_toml())),
            (None, name) => {
                let preset = name.as_deref().map_or(Some(PRESETS[0]), preset::find);
                let preset = preset.context("clap has checked the preset's name")?;
                layers.push((preset.name.to_owned(), preset.toml.to_owned()));
            }
        }
        if let Some(path) = &self.config {
            let text = std::fs::read_to_string(path)
                .map_err(|error| UsageError::of(&FileError::at("read", path)(error)))?;
            layers.push((path.display().to_string(), text));
        }
        if let Some(kinds) = &self.augment.augment {
            let table = toml::to_string(&Augment::of_kinds(kinds)).context("numbers and text")?;
            layers.push(("--augment".to_owned(), format!("[augment]\n{table}")));
        }
        layers.push(("the flags".to_owned(), toml::to_string(self).context("numbers and text")?));
        let layers: Vec<_> = layers.iter().map(|(name, text)| (&name[..], &text[..])).collect();
        let mut config = TrainConfig::from_layers(&layers).map_err(usage)?;
        // TOML has no place for all seeds that a flag can give.
        config.seed = self.seed.unwrap_or(config.seed);
        config.validate().map_err(usage)?;
        Ok(config)
    }
}

/// How images of this edge become the network's inputs; to ask for inputs that they cannot become is
/// a wrong use.
pub fn check_images(config: &TrainConfig, images: &Images) -> anyhow::Result<Input> {
    check_sizes(config, images.side, images.len()).map_err(|error| match error {
        TrainError::Input { .. } => UsageError(error.to_string()).into(),
        error => error.into(),
    })
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn usage(error: ConfigError) -> UsageError {
    UsageError(error.to_string())
}
