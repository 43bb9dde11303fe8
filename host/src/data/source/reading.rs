//! How a source is read: what the flags of `inkbit data` say, and a run records.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::SourceError;
use crate::data::{Dataset, Images, Shape};
use crate::support::shell;

/// The fraction of the images that is held out where there are none to test on.
const SPLIT: f64 = 0.2;

/// How a source is read, beside what it is. A run records it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reading {
    /// The column of labels of a CSV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether pictures are taken as they are, all of one square size.
    #[serde(skip_serializing_if = "is_false")]
    pub as_is: bool,
    /// The fraction of each class to test on where a source has none for it, above 0 to 1; a fifth if
    /// there is none here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<f64>,
    /// Width and height of the images that a table's rows hold, or that pictures are turned into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<[u16; 2]>,
    /// Whether rows of numbers are features, even if they could be images.
    #[serde(skip_serializing_if = "is_false")]
    pub features: bool,
    /// Whether features have one range, and not one each.
    #[serde(skip_serializing_if = "is_false")]
    pub one_range: bool,
    /// What features are multiplied by before they are rounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
    /// Whether rows and columns are swapped.
    #[serde(skip_serializing_if = "is_false")]
    pub transpose: bool,
    /// Whether each value becomes 255 minus it.
    #[serde(skip_serializing_if = "is_false")]
    pub invert: bool,
    /// The value that becomes 255, and others in proportion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_value: Option<f64>,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Reading {
    /// Whether it says nothing.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// A flag that is of no use for features.
    pub(super) fn of_images(&self) -> Option<&'static str> {
        let flags = [
            ("--as-is", self.as_is),
            ("--transpose", self.transpose),
            ("--invert", self.invert),
            ("--max-value", self.max_value.is_some()),
        ];
        flags.into_iter().find(|(_, is_given)| *is_given).map(|(flag, _)| flag)
    }

    /// A flag that is of no use for images.
    pub(in crate::data) fn of_features(&self) -> Option<&'static str> {
        let flags = [
            ("--features", self.features),
            ("--one-range", self.one_range),
            ("--factor", self.factor.is_some()),
        ];
        flags.into_iter().find(|(_, is_given)| *is_given).map(|(flag, _)| flag)
    }

    /// The fraction to test on in ten thousandths.
    pub(super) fn split(&self) -> u64 {
        (self.split.unwrap_or(SPLIT).clamp(0.0, 1.0) * 10_000.0).round() as u64
    }

    /// The flags that say it, each after a space.
    pub fn flags(&self) -> String {
        let mut flags = String::new();
        if let Some(label) = &self.label {
            flags += &format!(" --label {}", shell::word(label));
        }
        if let Some([width, height]) = self.size {
            flags += &format!(" --size {width}x{height}");
        }
        let switches = [
            ("as-is", self.as_is),
            ("features", self.features),
            ("one-range", self.one_range),
            ("transpose", self.transpose),
            ("invert", self.invert),
        ];
        for (name, _) in switches.into_iter().filter(|(_, is_given)| *is_given) {
            flags += &format!(" --{name}");
        }
        let numbers =
            [("split", self.split), ("factor", self.factor), ("max-value", self.max_value)];
        for (name, value) in numbers {
            flags += &value.map(|value| format!(" --{name} {value}")).unwrap_or_default();
        }
        flags
    }

    /// Scales the values of bytes by `max_value`.
    pub(in crate::data) fn scale(&self, data: &mut Dataset) -> Result<(), SourceError> {
        let Some(most) = self.max_value else { return Ok(()) };
        let pixels = data.train.pixels.iter_mut().chain(&mut data.test.pixels);
        for value in pixels {
            let scaled = f64::from(*value) * 255.0 / most;
            if scaled > 255.5 {
                let fault = format!("has the pixel value {value}, but --max-value is {most}");
                return Err(SourceError::content(Path::new(&data.name), fault));
            }
            *value = scaled.round() as u8;
        }
        Ok(())
    }

    /// Swaps rows and columns, and inverts; features stay as they are.
    pub(in crate::data) fn turn(&self, images: &mut Images) {
        if images.shape.is_features() {
            return;
        }
        if self.transpose {
            transpose(images);
        }
        if self.invert {
            images.pixels.iter_mut().for_each(|value| *value = 255 - *value);
        }
    }
}

/// Swaps rows and columns of every image; features stay as they are.
pub fn transpose(images: &mut Images) {
    let Shape::Image { width, height } = images.shape else { return };
    let mut turned = vec![0; width * height];
    for image in images.pixels.chunks_exact_mut(turned.len().max(1)) {
        for (place, &pixel) in image.iter().enumerate() {
            turned[place % width * height + place / width] = pixel;
        }
        image.copy_from_slice(&turned);
    }
    images.shape = Shape::Image { width: height, height: width };
}
