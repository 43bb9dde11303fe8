//! Configurations that come with the program: `classic` is [`TrainConfig::default`], and each TOML
//! file in `host/presets` states what differs from it.

use serde::Serialize;

use super::TrainConfig;
use crate::support::numbers::hex;

/// A named configuration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// What `--preset` takes.
    pub name: &'static str,
    /// The TOML file: what differs from `classic`.
    pub toml: &'static str,
    /// The value of `--data` where none is given.
    pub data: &'static str,
    /// What its models are checked against.
    pub limits: Limits,
}

/// What the models of a preset are checked against.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Limits {
    /// Maximum length of a blob in bytes.
    pub max_bytes: usize,
    /// Minimum accuracy on the test images of MNIST, as the mean of three seeds, from 0 to 1.
    pub min_accuracy: f64,
}

/// MNIST, and of all training images a fifth with the forms that it lacks.
const MIXTURE: &str = "mnist+synthetic:0.2";
/// [`Dataset::digest`](crate::data::Dataset::digest) of MNIST and of that mixture, whose test images are
/// MNIST's.
const DIGESTS: [&str; 2] = [
    "a87a0767f93f41dddf156543d639f4b388ed3c200f692bfe68fa1e42597681ee",
    "cd659aad0de220dc58d6848ffe21017bbde2025bca5dcb41d45d6b4bdf692652",
];

/// Whether one digest is that of the presets' mixture, and the other that of the data which have its test
/// images.
pub fn is_mixture_of(mixture: &[u8; 32], first: &[u8; 32]) -> bool {
    [hex(first), hex(mixture)] == DIGESTS
}

const fn preset(
    name: &'static str,
    toml: &'static str,
    max_bytes: usize,
    min_accuracy: f64,
) -> Preset {
    Preset { name, toml, data: MIXTURE, limits: Limits { max_bytes, min_accuracy } }
}

/// All presets, the default first: 784-256-128-10, 236,554 parameters for MNIST, the network that
/// this project is measured with.
pub const PRESETS: [Preset; 8] = [
    Preset { data: "mnist", ..preset("classic", "", 240_000, 0.981) },
    preset("accurate", include_str!("../../presets/accurate.toml"), 240_000, 0.993),
    preset("compact", include_str!("../../presets/compact.toml"), 122_000, 0.9925),
    preset("compact2", include_str!("../../presets/compact2.toml"), 63_000, 0.992),
    preset("small", include_str!("../../presets/small.toml"), 16_800, 0.991),
    preset("tiny", include_str!("../../presets/tiny.toml"), 12_900, 0.9905),
    preset("micro", include_str!("../../presets/micro.toml"), 8_390, 0.9895),
    preset("nano", include_str!("../../presets/nano.toml"), 4_096, 0.9835),
];

impl Preset {
    /// The configuration.
    pub fn config(&self) -> TrainConfig {
        let config = TrainConfig::default().with(self.name, self.toml);
        config.expect("a test reads every preset")
    }
}

/// Looks a preset up.
///
/// ```
/// let config = inkbit::config::preset::find("tiny").expect("it is one of them").config();
/// assert_eq!((config.hidden.len(), config.bits.as_slice()), (3, &[4][..]));
/// ```
pub fn find(name: &str) -> Option<Preset> {
    PRESETS.into_iter().find(|preset| preset.name == name)
}
