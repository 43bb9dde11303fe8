//! The fields of a blob, read one after another. postcard's deserializer reads the same, in four
//! times the code, which a device's flash has no room for.

use super::{CRC_BYTES, PREFIX_BYTES};
use crate::Error;
use crate::model::{Header, Provenance};
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
        let mut reader = Reader { rest: blob, length: blob.len() };
        reader.take(PREFIX_BYTES)?;
        let fields = Self { header: reader.header()?, pad: reader.bytes()?, data: reader.bytes()? };
        reader.take(CRC_BYTES)?;
        if !reader.rest.is_empty() {
            return Err(Error::Extent { length: blob.len() });
        }
        Ok(fields)
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    /// Of the blob, for messages.
    length: usize,
}

impl<'a> Reader<'a> {
    #[inline(never)]
    fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let end = Error::Extent { length: self.length };
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(end)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let end = Error::Extent { length: self.length };
        self.take(N)?.try_into().map_err(|_| end)
    }

    fn byte(&mut self) -> Result<u8, Error> {
        self.array().map(|[byte]| byte)
    }

    /// A varint: seven bits a byte, in its shortest form.
    #[inline(never)]
    fn varint(&mut self) -> Result<u64, Error> {
        let (mut value, mut shift) = (0_u64, 0);
        loop {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7F);
            // Ten bytes hold 64 bits, and one of the tenth's.
            if shift > 63 || (shift == 63 && bits > 1) {
                return Err(Error::Number);
            }
            value |= bits << shift;
            if byte < 0x80 {
                // A last byte of 0 adds nothing to what came before it.
                return if byte == 0 && shift > 0 { Err(Error::Number) } else { Ok(value) };
            }
            shift += 7;
        }
    }

    #[inline(never)]
    fn word(&mut self) -> Result<u32, Error> {
        self.varint()?.try_into().map_err(|_| Error::Number)
    }

    #[inline(never)]
    fn half(&mut self) -> Result<u16, Error> {
        self.varint()?.try_into().map_err(|_| Error::Number)
    }

    #[inline(never)]
    fn bytes(&mut self) -> Result<&'a [u8], Error> {
        // No blob has as many bytes as the greatest length, wherever it is read.
        let length = self.varint()?.try_into().unwrap_or(usize::MAX);
        self.take(length)
    }

    #[inline(never)]
    fn text(&mut self) -> Result<&'a str, Error> {
        core::str::from_utf8(self.bytes()?).map_err(|_| Error::Utf8)
    }

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
