//! A checked model, as C sees it: what it takes and gives, and storage for core's.

#![allow(unsafe_code)] // memory that belongs to a program in C

use core::ffi::c_char;
use core::mem::{MaybeUninit, offset_of};

use inkbit_core::{Layout, Model, ModelError, Sample};

use crate::error::CError;

/// Length of the storage in an inkbit_model.
pub const STORAGE_WORDS: usize = 128;

/// What lies in the storage.
type Stored = Result<Model<'static>, ModelError>;

const _: () = assert!(size_of::<Stored>() <= STORAGE_WORDS * size_of::<usize>());
const _: () = assert!(align_of::<CModel>().is_multiple_of(align_of::<Stored>()));
const _: () = assert!(offset_of!(CModel, storage).is_multiple_of(align_of::<Stored>()));

/// `CModel::mark` once a model has been read; memory that C clears has another one.
const READ: u64 = u64::from_le_bytes(*b"was read");

/// A text in the blob: UTF-8, `length` bytes, no zero byte at its end.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CText {
    /// The first byte.
    pub start: *const c_char,
    /// Bytes.
    pub length: u32,
}

/// A checked model. It borrows the blob, which has to stay where it is. What is written here of it is
/// for the program to read; the library looks at the storage alone.
#[repr(C)]
#[derive(Debug)]
pub struct CModel {
    /// The model's name.
    pub name: CText,
    /// Class labels, joined by line feeds; inkbit_label finds that of a class.
    pub labels: CText,
    /// Pixels, else features.
    pub is_image: bool,
    /// Features have 16 bits, else 8.
    pub is_signed: bool,
    /// Pixels of a row, or number of features.
    pub width: u16,
    /// Rows; 1 for features.
    pub height: u16,
    /// How ink lies in the image: 0 as it is, 1 fitted, 2 centred.
    pub layout: u16,
    /// Pixels of the longer side of ink.
    pub ink: u16,
    /// Bytes of a sample, for inkbit_infer.
    pub sample_bytes: u32,
    /// Words of working memory, for inkbit_infer.
    pub work_words: u32,
    /// Classes, and so logits.
    pub classes: u16,
    /// Ranges of features: one for all, or one for each; 0 for images.
    pub range_count: u16,
    /// Stages: networks that are asked in turn.
    pub stage_count: u16,
    /// Layers of all stages.
    pub layer_count: u16,
    /// Tells a model that was read from memory that was cleared; and its type aligns the storage.
    mark: u64,
    /// The library's own.
    storage: [MaybeUninit<usize>; STORAGE_WORDS],
}

impl CText {
    pub(crate) const fn of(text: &'static str) -> Self {
        Self { start: text.as_ptr().cast(), length: text.len() as u32 }
    }
}

impl CModel {
    /// A model that nothing has been read to.
    const NOTHING: Self = Self {
        name: CText::of(""),
        labels: CText::of(""),
        is_image: false,
        is_signed: false,
        width: 0,
        height: 0,
        layout: 0,
        ink: 0,
        sample_bytes: 0,
        work_words: 0,
        classes: 0,
        range_count: 0,
        stage_count: 0,
        layer_count: 0,
        mark: 0,
        storage: [MaybeUninit::uninit(); STORAGE_WORDS],
    };

    /// Reads a blob to `place`, which may hold anything.
    ///
    /// # Safety
    ///
    /// `place` is valid for writing, and nothing else uses it meanwhile.
    pub(crate) unsafe fn read(place: *mut Self, blob: &'static [u8]) -> Result<(), CError> {
        // SAFETY: the caller's promise; all but the storage has a value from here on.
        let model = unsafe {
            place.write(Self::NOTHING);
            &mut *place
        };
        let stored: *mut Stored = model.storage.as_mut_ptr().cast();
        // SAFETY: size and alignment are asserted above, and no other reference to the storage is used
        // while this one is.
        let stored = unsafe {
            stored.write(Err(ModelError::Number));
            &mut *stored
        };
        Model::parse_to(blob, stored);
        match stored {
            Ok(core) => {
                model.describe(core);
                Ok(())
            }
            Err(error) => Err(CError::of(error)),
        }
    }

    /// Says what a model takes and gives, and that it has been read.
    fn describe(&mut self, core: &Model<'static>) {
        let header = core.header();
        (self.name, self.labels) = (CText::of(header.name), CText::of(header.labels));
        match header.sample {
            Sample::Image(frame) => {
                self.is_image = true;
                (self.width, self.height) = (frame.width, frame.height);
                let smaller = frame.width.min(frame.height);
                (self.layout, self.ink) = match frame.layout {
                    Layout::AsItIs => (0, smaller),
                    Layout::Fitted => (1, smaller),
                    Layout::Centred { ink } => (2, ink),
                };
            }
            Sample::Features { count, signed, ranges } => {
                (self.width, self.height, self.range_count) = (count, 1, ranges);
                self.is_signed = signed;
            }
        }
        self.sample_bytes = header.sample.bytes() as u32;
        self.work_words = core.scratch_cells() as u32;
        self.classes = core.classes() as u16;
        self.stage_count = header.stages.len() as u16;
        self.layer_count = header.layers.len() as u16;
        self.mark = READ;
    }

    /// Core's model, if one has been read here.
    pub(crate) fn core(&self) -> Option<&Model<'static>> {
        if self.mark != READ {
            return None;
        }
        let stored: *const Stored = self.storage.as_ptr().cast();
        // SAFETY: `read` has written it there before the mark, and the program in C changes neither,
        // which inkbit_infer and inkbit_label ask for.
        unsafe { &*stored }.as_ref().ok()
    }
}
