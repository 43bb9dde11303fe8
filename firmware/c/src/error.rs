//! What may be wrong: numbers and texts, those of the engine in C where it has them.

use core::ffi::CStr;

use inkbit_core::ModelError;

// The enumerators of C share one namespace, hence the prefix.
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

/// All errors, each with its text.
static TEXTS: [(CError, &CStr); 36] = [
    (CError::InkbitOk, c"no error"),
    (CError::InkbitMisaligned, c"the blob does not begin at a multiple of 8"),
    (CError::InkbitBlank, c"no blob: the memory is all 0xFF or all zero"),
    (CError::InkbitMagic, c"no blob: it does not begin with INKBIT"),
    (CError::InkbitVersion, c"a blob of another version than 3: export the model again"),
    (CError::InkbitTruncated, c"the blob is cut off"),
    (CError::InkbitTrailing, c"bytes follow the blob"),
    (CError::InkbitCrc, c"the blob is damaged: its CRC is another"),
    (CError::InkbitExtent, c"the fields do not end where the blob does"),
    (CError::InkbitNumber, c"a number is out of range or not in its shortest form"),
    (CError::InkbitUtf8, c"a text is not UTF-8"),
    (CError::InkbitLayerCount, c"there are not 1 to 8 layers, or not as many as the stages say"),
    (CError::InkbitWidth, c"a layer does not have 1 to 4096 inputs and outputs"),
    (CError::InkbitInputs, c"a layer takes another number of values than it is given"),
    (CError::InkbitBits, c"weights do not have 8, 4 or 2 bits"),
    (CError::InkbitMultipliers, c"a layer has a wrong number of multipliers"),
    (CError::InkbitBias, c"a bias is beyond 2^30"),
    (CError::InkbitData, c"the parameters are longer or shorter than the layers need"),
    (CError::InkbitPadding, c"the parameters are not aligned to 8 by as few zeros as possible"),
    (CError::InkbitLabels, c"there are not as many labels as classes"),
    (CError::InkbitEmptyLabel, c"a label is empty"),
    (CError::InkbitText, c"the name, the labels or the provenance are too long"),
    (CError::InkbitInput, c"sample, crop and pool give no whole inputs"),
    (CError::InkbitLogitScale, c"the logit scale is not a positive finite number"),
    (CError::InkbitStageCount, c"there are not 1 to 4 stages"),
    (CError::InkbitClassCount, c"stages differ in their number of classes"),
    (CError::InkbitInk, c"ink is larger than the image, or 0"),
    (CError::InkbitRangeCount, c"there is neither one range nor one for each feature"),
    (CError::InkbitOffset, c"a feature's offset is beyond 16 bits"),
    (CError::InkbitShift, c"narrow numbers are shifted too far"),
    (CError::InkbitOther, c"the blob has a fault that is newer than this library"),
    (CError::InkbitWorkTooSmall, c"the working memory has too few words"),
    (CError::InkbitLogitsTooSmall, c"the array of logits is too short"),
    (CError::InkbitSampleLength, c"the sample has another number of bytes than the model takes"),
    (
        CError::InkbitPointer,
        c"a pointer is null or not aligned to what it points to, or a length is beyond the memory",
    ),
    (CError::InkbitUnread, c"no model has been read to this inkbit_model without an error"),
];

/// The error with a number, and what it means, in English.
pub(crate) fn numbered(number: u32) -> Option<(CError, &'static CStr)> {
    TEXTS.iter().copied().find(|&(error, _)| error as u32 == number)
}

impl CError {
    /// Core's error, by its number.
    pub(crate) fn of(error: &ModelError) -> Self {
        numbered(error.code().into()).map_or(Self::InkbitOther, |(error, _)| error)
    }
}
