//! Reading postcard's wire format. postcard's own deserializer, through serde, takes four times the
//! code, which a device's flash has no room for.

/// Why a value cannot be read. One byte, so that it is passed on in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The bytes have come to an end.
    End,
    /// A number is beyond its range or not in its shortest form.
    Number,
    /// A text is not UTF-8.
    Utf8,
    /// A list is too long.
    List,
}

/// What is left to be read.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether everything has been read.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[inline(never)]
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Fault::End)?;
        self.0 = rest;
        Ok(taken)
    }

    #[inline(never)]
    fn fill(&mut self, out: &mut [u8]) -> Result<(), Fault> {
        let bytes = self.take(out.len())?;
        out.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        Ok(())
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut array = [0; N];
        self.fill(&mut array)?;
        Ok(array)
    }

    #[inline(never)]
    pub(crate) fn byte(&mut self) -> Result<u8, Fault> {
        let (&byte, rest) = self.0.split_first().ok_or(Fault::End)?;
        self.0 = rest;
        Ok(byte)
    }

    /// A varint: seven bits a byte, in its shortest form.
    #[inline(never)]
    pub(crate) fn varint(&mut self) -> Result<u64, Fault> {
        let (mut value, mut shift) = (0_u64, 0);
        loop {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7F);
            // Ten bytes hold 64 bits, and one of the tenth's.
            if shift > 63 || (shift == 63 && bits > 1) {
                return Err(Fault::Number);
            }
            value |= bits << shift;
            if byte < 0x80 {
                // A last byte of 0 adds nothing to what came before it.
                return if byte == 0 && shift > 0 { Err(Fault::Number) } else { Ok(value) };
            }
            shift += 7;
        }
    }

    #[inline(never)]
    pub(crate) fn word(&mut self) -> Result<u32, Fault> {
        self.varint()?.try_into().map_err(|_| Fault::Number)
    }

    #[inline(never)]
    pub(crate) fn half(&mut self) -> Result<u16, Fault> {
        self.varint()?.try_into().map_err(|_| Fault::Number)
    }

    #[inline(never)]
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Fault> {
        // No blob has as many bytes as the greatest length, wherever it is read.
        let length = self.varint()?.try_into().unwrap_or(usize::MAX);
        self.take(length)
    }

    #[inline(never)]
    pub(crate) fn text(&mut self) -> Result<&'a str, Fault> {
        let bytes = self.bytes()?;
        let text = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        if text.len() == bytes.len() { Ok(text) } else { Err(Fault::Utf8) }
    }
}
