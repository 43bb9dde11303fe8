//! The committed counts, and whether new ones are worse.

use inkbit::device::fit::Fit;
use inkbit_core::Input;
use serde::{Deserialize, Serialize};

use super::fit::fits;
use super::summary::{Row, Summary};

/// How far a count may be above the baseline. Counts are deterministic; what is left is for
/// compilers that lay code out a little differently.
const TOLERANCE: f64 = 0.01;

/// What the file begins with.
const HEAD: &str = "# Instructions of an inference, counted in QEMU. \
                    `cargo xtask count --write` writes this file.\n\
                    # A count is of a model on a board; a fit is what the terms of an estimate\n\
                    # (host/src/device/fit.rs) take on a processor.\n\n";

/// Counts that later ones are compared with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// What compiled the firmware, as `rustc 1.95.0`.
    pub compiler: String,
    /// One for each model, board, kernel and set of images.
    #[serde(default, rename = "count")]
    pub counts: Vec<Entry>,
    /// What estimates for other models take from the counts; one for each processor.
    #[serde(default, rename = "fit")]
    pub fits: Vec<Fit>,
}

/// What a set of images took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The model's name.
    pub model: String,
    /// Its CRC-32, in hexadecimal.
    pub crc: String,
    /// The board.
    pub board: String,
    /// What ran on it.
    pub kernel: String,
    /// The images, as `20 synthetic`.
    pub images: String,
    /// The image that the model takes.
    pub input: Option<Input>,
    /// Inputs of the first layer, then the outputs of each.
    #[serde(default)]
    pub widths: Vec<usize>,
    /// Bits of a weight in each layer.
    #[serde(default)]
    pub bits: Vec<usize>,
    /// Mean number of each layer's inputs that are not zero.
    #[serde(default)]
    pub nonzero: Vec<f64>,
    /// Mean of all instructions.
    pub mean: f64,
    /// The fewest.
    pub least: u64,
    /// The most.
    pub most: u64,
    /// For an image of which every pixel is 255.
    pub all_ink: u64,
    /// Means by part: gather, multiply, requantise.
    pub parts: Vec<f64>,
    /// Means before the first layer, in the first, and so on.
    pub layers: Vec<f64>,
}

/// How new counts compare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What is wrong; empty if nothing is.
    pub faults: Vec<String>,
    /// What is better than the baseline says.
    pub gains: Vec<String>,
}

impl Entry {
    fn new(row: &Row, summary: &Summary, data: &str) -> Self {
        let tenths = |value: &f64| (value * 10.0).round() / 10.0;
        Self {
            model: row.model.name.clone(),
            crc: format!("{:08x}", row.model.crc),
            board: row.board.clone(),
            kernel: row.kernel.clone(),
            images: format!("{} {data}", summary.images),
            input: Some(row.model.input),
            widths: row.model.widths.clone(),
            bits: row.model.bits.clone(),
            nonzero: summary.nonzero.iter().map(tenths).collect(),
            mean: tenths(&summary.mean),
            least: summary.least,
            most: summary.most,
            all_ink: row.all_ink,
            parts: summary.parts.iter().map(tenths).collect(),
            layers: summary.layers.iter().map(tenths).collect(),
        }
    }

    /// Whether it counts the same thing. Not by CRC: a model that was trained anew replaces the old.
    fn is_about(&self, other: &Self) -> bool {
        let key = |entry: &Self| {
            [&entry.model, &entry.board, &entry.kernel, &entry.images].map(String::clone)
        };
        key(self) == key(other)
    }

    fn title(&self) -> String {
        let Self { model, board, kernel, images, .. } = self;
        format!("{model} on {board} ({kernel}), {images} images")
    }
}

/// What the rows of a run say, as entries. `data` is what the rows' images are called; those of the
/// baseline are synthetic.
#[must_use]
pub fn entries(rows: &[Row], data: &str) -> Vec<Entry> {
    let reference = rows.iter().map(|row| Entry::new(row, &row.reference, "synthetic"));
    let images = rows.iter().filter(|row| row.images != row.reference);
    reference.chain(images.map(|row| Entry::new(row, &row.images, data))).collect()
}

impl Baseline {
    /// Reads the file's text.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The file's text.
    ///
    /// # Panics
    ///
    /// Never: everything in it can be written.
    #[must_use]
    pub fn text(&self) -> String {
        HEAD.to_owned() + &toml::to_string(self).expect("text, numbers and lists of them")
    }

    /// Replaces the entries that count the same things, adds the others, and fits to all of them.
    pub fn renew(&mut self, compiler: &str, entries: Vec<Entry>) {
        compiler.clone_into(&mut self.compiler);
        for entry in entries {
            match self.counts.iter_mut().find(|old| old.is_about(&entry)) {
                Some(old) => *old = entry,
                None => self.counts.push(entry),
            }
        }
        self.counts.sort_by_key(|entry| {
            let Entry { model, images, board, kernel, .. } = entry.clone();
            (model, images, board, kernel)
        });
        self.fits = fits(&self.counts);
    }

    /// Compares a run with this.
    #[must_use]
    pub fn compare(&self, compiler: &str, entries: &[Entry]) -> Comparison {
        let mut comparison = Comparison::default();
        for new in entries {
            let title = new.title();
            let Some(old) = self.counts.iter().find(|old| old.is_about(new)) else {
                comparison.faults.push(format!("{title}: there is no baseline"));
                continue;
            };
            if old.crc != new.crc {
                let (old, new) = (&old.crc, &new.crc);
                comparison.faults.push(format!(
                    "{title}: the model's CRC-32 is {new}, the baseline's was {old}"
                ));
                continue;
            }
            for (what, old, new) in [
                ("mean", old.mean, new.mean),
                ("for all pixels 255", old.all_ink as f64, new.all_ink as f64),
            ] {
                let change = format!(
                    "{title}, {what}: {new:.1} instructions, {:+.2} % of the baseline's {old:.1}",
                    (new / old - 1.0) * 100.0
                );
                if new > old * (1.0 + TOLERANCE) {
                    comparison.faults.push(change);
                } else if new < old * (1.0 - TOLERANCE) {
                    comparison.gains.push(change);
                }
            }
        }
        if !comparison.faults.is_empty() && compiler != self.compiler {
            comparison.faults.push(format!(
                "the baseline was compiled by {}, this by {compiler}: that alone may move counts",
                self.compiler
            ));
        }
        comparison
    }
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::row;
    use super::*;

    const RUSTC: &str = "rustc 1.95.0";

    fn baseline() -> Baseline {
        let mut baseline = Baseline::default();
        baseline.renew(RUSTC, entries(&[row("microbit", "packed", 8, 190_000.0)], "MNIST"));
        baseline
    }

    fn compare(mean: f64) -> Comparison {
        baseline().compare(RUSTC, &entries(&[row("microbit", "packed", 8, mean)], "MNIST"))
    }

    #[test]
    fn more_than_one_percent_above_is_a_fault_and_below_a_gain() {
        assert_eq!(compare(190_000.0), Comparison::default());
        assert_eq!(compare(191_800.0), Comparison::default());
        assert_eq!(compare(188_200.0), Comparison::default());
        let Comparison { faults, gains } = compare(192_000.0);
        assert!(gains.is_empty());
        assert_eq!(
            faults[0],
            "int8 on microbit (packed), 20 synthetic images, mean: 192000.0 instructions, +1.05 % \
             of the baseline's 190000.0"
        );
        let Comparison { faults, gains } = compare(180_000.0);
        assert!(faults.is_empty());
        assert_eq!(gains.len(), 2, "{gains:?}");
    }

    #[test]
    fn an_image_of_ink_alone_is_compared_too() {
        let mut worse = row("microbit", "packed", 8, 190_000.0);
        worse.all_ink += worse.all_ink / 50;
        let faults = baseline().compare(RUSTC, &entries(&[worse], "MNIST")).faults;
        assert!(faults.iter().all(|fault| fault.contains("255")) && faults.len() == 2);
    }

    #[test]
    fn what_has_no_baseline_or_another_model_is_a_fault() {
        let other = entries(&[row("microbit", "wide", 8, 1.0)], "MNIST");
        assert!(baseline().compare(RUSTC, &other).faults[0].contains("no baseline"));
        let mut other = row("microbit", "packed", 8, 190_000.0);
        other.model.crc = 0xC0FF_EE00;
        let faults = baseline().compare(RUSTC, &entries(&[other], "MNIST")).faults;
        assert!(faults[0].contains("c0ffee00"), "{faults:?}");
    }

    #[test]
    fn another_compiler_is_named_only_beside_a_fault() {
        let worse = entries(&[row("microbit", "packed", 8, 200_000.0)], "MNIST");
        let faults = baseline().compare("rustc 1.99.0", &worse).faults;
        assert!(faults.last().unwrap().contains("rustc 1.99.0"));
        let same = entries(&[row("microbit", "packed", 8, 190_000.0)], "MNIST");
        assert_eq!(baseline().compare("rustc 1.99.0", &same), Comparison::default());
    }

    #[test]
    fn the_file_is_read_as_it_was_written_and_renewed_entry_by_entry() {
        let mut baseline = baseline();
        baseline.renew(RUSTC, entries(&[row("lm3s6965evb", "wide", 8, 7.0)], "MNIST"));
        baseline.renew(RUSTC, entries(&[row("microbit", "packed", 8, 9.0)], "MNIST"));
        let means: Vec<f64> = baseline.counts.iter().map(|entry| entry.mean).collect();
        assert_eq!(means, [7.0, 9.0, 7.0, 9.0]);
        assert_eq!(Baseline::parse(&baseline.text()), Ok(baseline));
    }
}
