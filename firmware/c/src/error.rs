//! What may be wrong: numbers and texts, those of the engine in C where it has them.

use core::ffi::CStr;

use inkbit_core::ModelError;

// In C nothing else tells whose they are.
/// What may be wrong. Numbers below 100 are those of Inkbit's other programs.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CError {
    /// No error.
    InkbitOk = 0,
    /// The blob does not begin at a multiple of 8.
    InkbitMisaligned = 1,
    /// No blob: the memory is all 0xFF or all zero.
    InkbitBlank = 2,
    /// No blob: it does not begin with INKBIT.
    InkbitMagic = 3,
    /// A blob of another version than 3: export the model again.
    InkbitVersion = 4,
    /// The blob is cut off.
    InkbitTruncated = 5,
    /// Bytes follow the blob.
    InkbitTrailing = 6,
    /// The blob is damaged: its CRC is another.
    InkbitCrc = 7,
    /// The fields do not end where the blob does.
    InkbitExtent = 8,
    /// A number is out of range or not in its shortest form.
    InkbitNumber = 9,
    /// A text is not UTF-8.
    InkbitUtf8 = 10,
    /// There are not 1 to 8 layers, or not as many as the stages say.
    InkbitLayerCount = 11,
    /// A layer does not have 1 to 4096 inputs and outputs.
    InkbitWidth = 12,
    /// A layer takes another number of values than it is given.
    InkbitInputs = 13,
    /// Weights do not have 8, 4 or 2 bits.
    InkbitBits = 14,
    /// A layer has a wrong number of multipliers.
    InkbitMultipliers = 15,
    /// A bias is beyond 2^30.
    InkbitBias = 16,
    /// The parameters are longer or shorter than the layers need.
    InkbitData = 17,
    /// The parameters are not aligned to 8 by as few zeros as possible.
    InkbitPadding = 18,
    /// There are not as many labels as classes.
    InkbitLabels = 19,
    /// A label is empty.
    InkbitEmptyLabel = 20,
    /// The name, the labels or the provenance are too long.
    InkbitText = 21,
    /// Sample, crop and pool give no whole inputs.
    InkbitInput = 22,
    /// The logit scale is not a positive finite number.
    InkbitLogitScale = 23,
    /// There are not 1 to 4 stages.
    InkbitStageCount = 25,
    /// Stages differ in their number of classes.
    InkbitClassCount = 26,
    /// Ink is larger than the image, or 0.
    InkbitInk = 27,
    /// There is neither one range nor one for each feature.
    InkbitRangeCount = 28,
    /// A feature's offset is beyond 16 bits.
    InkbitOffset = 29,
    /// Narrow numbers are shifted too far.
    InkbitShift = 30,
    /// The blob has a fault that is newer than this library.
    InkbitOther = 100,
    /// The working memory has too few words.
    InkbitWorkTooSmall = 101,
    /// The array of logits is too short.
    InkbitLogitsTooSmall = 102,
    /// The sample has another number of bytes than the model takes.
    InkbitSampleLength = 103,
    /// A pointer is null or not aligned to what it points to, or a length is beyond the memory.
    InkbitPointer = 104,
    /// No model has been read to this inkbit_model without an error.
    InkbitUnread = 105,
}

impl CError {
    /// All errors.
    const ALL: [Self; 36] = [
        Self::InkbitOk,
        Self::InkbitMisaligned,
        Self::InkbitBlank,
        Self::InkbitMagic,
        Self::InkbitVersion,
        Self::InkbitTruncated,
        Self::InkbitTrailing,
        Self::InkbitCrc,
        Self::InkbitExtent,
        Self::InkbitNumber,
        Self::InkbitUtf8,
        Self::InkbitLayerCount,
        Self::InkbitWidth,
        Self::InkbitInputs,
        Self::InkbitBits,
        Self::InkbitMultipliers,
        Self::InkbitBias,
        Self::InkbitData,
        Self::InkbitPadding,
        Self::InkbitLabels,
        Self::InkbitEmptyLabel,
        Self::InkbitText,
        Self::InkbitInput,
        Self::InkbitLogitScale,
        Self::InkbitStageCount,
        Self::InkbitClassCount,
        Self::InkbitInk,
        Self::InkbitRangeCount,
        Self::InkbitOffset,
        Self::InkbitShift,
        Self::InkbitOther,
        Self::InkbitWorkTooSmall,
        Self::InkbitLogitsTooSmall,
        Self::InkbitSampleLength,
        Self::InkbitPointer,
        Self::InkbitUnread,
    ];

    /// The error with a number.
    pub(crate) fn numbered(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|&error| error as u32 == number)
    }

    /// Core's error, by its number.
    pub(crate) fn of(error: &ModelError) -> Self {
        Self::numbered(error.code().into()).unwrap_or(Self::InkbitOther)
    }

    /// What it means, in English.
    pub(crate) const fn text(self) -> &'static CStr {
        match self {
            Self::InkbitOk => c"no error",
            Self::InkbitMisaligned => c"the blob does not begin at a multiple of 8",
            Self::InkbitBlank => c"no blob: the memory is all 0xFF or all zero",
            Self::InkbitMagic => c"no blob: it does not begin with INKBIT",
            Self::InkbitVersion => c"a blob of another version than 3: export the model again",
            Self::InkbitTruncated => c"the blob is cut off",
            Self::InkbitTrailing => c"bytes follow the blob",
            Self::InkbitCrc => c"the blob is damaged: its CRC is another",
            Self::InkbitExtent => c"the fields do not end where the blob does",
            Self::InkbitNumber => c"a number is out of range or not in its shortest form",
            Self::InkbitUtf8 => c"a text is not UTF-8",
            Self::InkbitLayerCount => c"there are not 1 to 8 layers, or not as many as the stages say",
            Self::InkbitWidth => c"a layer does not have 1 to 4096 inputs and outputs",
            Self::InkbitInputs => c"a layer takes another number of values than it is given",
            Self::InkbitBits => c"weights do not have 8, 4 or 2 bits",
            Self::InkbitMultipliers => c"a layer has a wrong number of multipliers",
            Self::InkbitBias => c"a bias is beyond 2^30",
            Self::InkbitData => c"the parameters are longer or shorter than the layers need",
            Self::InkbitPadding => c"the parameters are not aligned to 8 by as few zeros as possible",
            Self::InkbitLabels => c"there are not as many labels as classes",
            Self::InkbitEmptyLabel => c"a label is empty",
            Self::InkbitText => c"the name, the labels or the provenance are too long",
            Self::InkbitInput => c"sample, crop and pool give no whole inputs",
            Self::InkbitLogitScale => c"the logit scale is not a positive finite number",
            Self::InkbitStageCount => c"there are not 1 to 4 stages",
            Self::InkbitClassCount => c"stages differ in their number of classes",
            Self::InkbitInk => c"ink is larger than the image, or 0",
            Self::InkbitRangeCount => c"there is neither one range nor one for each feature",
            Self::InkbitOffset => c"a feature's offset is beyond 16 bits",
            Self::InkbitShift => c"narrow numbers are shifted too far",
            Self::InkbitOther => c"the blob has a fault that is newer than this library",
            Self::InkbitWorkTooSmall => c"the working memory has too few words",
            Self::InkbitLogitsTooSmall => c"the array of logits is too short",
            Self::InkbitSampleLength => c"the sample has another number of bytes than the model takes",
            Self::InkbitPointer => c"a pointer is null or not aligned to what it points to, or a length is beyond the memory",
            Self::InkbitUnread => c"no model has been read to this inkbit_model without an error",
        }
    }
}
