//! Running a model: integers only, in a working memory of fixed size.

use core::cell::Cell;
use core::iter::repeat;

use crate::gather::gather;
use crate::kernel::{Active, Entry, Kernel, List, Native, Packed, Written};
use crate::model::{Layer, Model};
use crate::requant::requantize;
use crate::{Error, WeightBits};

/// Cells of [`Scratch`] that a net with these widths needs, inputs first.
///
/// ```
/// use inkbit_core::scratch_cells;
/// const CELLS: usize = scratch_cells(&[784, 256, 128, 10]);
/// assert_eq!(CELLS, 1040);
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

/// The working memory for one model: `CELLS` entries of the kind `E`, which are four bytes each if
/// [`Packed`] and eight if [`Wide`](crate::kernel::Wide).
///
/// The non-zero inputs of a layer lie at one end, what it gives is written to the other, and the
/// next layer goes the opposite way.
///
/// ```
/// use inkbit_core::kernel::Wide;
/// use inkbit_core::{Scratch, scratch_cells};
/// const CELLS: usize = scratch_cells(&[784, 256, 128, 10]);
/// assert!(size_of::<Scratch<CELLS>>() <= 4160 + size_of::<usize>());
/// assert!(size_of::<Scratch<CELLS, Wide>>() <= 8320 + size_of::<usize>()); // fewer instructions
/// ```
#[derive(Clone, Debug)]
pub struct Scratch<'m, const CELLS: usize, E: Entry = Packed> {
    model: Option<&'m Model<'m>>,
    cells: [E::Cell; CELLS],
}

impl<'m, const CELLS: usize, E: Entry> Scratch<'m, CELLS, E> {
    /// Working memory without a model, for a static variable; [`load`](Self::load) follows.
    #[must_use]
    pub const fn new() -> Self {
        Self { model: None, cells: [E::EMPTY; CELLS] }
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

impl<const CELLS: usize, E: Entry> Default for Scratch<'_, CELLS, E> {
    fn default() -> Self {
        Self::new()
    }
}

/// What a layer has computed, for tests and reports.
#[derive(Clone, Copy, Debug)]
pub enum LayerOutput<'s, E: Entry = Packed> {
    /// Non-zero activations of a hidden layer.
    Activations(Active<'s, E>),
    /// The logits.
    Logits(&'s [i32]),
}

/// The logits of an image, in the order of the classes.
///
/// `pixels` are the rows of the image one after another, 0 for paper and 255 for ink, as many as
/// [`Input::pixels`](crate::Input::pixels). A shorter slice is completed with paper, a longer one
/// cut: nothing here can fail. Without a model there are no logits. It is quickest if the pixels
/// begin at a multiple of 4.
#[inline(never)]
pub fn infer<'s, const CELLS: usize, E: Entry>(
    scratch: &'s mut Scratch<'_, CELLS, E>,
    pixels: &[u8],
) -> &'s [i32] {
    match scratch.model {
        Some(model) => E::infer(model, &mut scratch.cells, pixels),
        None => &[],
    }
}

/// [`infer`], showing each layer's number (from 0) and output on the way.
pub fn infer_observed<'s, const CELLS: usize, E: Entry>(
    scratch: &'s mut Scratch<'_, CELLS, E>,
    pixels: &[u8],
    observe: impl FnMut(usize, LayerOutput<'_, E>),
) -> &'s [i32] {
    infer_observed_by::<Native, CELLS, E>(scratch, pixels, observe)
}

/// [`infer_observed`] by a kernel of one's choice: [`Portable`](crate::kernel::Portable) is the
/// definition of what [`Native`] must give.
pub fn infer_observed_by<'s, K: Kernel, const CELLS: usize, E: Entry>(
    scratch: &'s mut Scratch<'_, CELLS, E>,
    pixels: &[u8],
    observe: impl FnMut(usize, LayerOutput<'_, E>),
) -> &'s [i32] {
    match scratch.model {
        Some(model) => run::<K, E>(model, &mut scratch.cells, pixels, observe),
        None => &[],
    }
}

#[inline(always)]
pub(crate) fn run<'c, K: Kernel, E: Entry>(
    model: &Model<'_>,
    cells: &'c mut [E::Cell],
    pixels: &[u8],
    mut observe: impl FnMut(usize, LayerOutput<'_, E>),
) -> &'c [i32] {
    let Some((last, hidden)) = model.layers().split_last() else { return &[] };
    let words = E::words(cells);
    let first = hidden.first().unwrap_or(last);
    let mut list = List::<E>::new(Cell::from_mut(words).as_slice_of_cells(), first.bits());
    gather::<K, E>(model.input(), pixels, &mut list);
    let mut written = list.finish();
    let mut at_front = true;
    for (number, layer) in hidden.iter().enumerate() {
        let next = hidden.get(number + 1).unwrap_or(last).bits();
        let (inputs, outputs) = ends::<E>(words, at_front, layer);
        let active = Active::new(inputs, written, layer.bits());
        written = run_hidden::<K, E>(layer, &active, outputs, next);
        observe(number, LayerOutput::Activations(Active::new(outputs, written, next)));
        at_front = !at_front;
    }
    let (inputs, logits) = ends::<E>(words, at_front, last);
    let logits = logits.get_mut(..last.outputs()).unwrap_or_default();
    run_last::<K, E>(last, &Active::new(inputs, written, last.bits()), logits);
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

/// Splits the words into a layer's inputs and its outputs, which lie at opposite ends.
fn ends<'c, E: Entry>(
    words: &'c mut [i32],
    inputs_at_front: bool,
    layer: &Layer<'_>,
) -> (&'c mut [i32], &'c mut [i32]) {
    let (inputs, outputs) = (layer.inputs() * E::WORDS, layer.outputs() * E::WORDS);
    let back = if inputs_at_front { outputs } else { inputs };
    let middle = words.len().saturating_sub(back);
    let (front, back) = words.split_at_mut_checked(middle).unwrap_or_default();
    if inputs_at_front {
        return (front, back);
    }
    (back, front.get_mut(..outputs).unwrap_or_default())
}

/// Runs a layer that is not the last; its non-zero activations are listed in the front of `outputs`.
// Not inlined, like the other two: `cargo xtask bench` finds inferences and layers by these symbols.
#[inline(never)]
fn run_hidden<K: Kernel, E: Entry>(
    layer: &Layer<'_>,
    active: &Active<'_, E>,
    outputs: &mut [i32],
    next: WeightBits,
) -> Written {
    // The sums lie at the back. A list grows no faster than they are used up.
    let start = outputs.len().saturating_sub(layer.outputs());
    K::layer(layer, active, outputs.get_mut(start..).unwrap_or_default());
    let words = Cell::from_mut(outputs).as_slice_of_cells();
    let sums = words.get(start..).unwrap_or_default();
    let list = List::<E>::new(words, next);
    match layer.multipliers {
        &[multiplier] => activate(sums, layer.bias, repeat(&multiplier), list),
        multipliers => activate(sums, layer.bias, multipliers.iter(), list),
    }
}

/// Runs the last layer.
#[inline(never)]
fn run_last<K: Kernel, E: Entry>(layer: &Layer<'_>, active: &Active<'_, E>, logits: &mut [i32]) {
    K::layer(layer, active, logits);
    for (logit, &bias) in logits.iter_mut().zip(layer.bias) {
        *logit += i32::from_le(bias);
    }
}

/// Turns sums into activations and lists those that are not zero.
#[inline(always)]
fn activate<'l, E: Entry>(
    sums: &[Cell<i32>],
    bias: &[i32],
    multipliers: impl Iterator<Item = &'l u32>,
    mut list: List<'_, E>,
) -> Written {
    for ((sum, &bias), &multiplier) in sums.iter().zip(bias).zip(multipliers) {
        let acc = sum.get() + i32::from_le(bias);
        list.next(requantize(acc, u32::from_le(multiplier)));
    }
    list.finish()
}
