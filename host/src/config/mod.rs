//! The configuration of a training run.
//!
//! A preset gives all values, a TOML file changes some of them, and flags change the last few. Each
//! key is stated once, as a field below: its meaning, its legal values, and its value in `classic`.

mod augment;
mod check;
mod command;
pub(crate) mod keys;
pub mod preset;
mod schedule;

use clap::ValueEnum;
use inkbit_core::{Input, MAX_WIDTH, WeightBits};
use serde::{Deserialize, Serialize};
use toml::Table;

use crate::data::{Shape, shrink};
use crate::net::{Backend, BackendError};
use crate::quantize::Granularity;
use crate::quantize::bits::{self, BitsError};
use crate::support::visible;
pub use augment::{Augment, Turns};
pub(crate) use command::Commands;
use keys::Range::{self, Above, AtLeast, Below, Between, To};
use keys::Values::{Choice, List, Nested, Real, Whole};
use keys::{keys, names, switch};
pub use schedule::Schedule;

keys! {
    /// The configuration of a training run. Keys of a TOML file have the names of these fields.
    pub struct TrainConfig {
        /// Widths of the hidden layers, each followed by ReLU and dropout; without any (`none` on
        /// the command line) the classifier is linear.
        hidden: Vec<usize> = vec![256, 128], List(&Whole(To(1.0, MAX_WIDTH as f64), ROOM));
        /// Side length of the network's input images, such as 14 or 12: images of the data are
        /// cropped and averaged down to it. 0 for their own side length.
        input: usize = 0, Whole(To(0.0, MAX_WIDTH.isqrt() as f64), ROOM);
        /// Normalize hidden layers over each batch. The weights that are kept have it folded in.
        batch_norm: bool = false, Choice(switch);
        /// Initial weights: "glorot" (uniform), or "he" (normal, the last layer halved).
        init: Init = Init::Glorot, Choice(names::<Init>);
        /// Fraction of the hidden activations that a training step drops.
        dropout: f32 = 0.4, Real(FRACTION);
        /// Maximum number of passes over the training images.
        epochs: usize = 20, Whole(AtLeast(1.0), "");
        /// Batch size: images in a training step.
        batch: usize = 128, Whole(To(1.0, MAX_BATCH as f64), ", what a computer has memory for");
        /// Learning rate (`--lr`), with a schedule its maximum.
        learning_rate: f32 = 0.001, Real(Above(0.0));
        /// How the learning rate changes: "constant", or "cosine" (down to almost 0).
        schedule: Schedule = Schedule::Constant, Choice(names::<Schedule>);
        /// Fraction of all steps over which the learning rate first rises from 0.
        warmup: f32 = 0.0, Real(FRACTION);
        /// Decoupled weight decay (AdamW): each step takes this fraction of each weight, times the
        /// learning rate, away.
        weight_decay: f32 = 0.0, Real(AtLeast(0.0));
        /// Fraction of the target that is spread over all classes.
        label_smoothing: f32 = 0.0, Real(FRACTION);
        /// Images of none of the classes that are added to each batch, as a fraction of it: scribbles, and
        /// letters and half digits too if the classes are the digits. The network learns from them to
        /// find no class likelier than another.
        outliers: f32 = 0.0, Real(FRACTION);
        /// Decay of a running mean of the weights, which is then evaluated and kept; 0 for the
        /// weights themselves.
        ema: f32 = 0.0, Real(FRACTION);
        /// Maximum norm of all gradients together; 0 for no limit.
        clip: f32 = 0.0, Real(AtLeast(0.0));
        /// Weight in the loss of the sum of hidden activations, averaged over images and layers.
        /// More of it means more zeros and fewer instructions.
        sparsity: f32 = 0.0, Real(AtLeast(0.0));
        /// Bits of a weight, 8, 4 or 2: one number for all layers, or one for each.
        bits: Vec<u8> = vec![8], List(&Choice(|| vec![8.into(), 4.into(), 2.into()]));
        /// Whether the weights of a hidden "layer" share a scale, or each "output" has its own.
        scales: Granularity = Granularity::Output, Choice(names::<Granularity>);
        /// Fraction of the epochs after which training goes on with rounded weights and activations
        /// (quantization-aware training), such as 0.45; 1 for rounding after training only.
        qat_from: f32 = 1.0, Real(To(0.0, 1.0));
        /// Seed of all random numbers, at most 2^63 - 1: initial weights, validation images, order,
        /// dropout, augmentation.
        seed: u64 = 1, Whole(AtLeast(0.0), "");
        /// Epochs without a lower validation loss after which training stops; 0 for never.
        patience: usize = 5, Whole(AtLeast(0.0), "");
        /// Checkpoint selection: the weights of the "best" epoch (lowest validation loss), or of
        /// the "last", for schedules that end with a learning rate of almost 0.
        keep: Keep = Keep::Best, Choice(names::<Keep>);
        /// Fraction of the training images that is held out, for the validation loss to choose the
        /// best epoch by.
        validation_split: f64 = 0.083_333_3, Real(Between(0.0, 1.0));
        /// Tensor backend: "ndarray", or "flex" in builds with that cargo feature.
        backend: Backend = Backend::Ndarray, Choice(names::<Backend>);
        /// Optimizer: the constants of Adam.
        adam: AdamConfig = AdamConfig::default(), Nested(AdamConfig::KEYS);
        /// Augmentation: limits within which every training image is changed anew for every epoch.
        /// The epochs take several values in turn. `--augment none|light|strong|centred` sets all
        /// of them.
        augment: Augment = Augment::default(), Nested(Augment::KEYS);
    }
}

keys! {
    /// Constants of Adam. The learning rate stands in [`TrainConfig`].
    pub struct AdamConfig {
        /// Decay of the running mean of the gradients.
        beta1: f32 = 0.9, Real(FRACTION);
        /// Decay of the running mean of their squares.
        beta2: f32 = 0.999, Real(FRACTION);
        /// Added to the root of that mean. Keras has this default too, burn has 1e-5.
        epsilon: f32 = 1e-7, Real(Above(0.0));
    }
}

/// From 0 to below 1.
const FRACTION: Range = Below(0.0, 1.0);
/// The most images in a training step: a layer of 4,096 units takes 134 MB for them.
const MAX_BATCH: usize = 8192;

/// Why sizes have a limit.
const ROOM: &str = ", what the format has room for";

/// How weights start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Init {
    /// [`Mlp::glorot`](crate::net::Mlp::glorot).
    Glorot,
    /// [`Mlp::he`](crate::net::Mlp::he).
    He,
}

/// Which epoch's weights are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
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
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum ConfigError {
    /// The text is not TOML, or a key or a value is not legal.
    #[error("{source_name}: {message}")]
    Text { source_name: String, message: String },
    #[error("there is no key `{}`; {}`inkbit train --print-config` lists every key", visible::line(key),
            nearest.map(|nearest| format!("did you mean `{nearest}`? ")).unwrap_or_default())]
    Key { key: String, nearest: Option<&'static str> },
    #[error("{key} is {}, but must be {expected}", visible::line(found))]
    Range { key: String, found: String, expected: String },
    /// The bits are not what the format has, or not as many as there are layers.
    #[error(transparent)]
    Bits(#[from] BitsError),
    /// The backend is not there.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

impl TrainConfig {
    /// Reads a TOML file's text, which has every key; `name` is for messages.
    ///
    /// Each value is checked on its own; see [`TrainConfig::validate`] for the rest.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Text`].
    pub fn from_toml(name: &str, text: &str) -> Result<Self, ConfigError> {
        read(name, text)?.try_into().map_err(|error: toml::de::Error| ConfigError::Text {
            source_name: name.to_owned(),
            message: format!(
                "{}; another version may have written the file: add the line, as `inkbit train \
                 --print-config` shows it",
                visible::line(error.message())
            ),
        })
    }

    /// With the values that a TOML file's text names; `name` is for messages.
    ///
    /// ```
    /// use inkbit::config::TrainConfig;
    /// use inkbit::data::Shape;
    /// let classic = TrainConfig::default();
    /// let config = classic.with("mine.toml", "hidden = [32]")?;
    /// assert_eq!(config.widths(&Shape::square(28), 10), [784, 32, 10]);
    /// let error = classic.with("mine.toml", "hiden = [32]").unwrap_err();
    /// assert!(error.to_string().contains("mine.toml") && error.to_string().contains("hiden"));
    /// # Ok::<_, inkbit::config::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigError::Text`].
    pub fn with(&self, name: &str, text: &str) -> Result<Self, ConfigError> {
        Ok(self.merged(read(name, text)?))
    }

    /// With the values of a table.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Key`] and [`ConfigError::Range`].
    pub(crate) fn with_table(&self, changes: Table) -> Result<Self, ConfigError> {
        keys::check(Self::KEYS, "", &changes)?;
        Ok(self.merged(changes))
    }

    fn merged(&self, checked: Table) -> Self {
        let mut table = self.table();
        merge(&mut table, checked);
        table.try_into().expect("every key has a legal value")
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
    pub fn first_qat_epoch(&self) -> Option<usize> {
        let before = (self.epochs as f64 * f64::from(self.qat_from)).floor() as usize;
        (before < self.epochs).then_some(before + 1)
    }

    /// The widths of input, hidden layers and output, for samples of this shape in `classes` classes.
    pub fn widths(&self, shape: &Shape, classes: usize) -> Vec<usize> {
        let inputs = self.shrunk(shape).map_or(0, Input::inputs);
        [&[inputs], &self.hidden[..], &[classes]].concat()
    }

    /// How samples of this shape become the network's inputs; `None` if they cannot.
    pub fn shrunk(&self, shape: &Shape) -> Option<Input> {
        shrink::input(shape, self.input)
    }
}

/// The table of a text, checked.
fn read(name: &str, text: &str) -> Result<Table, ConfigError> {
    let failed = |message: String| ConfigError::Text { source_name: name.to_owned(), message };
    let table = text.parse().map_err(|error: toml::de::Error| failed(visible::toml(&error)))?;
    keys::check(TrainConfig::KEYS, "", &table).map_err(|error| {
        let line = match &error {
            ConfigError::Key { key, .. } | ConfigError::Range { key, .. } => keys::line(key, text),
            _ => None,
        };
        failed(line.map_or_else(|| error.to_string(), |line| format!("line {line}: {error}")))
    })?;
    Ok(table)
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
    use preset::PRESETS;

    fn refused(text: &str) -> String {
        TrainConfig::default().with("my.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn every_preset_is_legal_and_comes_back_from_its_text() {
        for preset in PRESETS {
            let config = preset.config();
            config.validate().unwrap();
            assert_eq!(TrainConfig::from_toml("saved", &config.to_toml()), Ok(config));
        }
    }

    #[test]
    fn a_preset_states_only_what_differs_from_classic() {
        let classic = TrainConfig::default().table();
        for preset in PRESETS {
            for (key, value) in preset.toml.parse::<Table>().unwrap() {
                let differs = match (value, &classic[&key]) {
                    (toml::Value::Table(inner), toml::Value::Table(classic)) => {
                        inner.iter().all(|(key, value)| *value != classic[key])
                    }
                    (value, classic) => value != *classic,
                };
                assert!(differs, "{}: {key}", preset.name);
            }
        }
    }

    #[test]
    fn a_file_changes_what_it_names_and_nothing_else() {
        let mut expected = TrainConfig { epochs: 3, ..TrainConfig::default() };
        expected.adam.beta1 = 0.8;
        let text = "epochs = 3\n[adam]\nbeta1 = 0.8";
        assert_eq!(TrainConfig::default().with("my.toml", text), Ok(expected));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_named_with_its_line() {
        for (text, expected) in [
            (
                "drop = 0.3",
                "line 1: there is no key `drop`; did you mean `dropout`? `inkbit train \
                 --print-config` lists every key",
            ),
            (
                "bits = [8]\n[augment]\ntraining = 3",
                "line 3: there is no key `augment.training`; `inkbit train --print-config` lists \
                 every key",
            ),
            (
                "seed = 2\nepochs = \"three\"",
                "line 2: epochs is \"three\", but must be a whole number below 2^63, at least 1",
            ),
            ("epochs = -3", "line 1: epochs is -3, but must be at least 1"),
            (
                &format!("hidden = [{}]", "1, ".repeat(1001)),
                "line 1: hidden is a list of 1001 values, but must be of at most 1000",
            ),
            (
                "dropout = true",
                "line 1: dropout is true, but must be a finite number, from 0 to below 1",
            ),
            ("\nhidden = 5", "line 2: hidden is 5, but must be a list, as in [256, 128]"),
            (
                "hidden = [5,\n0]",
                "line 1: hidden[1] is 0, but must be from 1 to 4096, what the format has room for",
            ),
            ("bits = [3]", "line 1: bits[0] is 3, but must be 8 or 4 or 2"),
            ("adam = 3", "line 1: adam is 3, but must be a table"),
            ("adam.beta1 = 1", "line 1: adam.beta1 is 1, but must be from 0 to below 1"),
            (
                "schedule = \"linear\"",
                "line 1: schedule is \"linear\", but must be \"constant\" or \"cosine\"",
            ),
            (
                "[augment]\nrotation = \"much\"",
                "line 2: augment.rotation is \"much\", but must be a finite number, from 0 to 180",
            ),
            (
                "[augment]\nrecentre = []",
                "line 2: augment.recentre is [], but must be true or false, or a list of such values",
            ),
        ] {
            assert_eq!(refused(text), format!("my.toml: {expected}"));
        }
        assert!(refused("epochs =").starts_with("my.toml: TOML parse error at line 1, column 9\n"));
    }

    #[test]
    fn a_configuration_of_another_version_says_how_to_complete_it() {
        let text = TrainConfig::default().to_toml().replace("\nsparsity = ", "\n# ");
        let error = TrainConfig::from_toml("run/config.toml", &text).unwrap_err();
        assert_eq!(
            error.to_string(),
            "run/config.toml: missing field `sparsity`; another version may have written the file: \
             add the line, as `inkbit train --print-config` shows it"
        );
    }
}
