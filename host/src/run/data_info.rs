//! The description of a run's data.

use inkbit_core::{Frame, Layout, MAX_SIDE};
use serde::{Deserialize, Serialize};

use crate::data::layout::{Words, measure};
use crate::data::source::Reading;
use crate::data::{Dataset, labels};
use crate::support::numbers::hex;
use crate::support::shell::word;
use crate::support::visible;

/// A label is a byte in a data set.
const MAX_CLASSES: usize = 256;

/// What a run that is fine-tuned goes on from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FineTuning {
    /// The value of `--from`.
    pub from: String,
    /// SHA-256 of the parameters there, in hexadecimal digits.
    pub weights: String,
    /// The data that it is fine-tuned to, one of the sources of the mixture.
    pub own: String,
    /// Test images of these data.
    pub own_images: usize,
    /// Fraction of them that was classified correctly before.
    pub own_accuracy: f64,
    /// The same for the test images of the first source.
    pub accuracy: f64,
}

/// The description of the data that a run was trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataInfo {
    /// The value of `--data`.
    pub name: String,
    /// SHA-256 of the data in hexadecimal digits, see [`Dataset::digest`].
    pub digest: String,
    /// Side length of an image in pixels.
    pub side: usize,
    /// How the ink lies in the images to train on, where it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<Words>,
    /// Number of images to train on and to select checkpoints by.
    pub train_images: usize,
    /// Number of images for the final accuracy.
    pub test_images: usize,
    /// Labels of the classes, in order.
    pub classes: Vec<String>,
    /// What the run goes on from, where it does not begin with random weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fine_tuning: Option<FineTuning>,
    /// The command that began the run, where it is not `train`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun_by: Option<String>,
    /// The value of `--labels`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<String>,
    /// The flags that say how the data are read.
    #[serde(default, skip_serializing_if = "Reading::is_default")]
    pub reading: Reading,
}

impl DataInfo {
    /// Reads the text of a file, which may have been written by others.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let mut found: Self = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        found.name = visible::line(&found.name);
        found.digest = visible::line(&found.digest);
        if let Some(FineTuning { from, own, .. }) = &mut found.fine_tuning {
            (*from, *own) = (visible::line(from), visible::line(own));
        }
        let (side, classes) = (found.side, found.classes.len());
        if !(1..=usize::from(MAX_SIDE)).contains(&side) {
            return Err(format!("side is {side}, but must be from 1 to {MAX_SIDE}"));
        }
        let Reading { split, max_value, .. } = &found.reading;
        if let Some(split) = split.filter(|split| !(*split > 0.0 && *split <= 1.0)) {
            return Err(format!("reading.split is {split}, but must be above 0 and at most 1"));
        }
        if let Some(value) = max_value.filter(|value| !(*value > 0.0 && value.is_finite())) {
            return Err(format!("reading.max_value is {value}, but must be a number above 0"));
        }
        if let Some(Words(Layout::Centred { ink })) = found.layout
            && !(1..=side).contains(&usize::from(ink))
        {
            return Err(format!("layout has ink of {ink} pixels, but side is {side}"));
        }
        if classes > MAX_CLASSES {
            return Err(format!("it has {classes} classes, but must have at most {MAX_CLASSES}"));
        }
        match found
            .classes
            .iter()
            .enumerate()
            .find_map(|(class, label)| Some((class, labels::fault(label)?)))
        {
            Some((class, fault)) => Err(format!("the label of class {class} {fault}")),
            None => Ok(found),
        }
    }

    /// How pictures are laid out for a model of these data: as its images are, or as MNIST's where
    /// that was not measured.
    pub fn layout(&self) -> Layout {
        self.layout.map_or(Layout::mnist(self.side.try_into().unwrap_or(MAX_SIDE)), |words| words.0)
    }

    /// The images of a model of these data.
    pub fn frame(&self) -> Frame {
        let side = self.side.try_into().unwrap_or(MAX_SIDE);
        Frame { width: side, height: side, layout: self.layout() }
    }

    /// Whether a training with the same configuration ends in the same weights, for the same classes.
    pub fn is_same_training(&self, other: &Self) -> bool {
        let of = |info: &Self| {
            let weights = info.fine_tuning.as_ref().map(|tuning| tuning.weights.clone());
            (info.digest.clone(), info.classes.clone(), weights)
        };
        of(self) == of(other)
    }

    /// The flags of `train` that say how the data are read, and what the run goes on from.
    pub fn flags(&self) -> String {
        let from =
            self.fine_tuning.as_ref().map(|tuning| format!(" --from {}", word(&tuning.from)));
        self.reading.flags() + &from.unwrap_or_default()
    }

    /// Describes a data set.
    pub fn new(data: &Dataset) -> Self {
        Self {
            // As it is read: what a terminal would obey has no place in a file that people look at.
            name: visible::line(&data.name),
            digest: hex(&data.digest()),
            side: data.train.side,
            layout: Some(Words(measure(&data.train))),
            train_images: data.train.len(),
            test_images: data.test.len(),
            classes: data.classes.clone(),
            fine_tuning: None,
            begun_by: None,
            labels: None,
            reading: Reading::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_data_are_read_is_checked_as_the_flags_are() {
        let info = |reading: &str| {
            DataInfo::from_toml(&format!(
                "name = \"mine\"\ndigest = \"00\"\nside = 8\ntrain_images = 1\ntest_images = 1\n\
                 classes = [\"a\"]\n[reading]\n{reading}\n"
            ))
        };
        for fine in ["split = 1.0", "max_value = 16.0", "split = 0.2\ninvert = true"] {
            assert!(info(fine).is_ok(), "{fine}");
        }
        let long = info("split = 0.5\n").unwrap();
        let long = DataInfo { classes: vec!["x".repeat(70_000)], ..long };
        let error = DataInfo::from_toml(&toml::to_string(&long).unwrap()).unwrap_err();
        assert!(error.starts_with("the label of class 0 has 70000 characters"), "{error}");
        for (wrong, key) in [
            ("split = 0.0", "reading.split is 0"),
            ("split = nan", "reading.split is NaN"),
            ("max_value = -1.0", "reading.max_value is -1"),
            ("max_value = inf", "reading.max_value is inf"),
        ] {
            let error = info(wrong).unwrap_err();
            assert!(error.starts_with(key), "{error}");
        }
    }
}
