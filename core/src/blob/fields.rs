//! The fields of a blob, read one after another.

use super::{CRC_BYTES, PREFIX_BYTES};
use crate::error::ModelError;
use crate::model::Header;
use crate::shape::MAX_LAYERS;
use crate::wire::{Fault, Read, Reader};

/// What lies between a blob's length and its CRC.
pub(super) struct Fields<'a> {
    pub(super) header: Header<'a>,
    pub(super) pad: &'a [u8],
    pub(super) data: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Reads them from a whole blob.
    pub(super) fn read(blob: &'a [u8]) -> Result<Self, ModelError> {
        let mut reader = Reader::new(blob);
        Self::read_all(&mut reader).map_err(|fault| match fault {
            Fault::End => ModelError::Extent { length: blob.len() },
            Fault::Number => ModelError::Number,
            Fault::Utf8 => ModelError::Utf8,
            Fault::List => ModelError::LayerCount { found: reader.length, limit: MAX_LAYERS },
        })
    }

    fn read_all(reader: &mut Reader<'a>) -> Result<Self, Fault> {
        reader.take(PREFIX_BYTES)?;
        let header = Header::read(reader)?;
        let fields = Self { header, pad: reader.bytes()?, data: reader.bytes()? };
        reader.take(CRC_BYTES)?;
        if reader.is_empty() { Ok(fields) } else { Err(Fault::End) }
    }
}
