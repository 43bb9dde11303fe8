//! Reading postcard's wire format. postcard's own deserializer, through serde, takes four times the
//! code, which a device's flash has no room for.

use crate::Error;

/// What is left to be read.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// Bytes there were at first, for messages.
    length: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, length: bytes.len() }
    }

    /// Whether everything has been read.
    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline(never)]
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let end = Error::Extent { length: self.length };
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(end)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let end = Error::Extent { length: self.length };
        self.take(N)?.try_into().map_err(|_| end)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Error> {
        self.array().map(|[byte]| byte)
    }

    /// A varint: seven bits a byte, in its shortest form.
    #[inline(never)]
    pub(crate) fn varint(&mut self) -> Result<u64, Error> {
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
    pub(crate) fn word(&mut self) -> Result<u32, Error> {
        self.varint()?.try_into().map_err(|_| Error::Number)
    }

    #[inline(never)]
    pub(crate) fn half(&mut self) -> Result<u16, Error> {
        self.varint()?.try_into().map_err(|_| Error::Number)
    }

    #[inline(never)]
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Error> {
        // No blob has as many bytes as the greatest length, wherever it is read.
        let length = self.varint()?.try_into().unwrap_or(usize::MAX);
        self.take(length)
    }

    #[inline(never)]
    pub(crate) fn text(&mut self) -> Result<&'a str, Error> {
        core::str::from_utf8(self.bytes()?).map_err(|_| Error::Utf8)
    }
}
