//! What the built-in models call none of their classes.

use std::fmt;

use inkbit::data::Images;
use inkbit::evaluate::refusal::Refusal;
use inkbit::model::builtin;

/// What a model refuses, in percent.
pub struct Refusals {
    /// Its name.
    pub model: String,
    /// Test images that it accepts by its own threshold.
    pub accepted: f64,
    /// What it then refuses of each kind that is no digit.
    pub refused: Vec<f64>,
    /// What it refuses of all kinds by the threshold that accepts 99 % of the test images.
    pub at_99: f64,
}

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| {} | {:.1} |", self.model, self.accepted)?;
        self.refused.iter().try_for_each(|refused| write!(f, " {refused:.0} |"))?;
        write!(f, " {:.0} |", self.at_99)
    }
}

/// What each model refuses, measured with these test images.
///
/// # Panics
///
/// If they are not images of 28 × 28 pixels.
pub fn refusals(test: &Images) -> Vec<Refusals> {
    let of_model = |blob: &inkbit::model::Blob| {
        let model = blob.model().expect("a model");
        let found = Refusal::measure(&model, test).expect("images of its size");
        let at_99 = found.curve.iter().rev().find(|[accepted, _]| *accepted >= 0.99);
        Refusals {
            model: model.header().name.to_owned(),
            accepted: 100.0 * found.accepted,
            refused: found.refused.iter().map(|refused| 100.0 * refused.fraction).collect(),
            at_99: 100.0 * at_99.map_or(0.0, |[_, refused]| *refused),
        }
    };
    builtin::all().iter().map(of_model).collect()
}
