//! Ranges of the values.

use inkbit_core::{MAX_LAYERS, MAX_WIDTH};

use super::{ConfigError, Keep, TrainConfig};

impl TrainConfig {
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
        let edge = MAX_WIDTH.isqrt();
        let expected = format!("from 0 to {edge}, what the format has room for");
        require(self.input <= edge, "input", self.input, &expected)?;
        for (key, value) in [
            ("dropout", self.dropout),
            ("warmup", self.warmup),
            ("label_smoothing", self.label_smoothing),
            ("ema", self.ema),
            ("adam.beta1", self.adam.beta1),
            ("adam.beta2", self.adam.beta2),
        ] {
            require((0.0..1.0).contains(&value), key, value, "from 0 to below 1")?;
        }
        self.layer_bits()?;
        let share = self.qat_from;
        require((0.0..=1.0).contains(&share), "qat_from", share, "from 0 to 1, 1 for never")?;
        for (key, count) in [("epochs", self.epochs), ("batch", self.batch)] {
            require(count > 0, key, count, "at least 1")?;
        }
        require(
            !self.batch_norm || self.batch > 1,
            "batch",
            self.batch,
            "at least 2 with batch_norm, which needs several images to compare",
        )?;
        for (key, value) in
            [("learning_rate", self.learning_rate), ("adam.epsilon", self.adam.epsilon)]
        {
            require(value > 0.0 && value.is_finite(), key, value, "above 0 and finite")?;
        }
        for (key, value) in
            [("weight_decay", self.weight_decay), ("clip", self.clip), ("sparsity", self.sparsity)]
        {
            require(value >= 0.0 && value.is_finite(), key, value, "at least 0 and finite")?;
        }
        let decay = self.weight_decay * self.learning_rate;
        let expected = "below 1 / learning_rate: a step would take away more than there is";
        require(decay < 1.0, "weight_decay", self.weight_decay, expected)?;
        let expected = "0 with keep = \"last\", which waits for no better epoch";
        require(
            self.keep != Keep::Last || self.patience == 0,
            "patience",
            self.patience,
            expected,
        )?;
        // TOML's integers end here, and the configuration has to be saved.
        require(i64::try_from(self.seed).is_ok(), "seed", self.seed, "at most 2^63 - 1")?;
        let split = self.validation_split;
        require(split > 0.0 && split < 1.0, "validation_split", split, "above 0 and below 1")?;
        if let Some((key, found, expected)) = self.augment.fault() {
            require(false, &format!("augment.{key}"), found, expected)?;
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::preset::PRESETS;

    #[test]
    fn values_out_of_range_are_refused_with_range() {
        let refused = |change: fn(&mut TrainConfig)| {
            let mut config = TrainConfig::from_layers(&[("classic", PRESETS[0].toml)]).unwrap();
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
            refused(|c| (c.batch, c.batch_norm) = (1, true)),
            refused(|c| c.clip = -1.0),
            refused(|c| c.augment.scale = crate::data::augment::Turns::Always(1.0)),
        ];
        let expected = [
            "hidden[0] is 0, but must be from 1 to 4096, what the format has room for",
            "hidden[1] is 4097, but must be from 1 to 4096, what the format has room for",
            "hidden is 8 layers, 9 with the output, but must be at most 8 with the output, what \
             the format has room for",
            "dropout is 1, but must be from 0 to below 1",
            "batch is 0, but must be at least 1",
            "learning_rate is NaN, but must be above 0 and finite",
            "batch is 1, but must be at least 2 with batch_norm, which needs several images to \
             compare",
            "clip is -1, but must be at least 0 and finite",
            "augment.scale is 1, but must be from 0 to below 1",
        ];
        assert_eq!(found, expected);
    }
}
