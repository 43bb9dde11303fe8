//! The fields of a blob, read one after another.

use heapless::Vec;

use super::{CRC_BYTES, PREFIX_BYTES};
use crate::error::ModelError;
use crate::model::{Header, Provenance};
use crate::reader::{Fault, Reader};
use crate::shape::{Input, LayerShape, MAX_LAYERS};

/// What lies between a blob's length and its CRC.
pub(super) struct Fields<'a> {
    pub(super) header: Header<'a>,
    pub(super) pad: &'a [u8],
    pub(super) data: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Reads them from a whole blob.
    pub(super) fn read(blob: &'a [u8]) -> Result<Self, ModelError> {
        let (length, mut layers) = (blob.len(), 0);
        Self::read_all(Reader::new(blob), &mut layers).map_err(|fault| match fault {
            Fault::End => ModelError::Extent { length },
            Fault::Number => ModelError::Number,
            Fault::Utf8 => ModelError::Utf8,
            Fault::List => ModelError::LayerCount { found: layers, limit: MAX_LAYERS },
        })
    }

    fn read_all(mut reader: Reader<'a>, layers: &mut usize) -> Result<Self, Fault> {
        reader.take(PREFIX_BYTES)?;
        let header = reader.header(layers)?;
        let fields = Self { header, pad: reader.bytes()?, data: reader.bytes()? };
        reader.take(CRC_BYTES)?;
        if reader.is_empty() { Ok(fields) } else { Err(Fault::End) }
    }
}

impl<'a> Reader<'a> {
    #[inline(always)]
    fn header(&mut self, layers: &mut usize) -> Result<Header<'a>, Fault> {
        Ok(Header {
            name: self.text()?,
            labels: self.text()?,
            input: Input { side: self.half()?, crop: self.byte()?, pool: self.byte()? },
            logit_scale: f32::from_le_bytes(self.array()?),
            layers: self.layers(layers)?,
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

    /// The layers' shapes, and in `count` how many there are said to be.
    #[inline(always)]
    fn layers(&mut self, count: &mut usize) -> Result<Vec<LayerShape, MAX_LAYERS>, Fault> {
        *count = self.word()? as usize;
        let mut layers = Vec::new();
        for _ in 0..*count {
            let shape = LayerShape {
                inputs: self.half()?,
                outputs: self.half()?,
                bits: self.byte()?,
                multipliers: self.half()?,
            };
            layers.push(shape).map_err(|_| Fault::List)?;
        }
        Ok(layers)
    }
}
