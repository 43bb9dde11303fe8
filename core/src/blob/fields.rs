//! The fields of a blob, read one after another.

use super::{CRC_BYTES, PREFIX_BYTES};
use crate::Error;
use crate::model::{Header, Provenance};
use crate::reader::Reader;
use crate::shape::{Input, LayerShape, MAX_LAYERS};

/// What lies between a blob's length and its CRC.
pub(super) struct Fields<'a> {
    pub(super) header: Header<'a>,
    pub(super) pad: &'a [u8],
    pub(super) data: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Reads them from a whole blob.
    pub(super) fn read(blob: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(blob);
        reader.take(PREFIX_BYTES)?;
        let fields = Self { header: reader.header()?, pad: reader.bytes()?, data: reader.bytes()? };
        reader.take(CRC_BYTES)?;
        if !reader.is_empty() {
            return Err(Error::Extent { length: blob.len() });
        }
        Ok(fields)
    }
}

impl<'a> Reader<'a> {
    #[inline(always)]
    fn header(&mut self) -> Result<Header<'a>, Error> {
        Ok(Header {
            name: self.text()?,
            labels: self.text()?,
            input: Input { side: self.half()?, crop: self.byte()?, pool: self.byte()? },
            logit_scale: f32::from_le_bytes(self.array()?),
            layers: self.layers()?,
            provenance: Provenance {
                tool: self.text()?,
                command: self.text()?,
                digest: self.array()?,
                seed: self.varint()?,
                correct: self.word()?,
                tested: self.word()?,
            },
        })
    }

    #[inline(always)]
    fn layers(&mut self) -> Result<heapless::Vec<LayerShape, MAX_LAYERS>, Error> {
        let found = self.word()? as usize;
        let mut layers = heapless::Vec::new();
        for _ in 0..found {
            let shape = LayerShape {
                inputs: self.half()?,
                outputs: self.half()?,
                bits: self.byte()?,
                multipliers: self.half()?,
            };
            let too_many = Error::LayerCount { found, limit: MAX_LAYERS };
            layers.push(shape).map_err(|_| too_many)?;
        }
        Ok(layers)
    }
}
