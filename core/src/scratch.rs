//! Working memory, and how much of it a model needs.

use crate::shape::{MAX_LAYERS, MAX_STAGES, VERSION};

/// Working memory of `CELLS` words, of 4 bytes each. It holds nothing between two inferences, so
/// that it can be a `static`, a field, or memory that something else uses in between.
///
/// ```
/// use inkbit_core::{Scratch, Sizes, include_blob};
/// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
/// let scratch = Scratch::<{ Sizes::of(BLOB).cells }>::new(); // just enough
/// assert_eq!(size_of_val(&scratch), 4 * (36 + 10));
/// ```
#[derive(Clone, Debug)]
pub struct Scratch<const CELLS: usize>([i32; CELLS]);

impl<const CELLS: usize> Scratch<CELLS> {
    /// Unused memory.
    pub const fn new() -> Self {
        Self([0; CELLS])
    }

    /// Unused memory for the model in `blob`, in a `const` or a `static`: too few cells are an
    /// error of the compiler.
    ///
    /// ```
    /// # use inkbit_core::{Scratch, include_blob};
    /// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
    /// static SCRATCH: Scratch<64> = Scratch::fit(BLOB);
    /// ```
    ///
    /// ```compile_fail
    /// # use inkbit_core::{Scratch, include_blob};
    /// # static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
    /// static SCRATCH: Scratch<45> = Scratch::fit(BLOB); // one too few
    /// ```
    ///
    /// # Panics
    ///
    /// If it is called while the program runs and `blob` is no model or needs more cells.
    pub const fn fit(blob: &[u8]) -> Self {
        assert!(
            Sizes::of(blob).cells <= CELLS,
            "this Scratch has fewer cells than the model needs; make it \
             Scratch<{{ Sizes::of(BLOB).cells }}>"
        );
        Self::new()
    }
}

mod sealed {
    pub trait Cells {
        fn cells(&mut self) -> &mut [i32];
    }

    impl<const CELLS: usize> Cells for super::Scratch<CELLS> {
        #[inline(always)]
        fn cells(&mut self) -> &mut [i32] {
            &mut self.0
        }
    }

    impl<const CELLS: usize> Cells for &mut super::Scratch<CELLS> {
        #[inline(always)]
        fn cells(&mut self) -> &mut [i32] {
            &mut self.0
        }
    }

    impl Cells for &mut [i32] {
        #[inline(always)]
        fn cells(&mut self) -> &mut [i32] {
            self
        }
    }
}

/// What an [`Engine`](crate::Engine) can work in: a [`Scratch`] of its own, a borrowed one, or
/// words from anywhere else.
pub trait Memory: sealed::Cells {}

impl<M: sealed::Cells> Memory for M {}

/// What a model takes and gives, read from its blob while a program is compiled.
///
/// ```
/// use inkbit_core::{Sizes, include_blob};
/// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
/// const SIZES: Sizes = Sizes::of(BLOB);
/// let image = [0_u8; SIZES.bytes];
/// assert_eq!((image.len(), SIZES.cells, SIZES.classes), (36, 46, 10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Sizes {
    /// Bytes of a sample: of an image, as many as it has pixels.
    pub bytes: usize,
    /// Cells of [`Scratch`] that an inference needs.
    pub cells: usize,
    /// Logits.
    pub classes: usize,
}

#[expect(clippy::panic, reason = "in a const, it is an error of the compiler")]
impl Sizes {
    /// The sizes of the model in `blob`, for a `const`. Bytes that are no model are an error of the
    /// compiler; [`Model::parse`](crate::Model::parse) checks all the rest when the program runs.
    ///
    /// ```compile_fail
    /// const SIZES: inkbit_core::Sizes = inkbit_core::Sizes::of(b"not a model");
    /// ```
    ///
    /// # Panics
    ///
    /// If it is called while the program runs and `blob` is no model.
    pub const fn of(blob: &[u8]) -> Self {
        let Some((b"INKBIT", rest)) = blob.split_first_chunk() else {
            panic!("these bytes are no Inkbit model: they do not begin with INKBIT")
        };
        let Some((version, rest)) = rest.split_first_chunk() else { panic!("{}", CUT_OFF) };
        let version = u16::from_le_bytes(*version);
        assert!(
            version == VERSION,
            "the model has another format version; quantize it again with this version of Inkbit"
        );
        // The length, name, labels.
        let rest = skip(rest, 4);
        let (name, rest) = varint(rest);
        let (labels, rest) = varint(skip(rest, name));
        let (bytes, rest) = sample(skip(rest, labels));
        let (layers, mut rest) = varint(rest);
        assert!(layers > 0 && layers <= MAX_LAYERS, "the model has no layers, or too many");
        let (mut cells, mut classes, mut layer) = (0, 0, 0);
        while layer < layers {
            let (inputs, after) = varint(rest);
            let (outputs, after) = varint(after);
            let (_multipliers, after) = varint(skip(after, 1));
            if inputs + outputs > cells {
                cells = inputs + outputs;
            }
            // How its numbers are stored.
            let (kind, after) = varint(after);
            rest = if kind == 0 { after } else { skip(after, 2) };
            (classes, layer) = (outputs, layer + 1);
        }
        Self { bytes, cells, classes }
    }
}

/// Bytes of a sample, and what follows the stages.
const fn sample(rest: &[u8]) -> (usize, &[u8]) {
    let (kind, rest) = varint(rest);
    let (bytes, rest) = if kind == 0 {
        let (width, rest) = varint(rest);
        let (height, rest) = varint(rest);
        let (layout, rest) = varint(rest);
        (width * height, if layout == 2 { varint(rest).1 } else { rest })
    } else {
        let (count, rest) = varint(rest);
        let (signed, rest) = varint(rest);
        (count << signed, varint(rest).1)
    };
    let (stages, mut rest) = varint(rest);
    assert!(stages > 0 && stages <= MAX_STAGES, "the model has no stages, or too many");
    let mut stage = 0;
    while stage < stages {
        // Crop, pool and the logit scale; margin and prominence; the number of layers.
        (rest, stage) = (skip(word(word(skip(rest, 2 + 2 + 4))), 1), stage + 1);
    }
    (bytes, rest)
}

/// What follows a varint of 32 bits.
#[expect(clippy::panic, reason = "as above")]
const fn word(mut bytes: &[u8]) -> &[u8] {
    loop {
        let Some((&byte, rest)) = bytes.split_first() else { panic!("{}", CUT_OFF) };
        if byte < 0x80 {
            return rest;
        }
        bytes = rest;
    }
}

const CUT_OFF: &str = "the model is cut off";

#[expect(clippy::panic, reason = "as above")]
const fn skip(bytes: &[u8], count: usize) -> &[u8] {
    let Some((_, rest)) = bytes.split_at_checked(count) else { panic!("{}", CUT_OFF) };
    rest
}

/// A varint of postcard: seven bits a byte, the lowest first.
#[expect(clippy::panic, reason = "as above")]
const fn varint(mut bytes: &[u8]) -> (usize, &[u8]) {
    let (mut value, mut shift) = (0, 0);
    loop {
        let Some((&byte, rest)) = bytes.split_first() else { panic!("{}", CUT_OFF) };
        assert!(shift < 21, "the model has a number beyond the range of its field");
        value |= ((byte & 0x7F) as usize) << shift;
        if byte < 0x80 {
            return (value, rest);
        }
        (bytes, shift) = (rest, shift + 7);
    }
}
