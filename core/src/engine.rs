//! Running a model: integers only, in working memory of fixed size.

use core::cell::Cell;
use core::hint::black_box;

use crate::error::{Error, SampleError, ScratchError};
use crate::fingerprint::Fingerprint;
use crate::kernel::{Active, Kernel, List, ListWriter, Native, Written, gather, scale};
use crate::logits::Logits;
use crate::model::{Layer, Model, halves, widened};
use crate::sample::Sample;
use crate::scratch::Memory;
use crate::shape::{Numbers, WeightBits};

/// A model and the memory that it works in: what infers.
///
/// It borrows nothing but the blob, so it can be a field, a function's result, or lie in a `static`,
/// with whatever lock the program has: `static ENGINE: Mutex<Option<Engine<'static, Scratch<…>>>>`.
///
/// ```
/// use inkbit_core::{Engine, Error, Model, Scratch, Sizes, include_blob};
///
/// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
///
/// struct Reader {
///     engine: Engine<'static, Scratch<{ Sizes::of(BLOB).cells }>>,
/// }
///
/// fn reader() -> Result<Reader, Error> {
///     Ok(Reader { engine: Engine::new(Model::parse(BLOB)?, Scratch::new())? })
/// }
///
/// let mut reader = reader()?;
/// let class = reader.engine.infer(&[0; 36])?.argmax();
/// assert_eq!(reader.engine.model().label(class), "c2");
/// # Ok::<_, Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Engine<'m, M> {
    model: Model<'m>,
    memory: M,
}

impl<'m, M: Memory> Engine<'m, M> {
    /// The engine for a model in `memory`: a [`Scratch`](crate::Scratch), `&mut` one, or
    /// `&mut [i32]`.
    ///
    /// # Errors
    ///
    /// [`ScratchError`] if the model needs more cells.
    pub fn new(model: Model<'m>, mut memory: M) -> Result<Self, ScratchError> {
        let (found, needed) = (memory.cells().len(), model.scratch_cells());
        if found < needed {
            return Err(ScratchError { found, needed });
        }
        Ok(Self { model, memory })
    }

    /// The model.
    pub const fn model(&self) -> &Model<'m> {
        &self.model
    }

    /// Replaces the model, by the same one read again or by another. For a device whose memory may
    /// lose a bit: see [`fingerprint`](Self::fingerprint).
    ///
    /// # Errors
    ///
    /// [`ScratchError`] if the model needs more cells; then the engine keeps the one that it has.
    pub fn set_model(&mut self, model: Model<'m>) -> Result<(), ScratchError> {
        let (found, needed) = (self.memory.cells().len(), model.scratch_cells());
        if found < needed {
            return Err(ScratchError { found, needed });
        }
        self.model = model;
        Ok(())
    }

    /// A number that is another one if a bit of the engine has changed in memory: of what was parsed,
    /// or of where blob and cells lie. The bytes of the blob are those of
    /// [`CrcCheck`](crate::blob::CrcCheck), and the cells hold nothing between two inferences.
    ///
    /// It is compared with that of the same engine at the same place, earlier.
    ///
    /// ```
    /// use inkbit_core::{Engine, Model, Scratch, include_blob};
    /// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
    /// let mut engine = Engine::new(Model::parse(BLOB)?, Scratch::<64>::new())?;
    /// let at_start = engine.fingerprint();
    /// // Now and then:
    /// if engine.fingerprint() != at_start {
    ///     engine.set_model(Model::parse(BLOB)?)?;
    /// }
    /// # Ok::<_, inkbit_core::Error>(())
    /// ```
    pub fn fingerprint(&mut self) -> u32 {
        let mut fingerprint = Fingerprint::new();
        fingerprint.place(self.memory.cells());
        black_box(&self.model).mark(&mut fingerprint);
        fingerprint.value()
    }

    /// The logits of a sample.
    ///
    /// The bytes of an image are its rows one after another, 0 for background and 255 for
    /// foreground. Features are bytes, or signed numbers of two bytes each, little-endian. Inference
    /// is quickest if they begin at a multiple of 4.
    ///
    /// # Errors
    ///
    /// [`SampleError`] if there are not [`Sample::bytes`] of them; nothing else can fail.
    ///
    /// ```
    /// use inkbit_core::{Engine, SampleError, Model, Scratch, include_blob};
    /// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
    /// let mut engine = Engine::new(Model::parse(BLOB)?, Scratch::<64>::new())?;
    /// assert_eq!(engine.infer(&[0; 36])?.len(), engine.model().classes());
    /// let error = SampleError { found: 35, expected: 36 };
    /// assert_eq!(engine.infer(&[0; 35]).unwrap_err(), error);
    /// # Ok::<_, inkbit_core::Error>(())
    /// ```
    pub fn infer(&mut self, sample: &[u8]) -> Result<Logits<'_>, SampleError> {
        self.check(sample.len())?;
        Ok(native(&self.model, self.memory.cells(), sample))
    }

    /// This engine for samples of `BYTES` bytes, with which inference cannot fail.
    ///
    /// # Errors
    ///
    /// [`SampleError`] if the model takes another number of bytes.
    pub fn for_samples<const BYTES: usize>(
        self,
    ) -> Result<SampleEngine<'m, M, BYTES>, SampleError> {
        self.check(BYTES)?;
        Ok(SampleEngine(self))
    }

    /// [`infer`](Self::infer), showing each layer's number (from 0, in
    /// [`Model::layers`](crate::Model::layers)) and output on the way.
    ///
    /// ```
    /// use inkbit_core::{Engine, LayerOutput, Model, Scratch, include_blob};
    /// static BLOB: &[u8] = include_blob!("../golden/int8-per-output.inkbit");
    /// let mut engine = Engine::new(Model::parse(BLOB)?, Scratch::<1040>::new())?;
    /// let mut non_zero = Vec::new();
    /// engine.infer_observed(&[255; 36], |layer, output| {
    ///     if let LayerOutput::Activations(active) = output {
    ///         non_zero.push((layer, active.iter().count()));
    ///     }
    /// })?;
    /// assert_eq!(non_zero.len(), engine.model().layers().len() - 1); // of the hidden layers
    /// # Ok::<_, inkbit_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`infer`](Self::infer).
    pub fn infer_observed(
        &mut self,
        sample: &[u8],
        observe: impl FnMut(usize, LayerOutput<'_>),
    ) -> Result<Logits<'_>, SampleError> {
        self.infer_by::<Native>(sample, observe)
    }

    /// The inputs of the first stage's first layer, as [`infer`](Self::infer) makes them of a sample:
    /// those that are not zero.
    ///
    /// ```
    /// use inkbit_core::{Engine, Model, Scratch, include_blob};
    /// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
    /// let mut engine = Engine::new(Model::parse(BLOB)?, Scratch::<64>::new())?;
    /// let mut pixels = [0; 36];
    /// pixels[7] = 9;
    /// assert!(engine.inputs(&pixels)?.iter().eq([(7, 9)])); // each pixel is an input
    /// # Ok::<_, inkbit_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`infer`](Self::infer).
    pub fn inputs(&mut self, sample: &[u8]) -> Result<Active<'_>, SampleError> {
        self.check(sample.len())?;
        let bits = self.model.layers().first().map_or(WeightBits::Eight, Layer::bits);
        let cells = self.memory.cells();
        let written = inputs::<Native>(&self.model, 0, bits, cells, sample);
        Ok(Active(List::new(cells, written, bits)))
    }

    /// [`infer_observed`](Self::infer_observed) by a kernel of your choice:
    /// [`Portable`](crate::kernel::Portable) is the definition of what all must give.
    ///
    /// # Errors
    ///
    /// As [`infer`](Self::infer).
    pub fn infer_by<K: Kernel>(
        &mut self,
        sample: &[u8],
        observe: impl FnMut(usize, LayerOutput<'_>),
    ) -> Result<Logits<'_>, SampleError> {
        self.check(sample.len())?;
        Ok(run::<K>(&self.model, self.memory.cells(), sample, observe))
    }

    fn check(&self, found: usize) -> Result<(), SampleError> {
        let expected = self.model.sample().bytes();
        if found == expected { Ok(()) } else { Err(SampleError { found, expected }) }
    }
}

impl Model<'_> {
    /// The logits of a sample, as [`Engine::infer`] gives them, for a program that keeps model and
    /// memory apart.
    ///
    /// # Errors
    ///
    /// [`ScratchError`] if there are fewer than [`scratch_cells`](Self::scratch_cells), and
    /// [`SampleError`] if there are not [`Sample::bytes`] of the sample.
    ///
    /// ```
    /// use inkbit_core::{Error, Model, ScratchError, include_blob};
    /// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
    /// let model = Model::parse(BLOB)?;
    /// let mut cells = vec![0; model.scratch_cells()];
    /// assert_eq!(model.infer(&mut cells, &[0; 36])?.argmax(), 2);
    /// let error = Error::from(ScratchError { found: 45, needed: 46 });
    /// assert_eq!(model.infer(&mut cells[1..], &[0; 36]), Err(error));
    /// # Ok::<_, Error>(())
    /// ```
    pub fn infer<'c>(&self, cells: &'c mut [i32], sample: &[u8]) -> Result<Logits<'c>, Error> {
        let (found, needed) = (cells.len(), self.scratch_cells());
        if found < needed {
            return Err(ScratchError { found, needed }.into());
        }
        let (found, expected) = (sample.len(), self.sample().bytes());
        if found != expected {
            return Err(SampleError { found, expected }.into());
        }
        Ok(native(self, cells, sample))
    }
}

/// An [`Engine`] for samples of a length that the compiler knows: [`Engine::for_samples`] makes it.
///
/// ```
/// use inkbit_core::{Engine, Error, SampleEngine, Model, Scratch, Sizes, include_blob};
///
/// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
/// const SIZES: Sizes = Sizes::of(BLOB);
///
/// type DigitEngine = SampleEngine<'static, Scratch<{ SIZES.cells }>, { SIZES.bytes }>;
///
/// fn engine() -> Result<DigitEngine, Error> {
///     Ok(Engine::new(Model::parse(BLOB)?, Scratch::new())?.for_samples()?)
/// }
///
/// let mut engine = engine()?;
/// assert_eq!(engine.infer(&[0; SIZES.bytes]).argmax(), 2);
/// # Ok::<_, Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SampleEngine<'m, M, const BYTES: usize>(Engine<'m, M>);

impl<'m, M: Memory, const BYTES: usize> SampleEngine<'m, M, BYTES> {
    /// The logits of a sample, as [`Engine::infer`] gives them.
    pub fn infer(&mut self, sample: &[u8; BYTES]) -> Logits<'_> {
        native(&self.0.model, self.0.memory.cells(), sample)
    }

    /// The model.
    pub const fn model(&self) -> &Model<'m> {
        &self.0.model
    }
}

/// What a layer has computed, for tests and reports.
#[derive(Clone, Copy, Debug)]
pub enum LayerOutput<'s> {
    /// Non-zero activations of a hidden layer.
    Activations(Active<'s>),
    /// The logits.
    Logits(&'s [i32]),
}

/// The logits by the kernel of this target. Not generic, so that it is compiled with this crate, as
/// its profile says.
#[inline(never)]
fn native<'c>(model: &Model<'_>, cells: &'c mut [i32], sample: &[u8]) -> Logits<'c> {
    run::<Native>(model, cells, sample, |_, _| ())
}

/// Stage after stage, until an answer stands. A layer's inputs lie at one end of the cells, its
/// outputs are written to the other, and the next layer goes the opposite way.
#[inline(always)]
fn run<'c, K: Kernel>(
    model: &Model<'_>,
    cells: &'c mut [i32],
    sample: &[u8],
    mut observe: impl FnMut(usize, LayerOutput<'_>),
) -> Logits<'c> {
    let (mut layers, mut place, mut number) = (model.layers(), 0, 0);
    loop {
        // Or what is read of it for one stage would be kept on the stack for all.
        let model = black_box(model);
        let (Some(stage), Some((mut layer, mut rest))) =
            (model.stages().get(number), layers.split_first())
        else {
            return Logits { values: &[], scale: 1.0, stage: 0, stands: false };
        };
        let mut written = inputs::<K>(model, number, layer.bits(), cells, sample);
        let (mut left, mut at_front) = (stage.layers, true);
        loop {
            let (inputs, outputs) = ends(cells, at_front, layer);
            K::sum(layer, &List::new(inputs, written, layer.bits()), outputs);
            left -= 1;
            if left == 0 {
                add_biases(layer, outputs);
                observe(place, LayerOutput::Logits(outputs));
            }
            let Some((next, others)) = rest.split_first().filter(|_| left > 0) else { break };
            written = activate::<K>(layer, outputs, next.bits());
            let active = Active(List::new(outputs, written, next.bits()));
            observe(place, LayerOutput::Activations(active));
            (layer, rest, place, at_front) = (next, others, place + 1, !at_front);
        }
        let start = if at_front { cells.len().saturating_sub(layer.outputs()) } else { 0 };
        let at = start..start + layer.outputs();
        let stands = stage.stands(cells.get(at.clone()).unwrap_or_default());
        if stands || rest.is_empty() {
            let values = cells.get(at).unwrap_or_default();
            return Logits { values, scale: stage.logit_scale, stage: number as u8, stands };
        }
        (layers, place, number) = (rest, place + 1, number + 1);
    }
}

/// Adds a last layer's biases to its sums.
#[inline(always)]
fn add_biases(layer: &Layer<'_>, sums: &mut [i32]) {
    match layer.shape().numbers {
        Numbers::Wide => {
            for (sum, &bias) in sums.iter_mut().zip(layer.bias) {
                *sum += u32::from_le(bias).cast_signed();
            }
        }
        Numbers::Narrow { bias_shift, .. } => {
            for (sum, &bias) in sums.iter_mut().zip(halves(layer.bias)) {
                *sum += widened(bias, bias_shift);
            }
        }
    }
}

/// Lists the non-zero inputs of a stage.
#[inline(always)]
fn inputs<K: Kernel>(
    model: &Model<'_>,
    stage: usize,
    bits: WeightBits,
    cells: &mut [i32],
    sample: &[u8],
) -> Written {
    match model.header().sample {
        Sample::Image(_) => gather::<K>(model.header().input(stage), sample, cells, bits),
        Sample::Features { .. } => scale(model, sample, cells, bits),
    }
}

/// Splits the cells into a layer's inputs and its outputs, which lie at opposite ends. It begins
/// each layer: `cargo xtask count` tells layers apart by its calls.
#[inline(never)]
fn ends<'c>(
    cells: &'c mut [i32],
    inputs_at_front: bool,
    layer: &Layer<'_>,
) -> (&'c mut [i32], &'c mut [i32]) {
    let (inputs, outputs) = (layer.inputs(), layer.outputs());
    let back = if inputs_at_front { outputs } else { inputs };
    let middle = cells.len().saturating_sub(back);
    let (front, back) = cells.split_at_mut_checked(middle).unwrap_or_default();
    if inputs_at_front {
        return (front, back);
    }
    (back, front.get_mut(..outputs).unwrap_or_default())
}

/// Turns a layer's sums into activations; those that are not zero are listed in the front of their
/// memory.
#[inline(never)]
fn activate<K: Kernel>(layer: &Layer<'_>, sums: &mut [i32], next: WeightBits) -> Written {
    let cells = Cell::from_mut(sums).as_slice_of_cells();
    let mut list = ListWriter::new(cells, next);
    K::activate(layer, cells, &mut list);
    list.finish()
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec;
    use std::vec::Vec;

    use super::*;

    /// A blob of `golden` and its logits.
    macro_rules! golden {
        ($($name:literal),+) => {
            [$((
                crate::include_blob!(concat!("../golden/", $name, ".inkbit")),
                include_str!(concat!("../golden/", $name, ".txt")),
            )),+]
        };
    }

    /// Miri interprets it: few products, of every width of weights, and pixels as they are and pooled.
    #[test]
    fn small_golden_blobs_give_their_logits() {
        let cases = golden!("odd-widths", "eight-layers", "pooled-by-4", "one-class-one-pixel");
        for (blob, text) in cases {
            let model = Model::parse(blob).unwrap();
            let pixels: Vec<u8> =
                (0..model.sample().bytes()).map(|at| (at * 37 + 11) as u8).collect();
            let golden = text.lines().find_map(|line| line.strip_prefix("ramp: ")).unwrap();
            let golden: Vec<i32> = golden.split(' ').map(|logit| logit.parse().unwrap()).collect();
            let mut cells = vec![0; model.scratch_cells()];
            let mut room = vec![0; model.max_blob_bytes()];
            assert_eq!(model.write(&mut room), Ok(blob));
            let mut engine = Engine::new(model, &mut *cells).unwrap();
            assert_eq!(*engine.infer(&pixels).unwrap(), *golden);
            let mut listed = 0;
            let observed = engine.infer_observed(&pixels, |_, output| {
                if let LayerOutput::Activations(active) = output {
                    listed += active.iter().filter(|&(_, value)| value != 0).count();
                }
            });
            assert_eq!(*observed.unwrap(), *golden);
            assert!(listed > 0 || engine.model().layers().len() == 1);
        }
        std::println!("tried: {} models, by the letter of what a program may do", cases.len());
    }
}
