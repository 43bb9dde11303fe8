//! What was counted, brought together over images, and what it is held against.

use inkbit::device::Board;
use inkbit_core::Input;

use super::cycles::Cycles;
use super::engine::{PARTS, Part};
use super::measure::Count;

/// The net that the bars and the peers' figures are for.
const CLASSIC: &[usize] = &[784, 256, 128, 10];

/// Instructions of CMSIS-NN's s8 functions for [`CLASSIC`], whatever the image, by processor.
const CMSIS_NN: &[(&str, f64)] =
    &[("Cortex-M0", 1_451_573.0), ("Cortex-M3", 802_136.0), ("Cortex-M4F", 460_839.0)];

/// How much more a list of packed entries may cost: it takes half the memory.
const PACKED: f64 = 1.08;
/// How much more of an instruction a product may cost with weights of 4 and 2 bits than with the same
/// ones in 8.
pub const FEWER_BITS: f64 = 1.25;
/// How much more an inference may cost without a multiplication that adds.
const RISC_V: f64 = 2.5;

/// The end of the name of a kernel that sums 8-bit weights in 32-bit lanes.
pub const LANES_32: &str = "lanes32";

/// The most bytes of stack that an inference may take.
const STACK: u64 = 256;

/// Means over images.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// How many images.
    pub images: usize,
    /// Mean of all instructions.
    pub mean: f64,
    /// The fewest instructions of an image.
    pub least: u64,
    /// The most instructions of an image.
    pub most: u64,
    /// Means by [`PARTS`].
    pub parts: [f64; PARTS.len()],
    /// Means before the first layer, in the first, and so on.
    pub layers: Vec<f64>,
    /// Mean number of each layer's inputs that are not zero.
    pub nonzero: Vec<f64>,
    /// Mean of the multiplications by such inputs.
    pub macs: f64,
    /// The fewest and the most mean cycles, estimated; 0 where there is no estimate.
    pub cycles: [f64; 2],
    /// The most bytes of stack.
    pub stack: u64,
    /// Logits that were not the expected ones.
    pub differing: usize,
}

impl Summary {
    /// Brings counts together. `nonzero` says for each image how many inputs of each layer are not
    /// zero; `widths` are those of the net, inputs first.
    #[must_use]
    pub fn new(counts: &[Count], nonzero: &[&[u64]], widths: &[usize]) -> Self {
        let images = counts.len();
        let mean = |sum: u64| sum as f64 / images.max(1) as f64;
        let of = |part: &dyn Fn(&Count) -> u64| mean(counts.iter().map(part).sum());
        let totals = || counts.iter().map(Count::total);
        let layers = counts.iter().map(|count| count.layers.len()).max().unwrap_or_default();
        let layer = |index: usize| of(&|count| count.layers.get(index).copied().unwrap_or(0));
        let nonzero: Vec<f64> = (0..widths.len().saturating_sub(1))
            .map(|layer| mean(nonzero.iter().map(|image| image[layer]).sum()))
            .collect();
        let Cycles { least, most } =
            counts.iter().fold(Cycles::default(), |sum, count| sum + count.cycles);
        Self {
            images,
            mean: mean(totals().sum()),
            least: totals().min().unwrap_or_default(),
            most: totals().max().unwrap_or_default(),
            parts: std::array::from_fn(|part| of(&|count| count.parts[part])),
            layers: (0..layers).map(layer).collect(),
            macs: nonzero.iter().zip(&widths[1..]).map(|(n, width)| n * *width as f64).sum(),
            nonzero,
            cycles: [mean(least), mean(most)],
            stack: counts.iter().map(|count| count.stack).max().unwrap_or_default(),
            differing: counts.iter().map(|count| count.differing).sum(),
        }
    }

    /// Instructions for each product that is not skipped.
    #[must_use]
    pub fn per_mac(&self) -> f64 {
        self.mean / self.macs
    }

    /// The same of the kernel alone.
    #[must_use]
    pub fn multiply_per_mac(&self) -> f64 {
        self.parts[Part::Multiply as usize] / self.macs
    }
}

/// What is known of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFacts {
    /// Its own name.
    pub name: String,
    /// The CRC-32 that closes its blob.
    pub crc: u32,
    /// Inputs, then the outputs of each layer.
    pub widths: Vec<usize>,
    /// The image that it takes.
    pub input: Input,
    /// Bits of a weight in each layer.
    pub bits: Vec<usize>,
    /// Entries of working memory.
    pub cells: usize,
}

/// A kernel and its list, as `cargo xtask count` builds it: `packed`, `wide`, `packed-lanes32`,
/// `wide-lanes32` or `portable`.
pub type Kernel = String;

/// One model on one board with one kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The model.
    pub model: ModelFacts,
    /// The board's name.
    pub board: String,
    /// Its processor.
    pub cpu: String,
    /// What runs on it.
    pub kernel: Kernel,
    /// The images of the data set.
    pub images: Summary,
    /// The few images of the committed baseline.
    pub reference: Summary,
    /// The same images with the same weights in 8 bits each, where they have fewer and that fits.
    pub in_8_bits: Option<Summary>,
    /// Instructions for an image of which every pixel is 255.
    pub all_ink: u64,
    /// Bytes of working memory for this net.
    pub scratch: usize,
    /// Bytes of the engine's code.
    pub code: u64,
}

impl Row {
    /// An empty row.
    #[must_use]
    pub fn new(model: &ModelFacts, board: &Board, kernel: &str) -> Self {
        let entry = if kernel.starts_with("wide") { 8 } else { 4 };
        Self {
            model: model.clone(),
            board: board.name.clone(),
            cpu: board.cpu.clone(),
            kernel: kernel.to_owned(),
            images: Summary::default(),
            reference: Summary::default(),
            in_8_bits: None,
            all_ink: 0,
            scratch: model.cells * entry,
            code: 0,
        }
    }

    /// CMSIS-NN's instructions for this net on this processor, where they were measured.
    #[must_use]
    pub fn cmsis_nn(&self) -> Option<f64> {
        let (_, found) = CMSIS_NN.iter().find(|(cpu, _)| *cpu == self.cpu)?;
        (self.model.widths == CLASSIC && self.model.bits[0] == 8).then_some(*found)
    }

    /// The most instructions that the mean may have. `rows` are those of the same run: some bars
    /// are another row's figure and a share.
    #[must_use]
    pub fn bar(&self, rows: &[Self]) -> Option<f64> {
        let (kernel, macs) = (&self.kernel, self.images.macs);
        if !self.has_bars() {
            return None;
        }
        if self.model.bits[0] < 8 {
            return Some(self.in_8_bits.as_ref()?.per_mac() * FEWER_BITS * macs);
        }
        let bar = match &*self.cpu {
            "Cortex-M0" => 3.33 * macs + 13_000.0,
            "Cortex-M3" | "Cortex-M4F" | "Cortex-M33" => 1.2 * macs + 9_000.0,
            _ => {
                let m3 = rows.iter().find(|row| {
                    row.cpu == "Cortex-M3" && row.model == self.model && row.kernel == *kernel
                })?;
                return Some(m3.images.mean * RISC_V);
            }
        };
        Some(self.for_list(bar))
    }

    /// The most instructions for an image of which every pixel is 255.
    #[must_use]
    pub fn all_ink_bar(&self) -> Option<f64> {
        if self.model.widths != CLASSIC || self.model.bits[0] != 8 || !self.has_bars() {
            return None;
        }
        let bar = match &*self.cpu {
            "Cortex-M0" => 725_000.0,
            "Cortex-M3" | "Cortex-M4F" | "Cortex-M33" => 275_000.0,
            _ => return None,
        };
        Some(self.for_list(bar))
    }

    /// Bars are about instructions. 32-bit lanes are for fewer cycles.
    fn has_bars(&self) -> bool {
        self.kernel != "portable" && !self.kernel.ends_with(LANES_32)
    }

    /// What is wrong if an inference takes more stack than it may.
    #[must_use]
    pub fn stack_fault(&self) -> Option<String> {
        let Self { model, board, kernel, images, reference, .. } = self;
        let found = images.stack.max(reference.stack);
        let is_over = kernel != "portable" && found > STACK;
        is_over.then(|| {
            format!(
                "{} on {board} ({kernel}): an inference takes {found} bytes of stack, {STACK} are the \
                 most: keep less across the calls that core/src/infer.rs makes for a layer",
                model.name
            )
        })
    }

    /// A bar, for the kind of list.
    fn for_list(&self, bar: f64) -> f64 {
        if self.kernel.starts_with("packed") { bar * PACKED } else { bar }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn row(board: &str, kernel: &str, bits: usize, mean: f64) -> Row {
        let board = Board::find(board).unwrap();
        let widths = CLASSIC.to_vec();
        let model = ModelFacts {
            name: format!("int{bits}"),
            crc: bits as u32,
            input: Input::full(28),
            widths,
            bits: vec![bits; 3],
            cells: 1040,
        };
        let images = Summary { images: 100, mean, macs: 50_000.0, ..Summary::default() };
        let reference = Summary { images: 20, mean, ..Summary::default() };
        Row { images, reference, all_ink: 270_000, ..Row::new(&model, &board, kernel) }
    }

    #[test]
    fn a_summary_holds_means_and_extremes() {
        let count = |parts, layers: &[u64], stack| Count {
            parts,
            layers: layers.to_vec(),
            cycles: Cycles { least: 10, most: 30 },
            stack,
            differing: 1,
        };
        let counts = [count([1, 2, 3], &[2, 4], 8), count([3, 4, 5], &[4, 8], 40)];
        let summary = Summary::new(&counts, &[&[1, 3], &[3, 5]], &[8, 6, 2]);
        assert_eq!((summary.mean, summary.least, summary.most), (9.0, 6, 12));
        assert_eq!((summary.parts, summary.layers), ([2.0, 3.0, 4.0], vec![3.0, 6.0]));
        assert_eq!((summary.macs, summary.cycles), (20.0, [10.0, 30.0]));
        assert_eq!(summary.nonzero, [2.0, 4.0]);
        assert_eq!((summary.stack, summary.differing), (40, 2));
    }

    #[test]
    fn bars_are_the_issues_formulas() {
        let wide = row("lm3s6965evb", "wide", 8, 60_000.0);
        let packed = row("lm3s6965evb", "packed", 8, 70_000.0);
        let mut narrow = row("lm3s6965evb", "wide", 4, 60_000.0);
        assert_eq!(narrow.bar(&[]), None);
        // Of other images than the row's own: what counts is each product.
        narrow.in_8_bits = Some(Summary { mean: 30_000.0, macs: 25_000.0, ..Summary::default() });
        let risc_v = row("riscv32-virt", "wide", 8, 100_000.0);
        let rows = [wide.clone(), packed.clone(), narrow.clone(), risc_v.clone()];
        assert_eq!(wide.bar(&rows), Some(69_000.0));
        assert_eq!(packed.bar(&rows), Some(69_000.0 * 1.08));
        assert_eq!(narrow.bar(&rows), Some(75_000.0));
        let mut m3 = wide.clone();
        m3.model = risc_v.model.clone();
        assert_eq!(risc_v.bar(&[m3]), Some(150_000.0));
        assert_eq!(row("microbit", "wide", 8, 1.0).bar(&[]), Some(3.33 * 50_000.0 + 13_000.0));
        for kernel in ["portable", "packed-lanes32"] {
            let row = row("lm3s6965evb", kernel, 8, 1.0);
            assert_eq!((row.bar(&rows), row.all_ink_bar()), (None, None));
        }
    }

    #[test]
    fn stack_is_a_fault_from_a_byte_too_many_on() {
        let mut row = row("microbit", "packed", 8, 1.0);
        row.images.stack = STACK;
        assert_eq!(row.stack_fault(), None);
        row.reference.stack = STACK + 1;
        let fault = row.stack_fault().unwrap_or_default();
        assert!(fault.contains("microbit") && fault.contains("257 bytes"), "{fault}");
        row.kernel = "portable".to_owned();
        assert_eq!(row.stack_fault(), None);
    }

    #[test]
    fn peers_are_named_only_for_the_net_that_they_were_measured_on() {
        let mut row = row("microbit", "packed", 8, 190_000.0);
        assert_eq!(row.cmsis_nn(), Some(1_451_573.0));
        row.model.widths = vec![784, 10];
        assert_eq!((row.cmsis_nn(), row.all_ink_bar()), (None, None));
    }
}
