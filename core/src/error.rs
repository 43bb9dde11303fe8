//! What can be wrong with a model's bytes, with what is packed into them, with memory, and with an
//! image. Every message says what was found, what was expected and what to do. The messages take
//! 5.5 kB; a firmware that has no room for them reports [`Error::code`].

use crate::shape::{Input, MAX_SIDE, MAX_WIDTH};

/// Any error of this crate, so that `?` takes all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// The bytes are no model that this version can run.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The working memory is too small.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// The sample has the wrong length.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// What was to be written is no model.
    #[error(transparent)]
    Pack(#[from] PackError),
}

impl Error {
    /// A number for the kind of error, from 1: that of [`ModelError::code`], 64 for the working
    /// memory, 65 for a sample, 66 for packing. The numbers stay what they are.
    ///
    /// ```
    /// use inkbit_core::{Error, SampleError};
    /// assert_eq!(Error::from(SampleError { found: 1, expected: 784 }).code(), 65);
    /// ```
    pub const fn code(&self) -> u8 {
        match self {
            Self::Model(error) => error.code(),
            Self::Scratch(_) => 64,
            Self::Sample(_) => 65,
            Self::Pack(_) => 66,
        }
    }
}

/// Why bytes are no model that this version can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ModelError {
    /// The first byte is not at a multiple of 8, where [`include_blob!`](crate::include_blob) puts it.
    #[error(
        "model bytes start {remainder} past a multiple of 8; place them on an 8-byte \
                 boundary"
    )]
    Misaligned {
        /// Address of the first byte, modulo 8.
        remainder: u8,
    },
    /// The bytes are all 0xFF or all zero where the header should be.
    #[error("no model here: every byte is {byte:#04x}; flash a model")]
    Blank {
        /// The byte that fills the place of the header.
        byte: u8,
    },
    /// The first six bytes are not `INKBIT`.
    #[error(
        "not an Inkbit model: it begins with {found:02x?}, not with \"INKBIT\"; check the \
                 file or address"
    )]
    Magic {
        /// What they are.
        found: [u8; 6],
    },
    /// A blob of another format version.
    #[error(
        "model has format version {found}, this build reads {expected}; quantize it again with this \
                 version, or use the version that wrote it"
    )]
    Version {
        /// The blob's version.
        found: u16,
        /// The version that is read here.
        expected: u16,
    },
    /// Fewer bytes than the header says, or fewer than a header.
    #[error("model is cut off: {found} bytes of {expected}; copy or flash it again")]
    Truncated {
        /// Bytes at hand.
        found: usize,
        /// Bytes needed.
        expected: usize,
    },
    /// More bytes than the header says.
    #[error("model of {expected} bytes is followed by {} more; copy it again",
                found.saturating_sub(*expected))]
    Trailing {
        /// Bytes at hand.
        found: usize,
        /// Bytes that the header says.
        expected: usize,
    },
    /// The checksum of the bytes is not the one stored.
    #[error(
        "model is damaged: CRC {found:#010x}, stored {expected:#010x}; copy or flash it \
                 again"
    )]
    Crc {
        /// Computed over the bytes at hand.
        found: u32,
        /// Stored in the blob.
        expected: u32,
    },
    /// The fields do not end where the blob does, though the checksum holds.
    #[error(
        "model's fields do not end with its {length} bytes though its CRC is right; mend \
                 the program that wrote it"
    )]
    Extent {
        /// Bytes of the blob.
        length: usize,
    },
    /// A number beyond the range of its field, or not in its shortest form.
    #[error(
        "model has a number out of its field's range or not in its shortest form; mend the \
                 program that wrote it"
    )]
    Number,
    /// A text is not UTF-8.
    #[error("model has a text that is not UTF-8; mend the program that wrote it")]
    Utf8,
    /// No layers, more than [`MAX_LAYERS`](crate::MAX_LAYERS), or not as many as the stages say.
    #[error(
        "model has {found} layers, but must have 1 to {limit}, and as many as its stages say; train one \
                 of that depth, or mend the program that wrote it"
    )]
    LayerCount {
        /// How many.
        found: usize,
        /// The most there may be.
        limit: usize,
    },
    /// A layer without inputs or outputs, or wider than [`MAX_WIDTH`](crate::MAX_WIDTH).
    #[error("layer {layer} has a width of {found}; train a model with widths of 1 to {limit}")]
    Width {
        /// Layer, from 0.
        layer: usize,
        /// The width.
        found: usize,
        /// The widest there may be.
        limit: usize,
    },
    /// A layer does not take what the one before it, or the image, gives.
    #[error("layer {layer} takes {found} values but is given {expected}; make them equal")]
    Inputs {
        /// Layer, from 0.
        layer: usize,
        /// Inputs that it has.
        found: usize,
        /// Values that it is given.
        expected: usize,
    },
    /// A width of weights other than 8, 4 or 2 bits.
    #[error("layer {layer} has weights of {found} bits; quantize it to 8, 4 or 2")]
    Bits {
        /// Layer, from 0.
        layer: usize,
        /// The width in bits.
        found: u8,
    },
    /// A count of requantization multipliers that is not allowed for the layer.
    #[error("layer {layer} has {found} multipliers; give it {expected}{}", if *expected > 1 { " or 1" } else { "" })]
    Multipliers {
        /// Layer, from 0.
        layer: usize,
        /// The count.
        found: usize,
        /// What it should be (or 1, in a hidden layer).
        expected: usize,
    },
    /// A bias beyond ±2³⁰: the sum of its row could overflow.
    #[error(
        "layer {layer}, row {row}: bias {found} is beyond ±{limit} and the row could \
                 overflow; scale the layer down or train with weight decay"
    )]
    Bias {
        /// Layer, from 0.
        layer: usize,
        /// Output, from 0.
        row: usize,
        /// The bias.
        found: i64,
        /// The greatest that is allowed.
        limit: i32,
    },
    /// The parameters are longer or shorter than the layers need.
    #[error(
        "model has {found} bytes of parameters, its layers need {expected}; mend the \
                 program that wrote it"
    )]
    Data {
        /// Bytes of parameters.
        found: usize,
        /// Bytes that the layers need.
        expected: usize,
    },
    /// The padding before the parameters is not what aligns them.
    #[error(
        "parameters are padded by {found} bytes and not aligned to 8 by zeros; mend the \
                 program that wrote it"
    )]
    Padding {
        /// Bytes of padding.
        found: usize,
    },
    /// The number of class labels is not the number of classes.
    #[error("model has {found} class labels for {expected} classes; give one each")]
    Labels {
        /// Labels.
        found: usize,
        /// Classes.
        expected: usize,
    },
    /// A class label without a character.
    #[error("the label of class {class} is empty; give it a name")]
    EmptyLabel {
        /// Class, from 0.
        class: usize,
    },
    /// A text field is too long.
    #[error("{field} of {found} bytes is too long; shorten it to {limit}")]
    Text {
        /// The field.
        field: &'static str,
        /// Its length in bytes.
        found: usize,
        /// The most there may be.
        limit: usize,
    },
    /// A sample's size, crop and pool that do not fit together.
    #[error(
        "a sample of {}x{} cropped by {}, {} and pooled by {}, {} gives no whole inputs; use an image \
                 with sides of 1 to {MAX_SIDE}, a smaller crop, and pool by 1, 2 or 4 what is left, or \
                 1 to {MAX_WIDTH} features, uncropped and pooled by 1", .0.width, .0.height, .0.crop[0], .0.crop[1], .0.pool[0], .0.pool[1]
    )]
    Input(Input),
    /// The logit scale is not a positive finite number.
    #[error("logit scale is not a positive finite number; mend the program that wrote it")]
    LogitScale,
    /// More correct answers than test images.
    #[error("{correct} correct answers of {tested} test images cannot be; measure them again")]
    Accuracy {
        /// Correct answers.
        correct: u32,
        /// Test images.
        tested: u32,
    },
    /// No stages, or more than [`MAX_STAGES`](crate::MAX_STAGES).
    #[error("model has {found} stages; give it 1 to {limit}")]
    StageCount {
        /// How many.
        found: usize,
        /// The most there may be.
        limit: usize,
    },
    /// A stage tells another number of classes apart than the first.
    #[error("a stage has {found} classes, the first has {expected}; make them equal")]
    Classes {
        /// Classes of the stage.
        found: usize,
        /// Classes of the first one.
        expected: usize,
    },
    /// Ink that is laid out larger than the image, or not at all.
    #[error("images hold ink of {found} pixels; make it 1 to {limit}")]
    Ink {
        /// Pixels of its longer side.
        found: u16,
        /// The most there may be.
        limit: u16,
    },
    /// A number of ranges that is neither 1 nor that of the features.
    #[error("model has {found} ranges for {expected} features; give it as many, or one for all")]
    RangeCount {
        /// Ranges.
        found: u16,
        /// Features.
        expected: u16,
    },
    /// A feature's offset is no signed number of 16 bits.
    #[error("feature {feature} has an offset of {found}; make it -32768 to 32767")]
    Offset {
        /// Feature, from 0.
        feature: usize,
        /// The offset.
        found: i32,
    },
    /// Narrow numbers that are shifted too far.
    #[error(
        "layer {layer} shifts its multipliers by {multiplier_shift} and its biases by \
                 {bias_shift} places; shift them by 16 and 14 at the most"
    )]
    Shift {
        /// Layer, from 0.
        layer: usize,
        /// Places of a multiplier.
        multiplier_shift: u8,
        /// Places of a bias.
        bias_shift: u8,
    },
    /// A provenance that [`Provenance::read`](crate::Provenance::read) cannot read.
    #[error(
        "model has a provenance of {length} bytes that cannot be read; mend the program that wrote it"
    )]
    Provenance {
        /// Its bytes.
        length: usize,
    },
}

impl ModelError {
    /// A number for the kind of error, in the order of the variants from 1. The numbers stay what
    /// they are.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Misaligned { .. } => 1,
            Self::Blank { .. } => 2,
            Self::Magic { .. } => 3,
            Self::Version { .. } => 4,
            Self::Truncated { .. } => 5,
            Self::Trailing { .. } => 6,
            Self::Crc { .. } => 7,
            Self::Extent { .. } => 8,
            Self::Number => 9,
            Self::Utf8 => 10,
            Self::LayerCount { .. } => 11,
            Self::Width { .. } => 12,
            Self::Inputs { .. } => 13,
            Self::Bits { .. } => 14,
            Self::Multipliers { .. } => 15,
            Self::Bias { .. } => 16,
            Self::Data { .. } => 17,
            Self::Padding { .. } => 18,
            Self::Labels { .. } => 19,
            Self::EmptyLabel { .. } => 20,
            Self::Text { .. } => 21,
            Self::Input(_) => 22,
            Self::LogitScale => 23,
            Self::Accuracy { .. } => 24,
            Self::StageCount { .. } => 25,
            Self::Classes { .. } => 26,
            Self::Ink { .. } => 27,
            Self::RangeCount { .. } => 28,
            Self::Offset { .. } => 29,
            Self::Shift { .. } => 30,
            Self::Provenance { .. } => 31,
        }
    }
}

/// Why a layer cannot be packed, or a blob not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PackError {
    /// The model would be refused.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A weight that its number of bits cannot hold.
    #[error("layer {layer}, row {row}: weight {found} does not fit {bits} bits; quantize it to {}", range(*bits))]
    Weight {
        /// Layer, from 0.
        layer: usize,
        /// Output, from 0.
        row: usize,
        /// The weight.
        found: i32,
        /// The bits.
        bits: u8,
    },
    /// A multiplier or a bias that does not fit 16 bits, shifted.
    #[error(
        "layer {layer}, row {row}: {found} does not fit 16 bits shifted by {shift} places; \
                 round it, or store the layer's numbers wide"
    )]
    Narrow {
        /// Layer, from 0.
        layer: usize,
        /// Output, from 0.
        row: usize,
        /// The multiplier or bias.
        found: i64,
        /// Places by which the blob shifts it.
        shift: u8,
    },
    /// A number of biases that is not the number of outputs.
    #[error("layer {layer} has {found} biases for {expected} outputs; give one each")]
    Biases {
        /// Layer, from 0.
        layer: usize,
        /// Biases.
        found: usize,
        /// Outputs.
        expected: usize,
    },
    /// The buffer to write into is too small.
    #[error("buffer of {found} bytes is too small; make it {needed}")]
    BufferTooSmall {
        /// Its bytes.
        found: usize,
        /// Bytes needed, as far as is known.
        needed: usize,
    },
}

/// The working memory has fewer cells than the model needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[error(
    "model needs {needed} cells of working memory, {found} are built in; flash a smaller model or \
     firmware with Scratch<{needed}>"
)]
pub struct ScratchError {
    /// Cells of the memory.
    pub found: usize,
    /// Cells that the model needs.
    pub needed: usize,
}

/// The sample has another number of bytes than the model takes: of pixels, if it is an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[error("sample has {found} bytes, the model takes {expected}; give it as many")]
pub struct SampleError {
    /// Bytes of the sample.
    pub found: usize,
    /// Bytes that the model takes.
    pub expected: usize,
}

/// The weights of a width in bits.
const fn range(bits: u8) -> &'static str {
    match bits {
        8 => "-127 to 127",
        4 => "an odd number from -15 to 15",
        _ => "-3, -1, 1 or 3",
    }
}
