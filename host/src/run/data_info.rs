//! The description of a run's data.

use inkbit_core::{Layout, MAX_SIDE, MAX_WIDTH, Range, Sample};
use serde::{Deserialize, Serialize};

use crate::data::layout::{Words, measure};
use crate::data::source::Reading;
use crate::data::{Dataset, Shape, labels};
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

/// Where a network comes from that another framework has trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imported {
    /// The path of its file, as it was given.
    pub file: String,
    /// SHA-256 of the file in hexadecimal digits.
    pub digest: String,
    /// What wrote the file.
    pub framework: String,
    /// The flags that say what becomes of pixels.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub flags: String,
    /// What was assumed, and what was left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The description of features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Features {
    /// How many.
    pub count: usize,
    /// Whether they are signed numbers of 16 bits; else they are bytes.
    pub signed: bool,
    /// Offset and multiplier of each range, or of the one for all features, see
    /// [`Range`](inkbit_core::Range).
    pub ranges: Vec<(i32, u32)>,
}

impl Features {
    fn fault(&self) -> Option<String> {
        let Self { count, ranges, .. } = self;
        if !(1..=MAX_WIDTH).contains(count) {
            return Some(format!("has {count} features, but must have from 1 to {MAX_WIDTH}"));
        }
        if ranges.len() != 1 && ranges.len() != *count {
            let found = ranges.len();
            return Some(format!("has {found} ranges, but must have 1 or {count}"));
        }
        let is_wide = |&&(offset, _): &&(i32, u32)| i16::try_from(offset).is_err();
        let wide = ranges.iter().find(is_wide);
        wide.map(|(offset, _)| format!("has a range from {offset}, but values have 16 bits"))
    }
}

/// The description of the data that a run was trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataInfo {
    /// The value of `--data`.
    pub name: String,
    /// SHA-256 of the data in hexadecimal digits, see [`Dataset::digest`].
    pub digest: String,
    /// Side length of a square image in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<usize>,
    /// Width and height of an image that is no square.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<[usize; 2]>,
    /// What the data are if they are no images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Features>,
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
    /// Where its weights come from, if they were not trained here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
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
        if let Some(Imported { file, digest, framework, flags, notes }) = &mut found.imported {
            for text in [file, digest, framework, flags].into_iter().chain(notes) {
                *text = visible::line(text);
            }
        }
        let classes = found.classes.len();
        let size = match (found.side, found.size, &found.features) {
            (Some(side), None, None) => [side; 2],
            (None, Some(size), None) => size,
            (None, None, Some(features)) => match features.fault() {
                Some(fault) => return Err(fault),
                None => [1; 2],
            },
            _ => return Err("it must have either a side, or a size, or features".to_owned()),
        };
        for (name, side) in ["width", "height"].into_iter().zip(size) {
            let name = if found.side.is_some() { "side" } else { name };
            if !(1..=usize::from(MAX_SIDE)).contains(&side) {
                return Err(format!("{name} is {side}, but must be from 1 to {MAX_SIDE}"));
            }
        }
        let side = size[0].min(size[1]);
        let Reading { split, max_value, factor, .. } = &found.reading;
        if let Some(split) = split.filter(|split| !(*split > 0.0 && *split <= 1.0)) {
            return Err(format!("reading.split is {split}, but must be above 0 and at most 1"));
        }
        for (name, value) in [("max_value", max_value), ("factor", factor)] {
            if let Some(value) = value.filter(|value| !(*value > 0.0 && value.is_finite())) {
                return Err(format!("reading.{name} is {value}, but must be a number above 0"));
            }
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
        let side = self.shape().size().into_iter().min().and_then(|side| side.try_into().ok());
        self.layout.map_or(Layout::mnist(side.unwrap_or(MAX_SIDE)), |words| words.0)
    }

    /// What a sample is.
    pub fn shape(&self) -> Shape {
        if let Some(Features { count, signed, ranges }) = &self.features {
            let ranges = ranges.iter().map(|&(offset, multiplier)| Range { offset, multiplier });
            return Shape::Features { count: *count, signed: *signed, ranges: ranges.collect() };
        }
        let [width, height] = self.size.unwrap_or([self.side.unwrap_or(1); 2]);
        Shape::Image { width, height }
    }

    /// What a model of these data takes.
    pub fn sample(&self) -> Sample {
        self.shape().sample(self.layout())
    }

    /// Whether a training with the same configuration ends in the same weights, for the same classes.
    pub fn is_same_training(&self, other: &Self) -> bool {
        let of = |info: &Self| {
            let weights = info.fine_tuning.as_ref().map(|tuning| tuning.weights.clone());
            let imported = info.imported.as_ref().map(|imported| imported.digest.clone());
            (info.digest.clone(), info.classes.clone(), weights, imported)
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
        let shape = &data.train.shape;
        Self {
            // As it is read: what a terminal would obey has no place in a file that people look at.
            name: visible::line(&data.name),
            digest: hex(&data.digest()),
            side: shape.side(),
            size: match shape {
                Shape::Image { width, height } if width != height => Some([*width, *height]),
                _ => None,
            },
            features: match shape {
                Shape::Features { count, signed, ranges } => Some(Features {
                    count: *count,
                    signed: *signed,
                    ranges: ranges.iter().map(|range| (range.offset, range.multiplier)).collect(),
                }),
                Shape::Image { .. } => None,
            },
            layout: (!shape.is_features()).then(|| Words(measure(&data.train))),
            train_images: data.train.len(),
            test_images: data.test.len(),
            classes: data.classes.clone(),
            fine_tuning: None,
            imported: None,
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
