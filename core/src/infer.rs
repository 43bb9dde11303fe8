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
///
/// ```
/// use inkbit_core::{Model, Scratch, include_blob, infer};
/// static BLOB: &[u8] = include_blob!("../../tests/golden/one-layer.inkbit");
/// let model = Model::parse(BLOB)?;
/// let mut scratch = Scratch::<1040>::for_model(&model)?;
/// let blank: Vec<i32> = infer(&mut scratch, &[]).into(); // what is missing is paper
/// assert_eq!(infer(&mut scratch, &[0; 36]), blank);
/// # Ok::<_, inkbit_core::Error>(())
/// ```
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
///
/// ```
/// use inkbit_core::{LayerOutput, Model, Scratch, include_blob, infer_observed};
/// static BLOB: &[u8] = include_blob!("../../tests/golden/int8-per-output.inkbit");
/// let model = Model::parse(BLOB)?;
/// let mut scratch = Scratch::<1040>::for_model(&model)?;
/// let mut awake = Vec::new();
/// infer_observed(&mut scratch, &[255; 36], |layer, output| {
///     if let LayerOutput::Activations(active) = output {
///         awake.push((layer, active.iter().count()));
///     }
/// });
/// assert_eq!(awake.len(), model.layers().len() - 1); // one hidden layer after another
/// # Ok::<_, inkbit_core::Error>(())
/// ```
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
    let Some((mut layer, others)) = model.layers().split_first() else { return &[] };
    let words = E::words(cells);
    let mut written = gather::<K, E>(model.input(), pixels, words, layer.bits());
    let mut at_front = true;
    let mut others = others.iter().enumerate();
    loop {
        let (inputs, outputs) = ends::<E>(words, at_front, layer);
        let active = Active::<E>::new(inputs, written, layer.bits());
        K::layer(layer, &active, sums(layer, outputs));
        let Some((number, next)) = others.next() else { break };
        written = activate::<K, E>(layer, outputs, next.bits());
        observe(number, LayerOutput::Activations(Active::new(outputs, written, next.bits())));
        at_front = !at_front;
        layer = next;
    }
    let end = if at_front { words.len() } else { layer.outputs() * E::WORDS };
    let logits = sums(layer, words.get_mut(..end).unwrap_or_default());
    for (logit, &bias) in logits.iter_mut().zip(layer.bias) {
        *logit += i32::from_le(bias);
    }
    observe(model.layers().len() - 1, LayerOutput::Logits(logits));
    logits
}

/// The class with the greatest logit, the lowest among equals.
///
/// ```
/// assert_eq!(inkbit_core::argmax(&[-5, 7, 7]), 1);
/// ```
#[must_use]
pub fn argmax<T: PartialOrd>(logits: &[T]) -> usize {
    let mut classes = logits.iter().enumerate();
    let Some(mut best) = classes.next() else { return 0 };
    for class in classes {
        if class.1 > best.1 {
            best = class;
        }
    }
    best.0
}

/// Splits the words into a layer's inputs and its outputs, which lie at opposite ends. It begins each
/// layer: `cargo xtask bench` tells them apart by its calls.
#[inline(never)]
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

/// Where a layer's sums lie in its outputs: at the back, because the list in front grows no faster
/// than they are used up.
#[inline(always)]
fn sums<'c>(layer: &Layer<'_>, outputs: &'c mut [i32]) -> &'c mut [i32] {
    let start = outputs.len().saturating_sub(layer.outputs());
    outputs.get_mut(start..).unwrap_or_default()
}

/// Turns a layer's sums into activations; those that are not zero are listed in the front of
/// `outputs`.
#[inline(never)]
fn activate<K: Kernel, E: Entry>(
    layer: &Layer<'_>,
    outputs: &mut [i32],
    next: WeightBits,
) -> Written {
    let words = Cell::from_mut(outputs).as_slice_of_cells();
    let start = words.len().saturating_sub(layer.outputs());
    K::activate(layer, words.get(start..).unwrap_or_default(), List::<E>::new(words, next))
}

/// [`Kernel::activate`] one by one.
#[inline(always)]
pub(crate) fn activate_each<E: Entry>(
    layer: &Layer<'_>,
    sums: &[Cell<i32>],
    list: List<'_, E>,
) -> Written {
    match layer.multipliers {
        &[multiplier] => activate_by(sums, layer.bias, repeat(&multiplier), list),
        multipliers => activate_by(sums, layer.bias, multipliers.iter(), list),
    }
}

#[inline(always)]
fn activate_by<'l, E: Entry>(
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
