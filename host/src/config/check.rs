//! What several values decide together.

use inkbit_core::MAX_LAYERS;
use toml::Value;

use super::{ConfigError, Keep, TrainConfig, keys};
use crate::support::numbers::grouped;

/// The most weights between the layers that `hidden` names: training takes about 24 bytes for each. The
/// largest model region of a board holds a quarter of them, at 2 bits.
const MAX_WEIGHTS: usize = 1 << 24;

/// The most outputs of all hidden layers together for all images of a batch: training keeps some of four
/// bytes for each.
const MAX_ACTIVATIONS: usize = 1 << 26;

impl TrainConfig {
    /// Checks every value before anything starts.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for the first value that is out of range, or a backend that was not built.
    pub fn validate(&self) -> Result<(), ConfigError> {
        // TOML's integers end here, and the configuration has to be saved.
        require(i64::try_from(self.seed).is_ok(), "seed", self.seed, "at most 2^63 - 1")?;
        keys::check(Self::KEYS, "", &self.table())?;
        self.check_layers()?;
        require(
            !self.batch_norm || self.batch > 1,
            "batch",
            self.batch,
            "at least 2 with batch_norm, which needs several images to compare",
        )?;
        let decay = self.weight_decay * self.learning_rate;
        let expected = "below 1 / learning_rate: a step would take away more than there is";
        require(decay < 1.0, "weight_decay", self.weight_decay, expected)?;
        let waits = self.keep == Keep::Last && self.patience > 0;
        let expected = "0 with keep = \"last\", which waits for no better epoch";
        require(!waits, "patience", self.patience, expected)?;
        Ok(self.backend.device().map(drop)?)
    }

    /// Checks the keys that differ between the networks of a sweep, which has checked all others.
    /// A sweep has many networks, and this takes a fraction of the time.
    pub(crate) fn validate_network(&self) -> Result<(), ConfigError> {
        let list = |values: &mut dyn Iterator<Item = i64>| values.map(Value::Integer).collect();
        // What 63 bits do not hold is out of range in any case.
        let number = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
        let varied = [
            ("hidden", Value::Array(list(&mut self.hidden.iter().map(|&width| number(width))))),
            ("bits", Value::Array(list(&mut self.bits.iter().map(|&bits| i64::from(bits))))),
            ("input", Value::Integer(number(self.input))),
        ];
        let table = varied.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        keys::check(Self::KEYS, "", &table)?;
        self.check_layers()
    }

    fn check_layers(&self) -> Result<(), ConfigError> {
        let layers = self.hidden.len() + 1;
        require(
            layers <= MAX_LAYERS,
            "hidden",
            format!("{} layers, {layers} with the output", self.hidden.len()),
            &format!("at most {MAX_LAYERS} with the output, what the format has room for"),
        )?;
        let pairs = self.hidden.windows(2);
        let weights = pairs.map(|pair| pair[0].saturating_mul(pair[1])).sum::<usize>();
        require(
            weights <= MAX_WEIGHTS,
            "hidden",
            format!("layers with {} weights between them", grouped(weights)),
            &format!("narrower or fewer, with at most {}", grouped(MAX_WEIGHTS)),
        )?;
        let units = self.hidden.iter().fold(0, |sum: usize, &width| sum.saturating_add(width));
        let most = MAX_ACTIVATIONS / self.batch.max(1);
        require(
            units <= most,
            "hidden",
            format!("layers of {} units together", grouped(units)),
            &format!("at most {} with a batch of {}", grouped(most), self.batch),
        )?;
        self.layer_bits().map(drop)
    }
}

fn require(
    legal: bool,
    key: &str,
    found: impl ToString,
    expected: &str,
) -> Result<(), ConfigError> {
    let (key, found, expected) = (key.to_owned(), found.to_string(), expected.to_owned());
    if legal { Ok(()) } else { Err(ConfigError::Range { key, found, expected }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Turns;

    #[test]
    fn values_out_of_range_are_refused_with_range() {
        let refused = |change: fn(&mut TrainConfig)| {
            let mut config = TrainConfig::default();
            change(&mut config);
            config.validate().unwrap_err().to_string()
        };
        let found = [
            refused(|c| c.hidden = vec![0]),
            refused(|c| c.hidden = vec![16, 4097]),
            refused(|c| c.hidden = vec![16; 8]),
            refused(|c| c.hidden = vec![4096; 7]),
            refused(|c| c.dropout = 1.0),
            refused(|c| c.batch = 0),
            refused(|c| c.learning_rate = f32::NAN),
            refused(|c| (c.batch, c.batch_norm) = (1, true)),
            refused(|c| c.clip = -1.0),
            refused(|c| c.augment.scale = Turns::InTurn(vec![0.1, 1.0])),
            refused(|c| c.seed = u64::MAX),
        ];
        let expected = [
            "hidden[0] is 0, but must be from 1 to 4096, what the format has room for",
            "hidden[1] is 4097, but must be from 1 to 4096, what the format has room for",
            "hidden is 8 layers, 9 with the output, but must be at most 8 with the output, what \
             the format has room for",
            "hidden is layers with 100,663,296 weights between them, but must be narrower or fewer, \
             with at most 16,777,216",
            "dropout is 1, but must be from 0 to below 1",
            "batch is 0, but must be from 1 to 8192, what a computer has memory for",
            "learning_rate is NaN, but must be a finite number, above 0",
            "batch is 1, but must be at least 2 with batch_norm, which needs several images to \
             compare",
            "clip is -1, but must be at least 0",
            "augment.scale[1] is 1, but must be from 0 to below 1",
            "seed is 18446744073709551615, but must be at most 2^63 - 1",
        ];
        assert_eq!(found, expected);
    }
}
