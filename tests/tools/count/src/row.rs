//! One model on one board with one kernel.

use std::ops::Range;
use std::path::Path;

use inkbit::device::Firmware;
use inkbit::device::board::{self, Board};
use inkbit::model::Blob;
use inkbit_tests::c_engine::CMSIS_NN;

use crate::cycles::Cycles;
use crate::entry::Entry;
use crate::measure::{self, Count, Counts, Sample};
use crate::subject::{Expected, Pictures, REFERENCE, Subject};

/// The network that the baseline was measured on.
const CLASSIC: &[usize] = &[784, 256, 128, 10];

/// How many times the instructions of 8-bit weights those of fewer bits may take for a product.
const FEWER_BITS: f64 = 1.25;

/// The most bytes of stack that an inference may take.
const STACK: u64 = 256;

/// A firmware to count.
pub struct Target {
    /// Where it runs.
    pub board: Board,
    /// What it computes with: `default`, which is flashed, `lanes32`, or `portable`.
    pub kernel: &'static str,
    /// Its file.
    pub firmware: Firmware,
}

/// One model on one board with one kernel.
#[derive(Clone, Debug)]
pub struct Row {
    /// The board's processor.
    pub cpu: String,
    /// The [`REFERENCE`] synthetic images.
    pub reference: Entry,
    /// The images of the data set, if there are any.
    pub images: Option<Entry>,
    /// The synthetic images with the same weights in 8 bits each, where the model has fewer and
    /// that fits the board.
    pub in_8_bits: Option<Entry>,
    /// The fewest and the most mean cycles, estimated; 0 where there is no estimate.
    pub cycles: [f64; 2],
    /// The most bytes of stack.
    pub stack: u64,
    /// Logits that were not the expected ones.
    pub differing: usize,
    /// Bytes of working memory for this network.
    pub scratch_bytes: usize,
    /// Widths of the layers of each stage, inputs first.
    pub networks: Vec<Vec<usize>>,
    /// The fraction of the images that are shown of which each stage is asked.
    pub asked: Vec<f64>,
    /// Bytes of the engine's code.
    pub code: u64,
    /// What compiled it.
    pub compiler: String,
}

impl Row {
    /// Counts a model on a board; `progress` is called after each image.
    ///
    /// # Errors
    ///
    /// As [`measure::count`].
    pub fn count(
        subject: &Subject,
        Target { board, kernel, firmware }: &Target,
        plugin: &Path,
        pictures: &Pictures,
        progress: impl Fn(),
    ) -> anyhow::Result<Self> {
        let reference = 1..1 + REFERENCE;
        // For estimates, the synthetic images are enough.
        let images = if subject.is_probe { reference.end } else { pictures.pixels.len() };
        let others = reference.end..images;
        let samples: Vec<Sample<'_>> = pictures.pixels[..images]
            .iter()
            .zip(&subject.expected)
            .map(|(pixels, expected)| (pixels.as_slice(), expected.logits.as_slice()))
            .collect();
        let count = |blob: &Blob, samples: &[Sample<'_>]| {
            measure::count(board, firmware, plugin, blob, samples, &progress)
        };
        let Counts { images: counts, code, compiler } = count(&subject.blob, &samples)?;
        let all_ink = counts[0].total();
        let entry = |data, counts: &[Count], images: &Range<usize>| {
            let names = (board.name.as_str(), *kernel);
            let expected = &subject.expected[images.clone()];
            Entry { all_ink, ..Entry::new(&subject.facts, names, data, counts, expected) }
        };
        let shown = if others.is_empty() { &reference } else { &others };
        let mut row = Self {
            cpu: board.cpu.clone(),
            reference: entry("synthetic", &counts[reference.clone()], &reference),
            images: (!others.is_empty())
                .then(|| entry(pictures.data, &counts[others.clone()], &others)),
            in_8_bits: None,
            cycles: counts[shown.clone()]
                .iter()
                .map(|count| count.cycles)
                .sum::<Cycles>()
                .mean(shown.len()),
            stack: counts.iter().map(|count| count.stack).max().unwrap_or_default(),
            differing: counts.iter().map(|count| count.differing).sum(),
            scratch_bytes: subject.facts.scratch_bytes,
            networks: subject.facts.networks.clone(),
            asked: asked(&subject.expected[shown.clone()], subject.facts.networks.len()),
            code,
            compiler,
        };
        if let Some(blob) = &subject.in_8_bits
            && board::check(board, &blob.model()?, blob.bytes()).is_ok()
        {
            // The expected logits are those of the model with fewer bits.
            let counts = count(blob, &samples[reference.clone()])?.images;
            row.differing += counts.iter().map(|count| count.differing).sum::<usize>();
            row.in_8_bits = Some(entry("synthetic", &counts, &reference));
        }
        Ok(row)
    }

    /// The images of the data set, or else the synthetic ones.
    pub fn shown(&self) -> &Entry {
        self.images.as_ref().unwrap_or(&self.reference)
    }

    /// CMSIS-NN's instructions for this network on this processor, where they were measured.
    pub fn cmsis_nn(&self) -> Option<f64> {
        let (_, found) = CMSIS_NN.iter().find(|(cpu, _)| *cpu == self.cpu)?;
        (self.reference.widths == CLASSIC && self.reference.bits[0] == 8).then_some(*found)
    }

    /// What is wrong whatever was committed.
    pub fn faults(&self) -> Vec<String> {
        let Self { differing, stack, reference, .. } = self;
        let mut faults = Vec::new();
        if *differing > 0 {
            faults
                .push(format!("{differing} logits differ from those that core/FORMAT.md defines"));
        }
        if *stack > STACK && reference.kernel != "portable" {
            faults.push(format!(
                "an inference takes {stack} bytes of stack, {STACK} are the most: keep less across the \
                 calls that core/src/engine.rs makes for a layer"
            ));
        }
        if let Some(other) = &self.in_8_bits {
            let ratio = reference.per_mac() / other.per_mac();
            if ratio > FEWER_BITS {
                faults.push(format!(
                    "a product takes {ratio:.3} times the instructions of the same weights in 8 bits, \
                     {FEWER_BITS} are the most"
                ));
            }
        }
        let Entry { model, board, kernel, .. } = reference;
        faults.iter().map(|fault| format!("{model} on {board} ({kernel}): {fault}")).collect()
    }
}

/// The fraction of images of which each stage is asked.
fn asked(expected: &[Expected], stages: usize) -> Vec<f64> {
    let of = |stage| expected.iter().filter(|expected| expected.stage >= stage).count();
    (0..stages).map(|stage| of(stage) as f64 / expected.len().max(1) as f64).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::entry::tests::entry;

    pub(crate) fn row(cpu: &str, bits: usize, mean: f64) -> Row {
        Row {
            cpu: cpu.to_owned(),
            reference: entry("microbit", "default", bits, mean),
            images: None,
            in_8_bits: None,
            cycles: [0.0; 2],
            stack: STACK,
            differing: 0,
            scratch_bytes: 4160,
            networks: vec![CLASSIC.to_vec()],
            asked: vec![1.0],
            code: 3000,
            compiler: "rustc 1.95.0".to_owned(),
        }
    }

    #[test]
    fn a_wrong_logit_too_much_stack_and_slow_narrow_weights_are_faults() {
        let mut row = row("Cortex-M0", 4, 190_000.0);
        row.in_8_bits = Some(entry("microbit", "default", 8, 160_000.0));
        assert_eq!(row.faults(), [""; 0]);
        (row.differing, row.stack) = (2, STACK + 1);
        row.in_8_bits = Some(entry("microbit", "default", 8, 150_000.0));
        let faults = row.faults();
        for (fault, part) in faults.iter().zip(["2 logits", "257 bytes", "1.267 times"]) {
            assert!(fault.contains("int4 on microbit") && fault.contains(part), "{fault}");
        }
        assert_eq!(faults.len(), 3);
    }

    #[test]
    fn the_baseline_is_named_only_for_the_network_that_it_was_measured_on() {
        let mut row = row("Cortex-M0", 8, 190_000.0);
        assert_eq!(row.cmsis_nn(), Some(1_451_573.0));
        row.reference.widths = vec![784, 10];
        assert_eq!(row.cmsis_nn(), None);
    }
}
