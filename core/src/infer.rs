//! Running a model: integers only, in a working memory of fixed size.

use crate::Error;
use crate::gather::gather;
use crate::kernel::{Active, Entry, Kernel, List, Native, Packed, Sums, Written};
use crate::model::{Layer, Model};
use crate::requant::requantize;

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
pub fn infer<'s, const CELLS: usize, E: Entry>(
    scratch: &'s mut Scratch<'_, CELLS, E>,
    pixels: &[u8],
) -> &'s [i32] {
    infer_observed(scratch, pixels, |_, _| ())
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
    mut observe: impl FnMut(usize, LayerOutput<'_, E>),
) -> &'s [i32] {
    let Scratch { model, cells } = scratch;
    let Some(model) = *model else { return &[] };
    let Some((last, hidden)) = model.layers().split_last() else { return &[] };
    let mut sums = Sums::default();
    let mut list = List::<E>::new(cells, hidden.first().unwrap_or(last).bits());
    gather(model.input(), pixels, &mut list);
    let mut written = list.finish();
    let mut at_front = true;
    for (number, layer) in hidden.iter().enumerate() {
        let next = hidden.get(number + 1).unwrap_or(last);
        let (inputs, outputs) = ends::<E>(cells, at_front, layer);
        let active = Active::new(inputs, written, layer.bits());
        written = run_hidden::<K, E>(layer, active, List::new(outputs, next.bits()), &mut sums);
        let output = Active::new(outputs, written, next.bits());
        observe(number, LayerOutput::Activations(output));
        at_front = !at_front;
    }
    let (inputs, logits) = ends::<E>(cells, at_front, last);
    let active = Active::new(inputs, written, last.bits());
    let logits = E::words(logits);
    let logits = logits.get_mut(..last.outputs()).unwrap_or_default();
    let mut places = logits.iter_mut();
    accumulate::<K, E>(last, active, &mut sums, |acc| {
        if let Some(place) = places.next() {
            *place = acc;
        }
    });
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
fn ends<'c, E: Entry>(
    cells: &'c mut [E::Cell],
    inputs_at_front: bool,
    layer: &Layer<'_>,
) -> (&'c mut [E::Cell], &'c mut [E::Cell]) {
    let back = if inputs_at_front { layer.outputs() } else { layer.inputs() };
    let middle = cells.len().saturating_sub(back);
    let (front, back) = cells.split_at_mut_checked(middle).unwrap_or_default();
    if inputs_at_front {
        return (front, back);
    }
    (back, front.get_mut(..layer.outputs()).unwrap_or_default())
}

/// Runs a layer that is not the last; its non-zero activations go to the list.
fn run_hidden<K: Kernel, E: Entry>(
    layer: &Layer<'_>,
    active: Active<'_, E>,
    mut list: List<'_, E>,
    sums: &mut Sums,
) -> Written {
    let mut multipliers = layer.multipliers.iter();
    // Where there is one for all, it stays.
    let mut multiplier = 0;
    accumulate::<K, E>(layer, active, sums, |acc| {
        if let Some(&next) = multipliers.next() {
            multiplier = u32::from_le(next);
        }
        list.next(requantize(acc, multiplier));
    });
    list.finish()
}

/// Hands over every output's accumulator, in order.
#[inline(always)]
fn accumulate<K: Kernel, E: Entry>(
    layer: &Layer<'_>,
    active: Active<'_, E>,
    sums: &mut Sums,
    mut take: impl FnMut(i32),
) {
    let bits = layer.bits();
    // A weight is step · code − offset, so the offsets of a row come off all at once.
    let offset = bits.offset() * active.total().cast_signed();
    let blocks = K::blocks(bits);
    let group = bits.block() * blocks;
    let words = (layer.inputs() * bits.row_bytes() * blocks / 4).max(1);
    let mut rest = layer.weights;
    for biases in layer.bias.chunks(group) {
        let (codes, after) = rest.split_at_checked(words).unwrap_or((rest, &[]));
        rest = after;
        K::sums(bits, codes, &active, sums);
        for (&sum, &bias) in sums.sums.iter().zip(biases) {
            take(i32::from_le(bias) + bits.step() * sum.cast_signed() - offset);
        }
    }
}
