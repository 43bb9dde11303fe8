//! The committed counts, and whether new ones are worse.

use inkbit::device::fit::Fit;
use inkbit_core::Input;
use serde::{Deserialize, Serialize};

use crate::engine::{PARTS, Part};
use crate::fit::fits;
use crate::measure::Count;
use crate::subject::{Expected, Facts};

/// How far a count may be above the committed one. Counts are deterministic; what is left is for
/// compilers that lay code out a little differently.
const TOLERANCE: f64 = 0.01;

/// What the file begins with.
const HEAD: &str = "# Instructions of an inference, counted in QEMU. \
                    `cargo xtask count --write` writes this file.\n\
                    # Each count is of one model on one board. Each fit has the coefficients of the\n\
                    # formula (host/src/device/fit.rs) that estimates instructions on one processor.\n\n";

/// The file of counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Committed {
    /// What compiled the firmware, such as `rustc 1.95.0`.
    pub compiler: String,
    /// One for each model, board, kernel and set of images.
    #[serde(default, rename = "count")]
    pub counts: Vec<Entry>,
    /// What estimates for other models take from the counts; one for each processor.
    #[serde(default, rename = "fit")]
    pub fits: Vec<Fit>,
}

/// What a set of images took on a board. Means are rounded to tenths.
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
    /// The images, such as `20 synthetic`.
    pub images: String,
    /// The image that the model takes.
    #[serde(with = "square")]
    pub input: Input,
    /// Inputs of the first layer, then the outputs of each.
    pub widths: Vec<usize>,
    /// Bits of a weight in each layer.
    pub bits: Vec<usize>,
    /// Mean number of each layer's non-zero inputs.
    pub nonzero: Vec<f64>,
    /// Mean of all instructions.
    pub mean: f64,
    /// The fewest.
    pub least: u64,
    /// The most.
    pub most: u64,
    /// For an image whose every pixel is 255.
    pub all_ink: u64,
    /// Means by [`Part`].
    pub parts: Vec<f64>,
    /// Means before the first layer, in the first, and so on.
    pub layers: Vec<f64>,
}

/// An image as the file has it: all that are counted are squares, shrunk alike along both axes.
mod square {
    use super::Input;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Square {
        side: u16,
        crop: u8,
        pool: u8,
    }

    pub(super) fn serialize<S: Serializer>(
        input: &Input,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let &Input { width: side, crop: [crop, _], pool: [pool, _], .. } = input;
        if *input != Input::square(side, crop, pool) {
            return Err(S::Error::custom("the image is no square that is shrunk alike"));
        }
        Square { side, crop, pool }.serialize(serializer)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Input, D::Error> {
        let Square { side, crop, pool } = Square::deserialize(deserializer)?;
        Ok(Input::square(side, crop, pool))
    }
}

/// How new counts compare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What is wrong; empty if nothing is.
    pub faults: Vec<String>,
    /// What is better than the committed counts say.
    pub gains: Vec<String>,
}

impl Entry {
    /// Summarizes the counts of images; `data` is what they are called, `expected` states their
    /// non-zero inputs.
    pub fn new(
        facts: &Facts,
        (board, kernel): (&str, &str),
        data: &str,
        counts: &[Count],
        expected: &[Expected],
    ) -> Self {
        let mean = |numbers: &mut dyn Iterator<Item = u64>| {
            let mean = numbers.sum::<u64>() as f64 / counts.len().max(1) as f64;
            (mean * 10.0).round() / 10.0
        };
        let totals = || counts.iter().map(Count::total);
        // Of a stage that is not asked, the layers take nothing.
        let of = |layers: &[u64], layer: usize| layers.get(layer).copied().unwrap_or_default();
        Self {
            model: facts.name.clone(),
            crc: format!("{:08x}", facts.crc),
            board: board.to_owned(),
            kernel: kernel.to_owned(),
            images: format!("{} {data}", counts.len()),
            input: facts.input,
            widths: facts.widths.clone(),
            bits: facts.bits.clone(),
            nonzero: (0..facts.bits.len())
                .map(|layer| mean(&mut expected.iter().map(|image| of(&image.nonzero, layer))))
                .collect(),
            mean: mean(&mut totals()),
            least: totals().min().unwrap_or_default(),
            most: totals().max().unwrap_or_default(),
            all_ink: 0,
            parts: (0..PARTS)
                .map(|part| mean(&mut counts.iter().map(|count| count.parts[part])))
                .collect(),
            layers: (0..=facts.bits.len())
                .map(|layer| mean(&mut counts.iter().map(|count| of(&count.layers, layer))))
                .collect(),
        }
    }

    /// Mean number of multiplications that zero skipping leaves.
    pub fn macs(&self) -> f64 {
        self.nonzero.iter().zip(&self.widths[1..]).map(|(n, width)| n * *width as f64).sum()
    }

    /// Instructions for each of them.
    pub fn per_mac(&self) -> f64 {
        self.mean / self.macs()
    }

    /// The same of the kernel alone.
    pub fn multiply_per_mac(&self) -> f64 {
        self.parts[Part::Multiply as usize] / self.macs()
    }

    /// What it counts. Not by CRC: a model that was trained anew replaces the old.
    fn key(&self) -> [&str; 4] {
        [&self.model, &self.images, &self.board, &self.kernel]
    }

    fn title(&self) -> String {
        let Self { model, board, kernel, images, .. } = self;
        format!("{model} on {board} ({kernel}), {images} images")
    }
}

impl Committed {
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
    /// If an image is no square: no such model is counted.
    pub fn text(&self) -> String {
        HEAD.to_owned() + &toml::to_string(self).expect("text, numbers, squares, and lists of them")
    }

    /// Replaces the entries that count the same things, adds the others, and fits to all of them.
    pub fn renew(&mut self, compiler: &str, entries: Vec<Entry>) {
        compiler.clone_into(&mut self.compiler);
        self.counts.retain(|old| entries.iter().all(|new| new.key() != old.key()));
        self.counts.extend(entries);
        self.counts.sort_by(|a, b| a.key().cmp(&b.key()));
        self.fits = fits(&self.counts);
    }

    /// Compares new counts with these.
    pub fn compare(&self, compiler: &str, entries: &[Entry]) -> Comparison {
        let mut comparison = Comparison::default();
        for new in entries {
            let title = new.title();
            let Some(old) = self.counts.iter().find(|old| old.key() == new.key()) else {
                comparison.faults.push(format!("{title}: no count is committed"));
                continue;
            };
            if old.crc != new.crc {
                let (old, new) = (&old.crc, &new.crc);
                let fault =
                    format!("{title}: the model's CRC-32 is {new}, the committed one's {old}");
                comparison.faults.push(fault);
                continue;
            }
            for (what, old, new) in [
                ("mean", old.mean, new.mean),
                ("for all pixels 255", old.all_ink as f64, new.all_ink as f64),
            ] {
                let change = format!(
                    "{title}, {what}: {new:.1} instructions, {:+.2} % from the committed {old:.1}",
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
                "the committed counts are of {}, these of {compiler}: that alone may move them",
                self.compiler
            ));
        }
        comparison
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const RUSTC: &str = "rustc 1.95.0";

    pub(crate) fn entry(board: &str, kernel: &str, bits: usize, mean: f64) -> Entry {
        Entry {
            model: format!("int{bits}"),
            crc: format!("{bits:08x}"),
            board: board.to_owned(),
            kernel: kernel.to_owned(),
            images: "20 synthetic".to_owned(),
            input: Input::full(28),
            widths: vec![784, 256, 128, 10],
            bits: vec![bits; 3],
            nonzero: vec![150.0, 86.25, 56.0],
            mean,
            least: 0,
            most: 0,
            all_ink: 270_000,
            parts: vec![2_000.0, 50_000.0, 8_000.0],
            layers: vec![1.0; 4],
        }
    }

    fn committed() -> Committed {
        let mut committed = Committed::default();
        committed.renew(RUSTC, vec![entry("microbit", "default", 8, 190_000.0)]);
        committed
    }

    fn compare(mean: f64) -> Comparison {
        committed().compare(RUSTC, &[entry("microbit", "default", 8, mean)])
    }

    #[test]
    fn an_entry_holds_means_and_extremes() {
        let count =
            |parts, layers: [u64; 3]| Count { parts, layers: layers.to_vec(), ..Count::default() };
        let counts = [count([1, 2, 3], [1, 2, 3]), count([3, 4, 6], [3, 4, 6])];
        let expected = [[1, 3], [3, 4]].map(|nonzero| Expected {
            logits: Vec::new(),
            stage: 0,
            nonzero: nonzero.to_vec(),
        });
        let facts = Facts {
            name: "tiny".to_owned(),
            crc: 0xBEEF,
            input: Input::full(28),
            widths: vec![8, 6, 2],
            networks: vec![vec![8, 6, 2]],
            bits: vec![8, 4],
            scratch_bytes: 0,
        };
        let entry = Entry::new(&facts, ("microbit", "default"), "MNIST", &counts, &expected);
        assert_eq!((entry.mean, entry.least, entry.most), (9.5, 6, 13));
        assert_eq!(
            (&entry.parts[..], &entry.layers[..]),
            (&[2.0, 3.0, 4.5][..], &[2.0, 3.0, 4.5][..])
        );
        assert_eq!((&entry.nonzero[..], entry.macs()), (&[2.0, 3.5][..], 19.0));
        assert_eq!((entry.crc.as_str(), entry.images.as_str()), ("0000beef", "2 MNIST"));
    }

    #[test]
    fn more_than_one_percent_above_is_a_fault_and_below_a_gain() {
        for mean in [190_000.0, 191_800.0, 188_200.0] {
            assert_eq!(compare(mean), Comparison::default());
        }
        let Comparison { faults, gains } = compare(192_000.0);
        assert!(gains.is_empty());
        assert_eq!(
            faults,
            [
                "int8 on microbit (default), 20 synthetic images, mean: 192000.0 instructions, +1.05 % \
              from the committed 190000.0"
            ]
        );
        let Comparison { faults, gains } = compare(180_000.0);
        assert!(faults.is_empty() && gains.len() == 1, "{gains:?}");
    }

    #[test]
    fn an_image_of_ink_alone_is_compared_too() {
        let mut worse = entry("microbit", "default", 8, 190_000.0);
        worse.all_ink += worse.all_ink / 50;
        let faults = committed().compare(RUSTC, &[worse]).faults;
        assert!(faults.len() == 1 && faults[0].contains("255"), "{faults:?}");
    }

    #[test]
    fn what_is_not_committed_or_of_another_model_is_a_fault() {
        let other = entry("microbit", "portable", 8, 1.0);
        assert!(committed().compare(RUSTC, &[other]).faults[0].contains("no count"));
        let other =
            Entry { crc: "c0ffee00".to_owned(), ..entry("microbit", "default", 8, 190_000.0) };
        assert!(committed().compare(RUSTC, &[other]).faults[0].contains("c0ffee00"));
    }

    #[test]
    fn another_compiler_is_named_only_beside_a_fault() {
        let compare =
            |mean| committed().compare("rustc 1.99.0", &[entry("microbit", "default", 8, mean)]);
        assert!(compare(200_000.0).faults[1].contains("rustc 1.99.0"));
        assert_eq!(compare(190_000.0), Comparison::default());
    }

    #[test]
    fn the_file_is_read_as_it_was_written_and_renewed_entry_by_entry() {
        let mut committed = committed();
        committed.renew(RUSTC, vec![entry("lm3s6965evb", "portable", 8, 7.0)]);
        committed.renew(RUSTC, vec![entry("microbit", "default", 8, 9.0)]);
        let means: Vec<f64> = committed.counts.iter().map(|entry| entry.mean).collect();
        assert_eq!(means, [7.0, 9.0]);
        assert_eq!(Committed::parse(&committed.text()), Ok(committed));
    }
}
