//! What a training run is made of: every value, its range, and where it comes from.
//!
//! A preset gives all values, a TOML file changes some of them, and flags change the last few.

use inkbit_core::{MAX_LAYERS, MAX_WIDTH};
use serde::{Deserialize, Serialize};

use crate::backend::{Backend, BackendError};
use crate::preset::PRESETS;
use crate::train::adam::AdamConfig;

/// The configuration of a training run. Keys of a TOML file have the names of these fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Widths of the hidden layers, each from 1 to [`MAX_WIDTH`], followed by ReLU and dropout.
    /// With the output layer they are at most [`MAX_LAYERS`] layers; none makes a linear classifier.
    pub hidden: Vec<usize>,
    /// Share of the hidden values that a training step drops, from 0 to below 1.
    pub dropout: f32,
    /// Passes over the training images, at least 1. Early stopping may end the run before.
    pub epochs: usize,
    /// Images in a training step, at least 1.
    pub batch: usize,
    /// Step size of the optimizer, above 0.
    pub learning_rate: f32,
    /// Start of all random numbers: initial weights, validation images, order, dropout.
    pub seed: u64,
    /// Epochs without a lower validation loss after which training stops, at least 1.
    pub patience: usize,
    /// Share of the training images that are kept apart to choose the best epoch by, above 0 and
    /// below 1.
    pub validation_split: f64,
    /// What computes.
    pub backend: Backend,
    /// Constants of the optimizer.
    pub adam: AdamConfig,
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
    /// The backend is not there.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

impl TrainConfig {
    /// Reads layers of TOML, each a name for messages and a text, later ones over earlier ones.
    ///
    /// Ranges are not checked, because flags may follow: see [`TrainConfig::validate`].
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
                message: error.to_string().trim_end().to_owned(),
            };
            merge(&mut merged, text.parse().map_err(failed)?);
            result = Some(merged.clone().try_into().map_err(failed)?);
        }
        Ok(result.expect("a preset or a run's configuration is the first layer"))
    }

    /// The same as TOML, with every key.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a configuration has only numbers and text")
    }

    /// The widths of input, hidden layers and output for images and classes of this size.
    #[must_use]
    pub fn widths(&self, pixels: usize, classes: usize) -> Vec<usize> {
        [&[pixels], &self.hidden[..], &[classes]].concat()
    }

    /// The command that trains with this configuration, as flags that differ from `classic`.
    ///
    /// The constants of the optimizer have no flags: where they differ, a comment says so.
    #[must_use]
    pub fn command(&self, data: &str) -> String {
        let classic = Self::from_layers(&[(PRESETS[0].name, PRESETS[0].toml)])
            .expect("a test reads every preset");
        let hidden: Vec<String> = self.hidden.iter().map(ToString::to_string).collect();
        let flags = [
            ("hidden", self.hidden == classic.hidden, hidden.join(",")),
            ("dropout", self.dropout == classic.dropout, self.dropout.to_string()),
            ("epochs", self.epochs == classic.epochs, self.epochs.to_string()),
            ("batch", self.batch == classic.batch, self.batch.to_string()),
            ("lr", self.learning_rate == classic.learning_rate, self.learning_rate.to_string()),
            ("seed", self.seed == classic.seed, self.seed.to_string()),
            ("patience", self.patience == classic.patience, self.patience.to_string()),
            (
                "validation-split",
                self.validation_split == classic.validation_split,
                self.validation_split.to_string(),
            ),
            ("backend", self.backend == classic.backend, self.backend.to_string()),
            ("data", data == "mnist", data.to_owned()),
        ];
        let mut command = format!("inkbit train --preset {}", PRESETS[0].name);
        for (flag, _, value) in flags.iter().filter(|(_, same, _)| !same) {
            command += &format!(" --{flag} {value}");
        }
        if self.adam != classic.adam {
            command += " # and other [adam]";
        }
        command
    }

    /// Checks every value before anything starts.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Range`] for the first value that is out of range, [`ConfigError::Backend`].
    pub fn validate(&self) -> Result<(), ConfigError> {
        for (index, &width) in self.hidden.iter().enumerate() {
            let key = format!("hidden[{index}]");
            let expected = format!("from 1 to {MAX_WIDTH}, what the format has room for");
            require((1..=MAX_WIDTH).contains(&width), &key, width, &expected)?;
        }
        let layers = self.hidden.len() + 1;
        require(
            layers <= MAX_LAYERS,
            "hidden",
            format!("{} layers, {layers} with the output", self.hidden.len()),
            &format!("at most {MAX_LAYERS} with the output, what the format has room for"),
        )?;
        let below_one =
            |key, value: f32| require((0.0..1.0).contains(&value), key, value, "from 0 to below 1");
        below_one("dropout", self.dropout)?;
        below_one("adam.beta1", self.adam.beta1)?;
        below_one("adam.beta2", self.adam.beta2)?;
        for (key, count) in
            [("epochs", self.epochs), ("batch", self.batch), ("patience", self.patience)]
        {
            require(count > 0, key, count, "at least 1")?;
        }
        for (key, value) in
            [("learning_rate", self.learning_rate), ("adam.epsilon", self.adam.epsilon)]
        {
            require(value > 0.0 && value.is_finite(), key, value, "above 0 and finite")?;
        }
        // TOML's integers end here, and the configuration has to be saved.
        require(i64::try_from(self.seed).is_ok(), "seed", self.seed, "at most 2^63 - 1")?;
        let split = self.validation_split;
        require(split > 0.0 && split < 1.0, "validation_split", split, "above 0 and below 1")?;
        self.backend.device()?;
        Ok(())
    }
}

fn require(
    legal: bool,
    key: &str,
    found: impl ToString,
    expected: &str,
) -> Result<(), ConfigError> {
    let error = || ConfigError::Range {
        key: key.to_owned(),
        found: found.to_string(),
        expected: expected.to_owned(),
    };
    if legal { Ok(()) } else { Err(error()) }
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
    use crate::preset::PRESETS;

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
        assert!(error.starts_with("my.toml: unknown field `drop`, expected one of"), "{error}");
    }

    #[test]
    fn values_out_of_range_are_refused_with_range() {
        let refused = |change: fn(&mut TrainConfig)| {
            let mut config = classic();
            change(&mut config);
            config.validate().unwrap_err().to_string()
        };
        let found = [
            refused(|c| c.hidden = vec![0]),
            refused(|c| c.hidden = vec![16, 4097]),
            refused(|c| c.hidden = vec![16; 8]),
            refused(|c| c.dropout = 1.0),
            refused(|c| c.batch = 0),
            refused(|c| c.learning_rate = f32::NAN),
        ];
        let expected = [
            "hidden[0] is 0, but must be from 1 to 4096, what the format has room for",
            "hidden[1] is 4097, but must be from 1 to 4096, what the format has room for",
            "hidden is 8 layers, 9 with the output, but must be at most 8 with the output, what \
             the format has room for",
            "dropout is 1, but must be from 0 to below 1",
            "batch is 0, but must be at least 1",
            "learning_rate is NaN, but must be above 0 and finite",
        ];
        assert_eq!(found, expected);
    }
}
