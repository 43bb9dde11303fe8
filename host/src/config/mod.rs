//! What a training run is made of: every value, its range, and where it comes from.
//!
//! A preset gives all values, a TOML file changes some of them, and flags change the last few.

mod adam;
mod check;
mod command;
pub mod preset;
mod schedule;
mod words;

use inkbit_core::{Input, WeightBits};
use serde::{Deserialize, Serialize};

use crate::data::augment::Augment;
use crate::data::shrink;
use crate::net::{Backend, BackendError};
use crate::quantize::Granularity;
use crate::quantize::bits::{self, BitsError};
pub use adam::AdamConfig;
pub use schedule::Schedule;

/// The configuration of a training run. Keys of a TOML file have the names of these fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Widths of the hidden layers, each from 1 to [`MAX_WIDTH`](inkbit_core::MAX_WIDTH), followed
    /// by ReLU and dropout. With the output layer they are at most
    /// [`MAX_LAYERS`](inkbit_core::MAX_LAYERS) layers; none makes a linear classifier.
    pub hidden: Vec<usize>,
    /// Edge of the image that the network gets, shrunk from that of the data
    /// by cropping it and taking means; 0 for the data's own.
    pub input: usize,
    /// Whether hidden layers are normalized over each batch. Nothing is left of it in the weights
    /// that are kept.
    pub batch_norm: bool,
    /// How weights start.
    pub init: Init,
    /// Share of the hidden values that a training step drops, from 0 to below 1.
    pub dropout: f32,
    /// Passes over the training images, at least 1. Early stopping may end the run before.
    pub epochs: usize,
    /// Images in a training step, at least 1.
    pub batch: usize,
    /// Step size of the optimizer, above 0; with a schedule the greatest.
    pub learning_rate: f32,
    /// How the learning rate changes from step to step.
    pub schedule: Schedule,
    /// Share of all steps over which the learning rate rises from 0, from 0 to below 1.
    pub warmup: f32,
    /// What every step takes away of each weight, times the learning rate (AdamW); at least 0.
    pub weight_decay: f32,
    /// Share of the target that is spread over all classes, from 0 to below 1.
    pub label_smoothing: f32,
    /// Part of the running mean of the weights that a step keeps, from 0 to below 1. That mean is
    /// evaluated and kept then; 0 for the weights themselves.
    pub ema: f32,
    /// The greatest norm of all gradients together; 0 for no limit.
    pub clip: f32,
    /// Weight in the loss of the hidden activations' sum, averaged over images and layers; at least
    /// 0.
    pub sparsity: f32,
    /// Bits of a weight, 8, 4 or 2: one number for all layers, or one for each.
    pub bits: Vec<u8>,
    /// Which weights of a hidden layer share a scale.
    pub scales: Granularity,
    /// Share of the epochs after which training goes on with rounded weights and activations, from 0
    /// to 1; with 1 they are rounded after training only.
    pub qat_from: f32,
    /// Start of all random numbers: initial weights, validation images, order, dropout,
    /// augmentation.
    pub seed: u64,
    /// Epochs without a lower validation loss after which training stops; 0 for never.
    pub patience: usize,
    /// Which epoch's weights are kept.
    pub keep: Keep,
    /// Share of the training images that are kept apart to choose the best epoch by, above 0 and
    /// below 1.
    pub validation_split: f64,
    /// What computes.
    pub backend: Backend,
    /// Constants of the optimizer.
    pub adam: AdamConfig,
    /// How training images are changed for every epoch.
    pub augment: Augment,
}

/// How weights start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Init {
    /// [`Mlp::glorot`](crate::net::Mlp::glorot).
    Glorot,
    /// [`Mlp::he`](crate::net::Mlp::he).
    He,
}

/// Which epoch's weights are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// Those of the epoch with the lowest validation loss.
    #[default]
    Best,
    /// Those of the last epoch, for schedules that end with a learning rate of almost 0.
    Last,
}

/// A configuration that cannot be trained.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The text is not TOML, or a key or a value's type is not known.
    #[error("{source_name}: {message}")]
    Text {
        /// The file's or the preset's name.
        source_name: String,
        /// What the parser found and expected.
        message: String,
    },
    /// A value is out of range.
    #[error("{key} is {found}, but must be {expected}")]
    Range {
        /// The key in TOML.
        key: String,
        /// Its value.
        found: String,
        /// The legal range, and what to do if that does not say it.
        expected: String,
    },
    /// The bits are not what the format has, or not as many as there are layers.
    #[error(transparent)]
    Bits(#[from] BitsError),
    /// The backend is not there.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

impl TrainConfig {
    /// Reads layers of TOML, each a name for messages and a text, later ones over earlier ones.
    ///
    /// Ranges are not checked, because flags may follow: see [`TrainConfig::validate`].
    ///
    /// ```
    /// use inkbit::config::TrainConfig;
    /// use inkbit::config::preset::PRESETS;
    /// let classic = (PRESETS[0].name, PRESETS[0].toml);
    /// let config = TrainConfig::from_layers(&[classic, ("mine.toml", "hidden = [32]")])?;
    /// assert_eq!(config.widths(28, 10), [784, 32, 10]);
    /// let error = TrainConfig::from_layers(&[classic, ("mine.toml", "hiden = [32]")]).unwrap_err();
    /// assert!(error.to_string().contains("mine.toml") && error.to_string().contains("hiden"));
    /// # Ok::<_, inkbit::config::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigError::Text`] names the first layer that cannot be read.
    ///
    /// # Panics
    ///
    /// If there is no layer. The first must have every key, as a preset has.
    pub fn from_layers(layers: &[(&str, &str)]) -> Result<Self, ConfigError> {
        let mut merged = toml::Table::new();
        let mut result = None;
        for &(name, text) in layers {
            let failed = |error: toml::de::Error| ConfigError::Text {
                source_name: name.to_owned(),
                message: words::in_words(error.to_string().trim_end(), text),
            };
            merge(&mut merged, text.parse().map_err(failed)?);
            // A value of this text has a place in it; a key of all layers together has none.
            let is_of_a_value = |error: &toml::de::Error| {
                !["missing field", "unknown field"]
                    .iter()
                    .any(|key| error.message().starts_with(key))
            };
            let placed = |error| match toml::from_str::<Self>(text) {
                Err(placed) if is_of_a_value(&placed) => failed(placed),
                _ => failed(error),
            };
            result = Some(merged.clone().try_into().map_err(placed)?);
        }
        Ok(result.expect("a preset or a run's configuration is the first layer"))
    }

    /// The width of each layer's weights.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Bits`].
    pub fn layer_bits(&self) -> Result<Vec<WeightBits>, ConfigError> {
        Ok(bits::per_layer(&self.bits, self.hidden.len() + 1)?)
    }

    /// The first epoch with rounded weights and activations, counted from 1, if there is one.
    #[must_use]
    pub fn first_qat_epoch(&self) -> Option<usize> {
        let before = (self.epochs as f64 * f64::from(self.qat_from)).floor() as usize;
        (before < self.epochs).then_some(before + 1)
    }

    /// The same as TOML, with every key.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a configuration has only numbers and text")
    }

    /// The widths of input, hidden layers and output for images of this edge and so many classes.
    #[must_use]
    pub fn widths(&self, side: usize, classes: usize) -> Vec<usize> {
        let inputs = self.shrunk(side).map_or(0, Input::inputs);
        [&[inputs], &self.hidden[..], &[classes]].concat()
    }

    /// How images of this edge become the network's inputs; `None` if they cannot.
    #[must_use]
    pub fn shrunk(&self, side: usize) -> Option<Input> {
        shrink::input(side, self.input)
    }
}

/// Puts the values of one table over those of another, tables within tables likewise.
fn merge(base: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(base)), toml::Value::Table(over)) => merge(base, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::preset::PRESETS;

    fn classic() -> TrainConfig {
        TrainConfig::from_layers(&[("classic", PRESETS[0].toml)]).unwrap()
    }

    #[test]
    fn every_preset_is_complete_and_legal() {
        for preset in PRESETS {
            let config = TrainConfig::from_layers(&[(preset.name, preset.toml)]).unwrap();
            config.validate().unwrap();
            let saved = config.to_toml();
            assert_eq!(TrainConfig::from_layers(&[("saved", &saved)]), Ok(config));
        }
    }

    #[test]
    fn a_file_changes_what_it_names_and_nothing_else() {
        let layers = [("classic", PRESETS[0].toml), ("my.toml", "epochs = 3\n[adam]\nbeta1 = 0.8")];
        let mut expected = classic();
        expected.epochs = 3;
        expected.adam.beta1 = 0.8;
        assert_eq!(TrainConfig::from_layers(&layers), Ok(expected));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_file() {
        let layers = [("classic", PRESETS[0].toml), ("my.toml", "drop = 0.3")];
        let error = TrainConfig::from_layers(&layers).unwrap_err().to_string();
        assert_eq!(
            error,
            "my.toml: line 1: there is no key `drop`; did you mean `dropout`? `inkbit train \
             --print-config` lists every key"
        );
    }

    #[test]
    fn wrong_types_are_named_in_words() {
        let refused = |text| {
            let layers = [("classic", PRESETS[0].toml), ("my.toml", text)];
            TrainConfig::from_layers(&layers).unwrap_err().to_string()
        };
        for (text, expected) in [
            ("seed = 2\nepochs = \"three\"", "at line 2, column 10\n"),
            ("epochs = -3", "expected a whole number, at least 0"),
            ("dropout = true", "expected a number"),
            ("hidden = 5", "expected a list, as in [256, 128]"),
            ("adam = 3", "expected a table, [adam]"),
            ("augment = 3", "expected a table, [augment]"),
            ("[augment]\nrotation = \"much\"", "expected a value, or a list of values"),
        ] {
            let error = refused(text);
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_configuration_of_another_version_says_how_to_complete_it() {
        let text = PRESETS[0].toml.replace("\nsparsity = ", "\n# ");
        let error = TrainConfig::from_layers(&[("run/config.toml", &text)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "run/config.toml: missing field `sparsity`; another version may have written the file: \
             add the line, as `inkbit train --print-config` shows it"
        );
    }
}
