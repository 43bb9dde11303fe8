//! Running a model: integers only, in a working memory of fixed size.

use crate::Error;
use crate::kernel::{self, Cell, portable};
use crate::model::{Layer, Model};
use crate::requant::requantize;
use crate::shape::Input;

/// Cells of [`Scratch`] that a net with these widths needs, inputs first.
///
/// ```
/// use inkbit_core::scratch_cells;
/// const CELLS: usize = scratch_cells(&[784, 256, 128, 10]);
/// assert_eq!(CELLS, 1040); // 4160 bytes
/// ```
#[must_use]
#[allow(clippy::indexing_slicing)] // `get` is not const; the bounds are the loop's
pub const fn scratch_cells(widths: &[usize]) -> usize {
    let (mut cells, mut i) = (0, 1);
    while i < widths.len() {
        if widths[i - 1] + widths[i] > cells {
            cells = widths[i - 1] + widths[i];
        }
        i += 1;
    }
    cells
}

/// The working memory for one model: `CELLS` words of four bytes.
///
/// The non-zero inputs of a layer lie at one end, what it gives is written to the other, and the
/// next layer goes the opposite way.
#[derive(Clone, Debug)]
pub struct Scratch<'m, const CELLS: usize> {
    model: Option<&'m Model<'m>>,
    cells: [Cell; CELLS],
}

impl<'m, const CELLS: usize> Scratch<'m, CELLS> {
    /// Working memory without a model, for a static variable; [`load`](Self::load) follows.
    #[must_use]
    pub const fn new() -> Self {
        Self { model: None, cells: [0; CELLS] }
    }

    /// Working memory for `model`.
    ///
    /// # Errors
    ///
    /// [`Error::ScratchTooSmall`] if the model needs more than `CELLS`.
    pub fn for_model(model: &'m Model<'m>) -> Result<Self, Error> {
        let mut scratch = Self::new();
        scratch.load(model)?;
        Ok(scratch)
    }

    /// Makes this the working memory of `model`, in place.
    ///
    /// # Errors
    ///
    /// [`Error::ScratchTooSmall`] if the model needs more than `CELLS`; then the model is none.
    pub fn load(&mut self, model: &'m Model<'m>) -> Result<(), Error> {
        self.model = None;
        let needed = model.scratch_cells();
        if needed > CELLS {
            return Err(Error::ScratchTooSmall { found: CELLS, needed });
        }
        self.model = Some(model);
        Ok(())
    }

    /// The model it is for, if there is one.
    #[must_use]
    pub const fn model(&self) -> Option<&'m Model<'m>> {
        self.model
    }
}

impl<const CELLS: usize> Default for Scratch<'_, CELLS> {
    fn default() -> Self {
        Self::new()
    }
}

/// What a layer has computed, for tests and reports.
#[derive(Clone, Copy, Debug)]
pub enum LayerOutput<'s> {
    /// Non-zero activations of a hidden layer, packed; see [`kernel::unpack`].
    Activations(&'s [Cell]),
    /// The logits.
    Logits(&'s [i32]),
}

/// The logits of an image, in the order of the classes.
///
/// `pixels` are the rows of the image one after another, 0 for paper and 255 for ink, as many as
/// [`Input::pixels`]. A shorter slice is completed with paper, a longer one cut: nothing here can
/// fail. Without a model there are no logits.
pub fn infer<'s, const CELLS: usize>(
    scratch: &'s mut Scratch<'_, CELLS>,
    pixels: &[u8],
) -> &'s [i32] {
    infer_observed(scratch, pixels, |_, _| ())
}

/// [`infer`], showing each layer's number (from 0) and output on the way.
pub fn infer_observed<'s, const CELLS: usize>(
    scratch: &'s mut Scratch<'_, CELLS>,
    pixels: &[u8],
    mut observe: impl FnMut(usize, LayerOutput<'_>),
) -> &'s [i32] {
    let Scratch { model, cells } = scratch;
    let Some(model) = *model else { return &[] };
    let mut active = gather(model.input(), pixels, cells);
    let mut at_front = true;
    let Some((last, hidden)) = model.layers().split_last() else { return &[] };
    for (number, layer) in hidden.iter().enumerate() {
        let (inputs, outputs) = ends(cells, at_front, layer);
        let inputs = inputs.get(..active).unwrap_or_default();
        active = run_hidden(layer, inputs, outputs);
        observe(number, LayerOutput::Activations(outputs.get(..active).unwrap_or_default()));
        at_front = !at_front;
    }
    let (inputs, logits) = ends(cells, at_front, last);
    accumulate(last, inputs.get(..active).unwrap_or_default(), logits);
    observe(hidden.len(), LayerOutput::Logits(logits));
    logits
}

/// The class with the greatest logit, the lowest among equals.
#[must_use]
pub fn argmax(logits: &[i32]) -> usize {
    let mut best = (0, i32::MIN);
    for (class, &logit) in logits.iter().enumerate() {
        if logit > best.1 {
            best = (class, logit);
        }
    }
    best.0
}

/// Splits the cells into a layer's inputs and its outputs, which lie at opposite ends.
fn ends<'c>(
    cells: &'c mut [Cell],
    inputs_at_front: bool,
    layer: &Layer<'_>,
) -> (&'c mut [Cell], &'c mut [Cell]) {
    let back = if inputs_at_front { layer.outputs() } else { layer.inputs() };
    let middle = cells.len().saturating_sub(back);
    let (front, back) = cells.split_at_mut_checked(middle).unwrap_or_default();
    if inputs_at_front {
        return (front, back);
    }
    (back, front.get_mut(..layer.outputs()).unwrap_or_default())
}

/// Lists the non-zero inputs of the first layer and returns how many there are.
fn gather(input: Input, pixels: &[u8], cells: &mut [Cell]) -> usize {
    let mut list = List { cells, length: 0 };
    if input.crop == 0 && input.pool == 1 {
        for (index, &value) in pixels.iter().take(input.pixels()).enumerate() {
            list.push(index, value);
        }
        return list.length;
    }
    let (side, crop, pool) =
        (usize::from(input.side), usize::from(input.crop), usize::from(input.pool));
    let shift = input.pool_shift().unwrap_or_default();
    let area = 1_u32 << (2 * shift);
    for i in 0..input.width() {
        for j in 0..input.width() {
            let mut sum = area / 2;
            for row in crop + pool * i..crop + pool * (i + 1) {
                let start = row * side + crop + pool * j;
                for column in start..start + pool {
                    sum += u32::from(pixels.get(column).copied().unwrap_or_default());
                }
            }
            list.push(i * input.width() + j, (sum >> (2 * shift)) as u8);
        }
    }
    list.length
}

/// A growing list of non-zero values in cells that are enough for it.
struct List<'c> {
    cells: &'c mut [Cell],
    length: usize,
}

impl List<'_> {
    #[inline(always)]
    fn push(&mut self, index: usize, value: u8) {
        if value != 0
            && let Some(place) = self.cells.get_mut(self.length)
        {
            *place = kernel::cell(index, value);
            self.length += 1;
        }
    }
}

/// Runs a layer that is not the last; returns how many of its activations are not zero. They are
/// listed in the front of `outputs`.
fn run_hidden(layer: &Layer<'_>, inputs: &[Cell], outputs: &mut [Cell]) -> usize {
    accumulate(layer, inputs, outputs);
    // The list grows no faster than the accumulators before it are used up.
    let mut length = 0;
    for output in 0..layer.outputs().min(outputs.len()) {
        let acc = outputs.get(output).copied().unwrap_or_default();
        let value = requantize(acc, layer.multiplier(output));
        if value != 0
            && let Some(place) = outputs.get_mut(length)
        {
            *place = kernel::cell(output, value);
            length += 1;
        }
    }
    length
}

/// Writes every output's accumulator to `accumulators`, in order.
#[inline(never)]
fn accumulate(layer: &Layer<'_>, inputs: &[Cell], accumulators: &mut [i32]) {
    let bits = layer.bits();
    let total: u32 = inputs.iter().map(|&entry| u32::from(kernel::unpack(entry).1)).sum();
    // A weight is step · code − offset, so the offsets of a row come off all at once.
    let offset = bits.offset() * total.cast_signed();
    let block_bytes = (layer.inputs() * bits.row_bytes()).max(1);
    let mut rest = layer.weights();
    for (block, places) in accumulators.chunks_mut(bits.block()).enumerate() {
        let Some((codes, after)) = rest.split_at_checked(block_bytes) else { return };
        rest = after;
        let sums = portable::block_sums(bits, codes, inputs);
        for ((output, place), sum) in (block * bits.block()..layer.outputs()).zip(places).zip(sums)
        {
            *place = layer.bias(output) + bits.step() * sum.cast_signed() - offset;
        }
    }
}
