//! The bytes of a pickle, one part after another.

use crate::import::fault::{Fault, damaged};

/// What is still to be read.
pub struct Reader<'p> {
    bytes: &'p [u8],
    /// Bytes that were read.
    pub at: usize,
}

impl<'p> Reader<'p> {
    /// At the beginning.
    pub fn new(bytes: &'p [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'p [u8], Fault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..count).ok_or_else(|| damaged("its pickle ends too early"))?;
        self.at += count;
        Ok(taken)
    }

    /// As many bytes as are asked for.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// A length of 64 bits.
    pub fn long_length(&mut self) -> Result<usize, Fault> {
        let length = u64::from_le_bytes(self.array()?);
        usize::try_from(length).map_err(damaged)
    }

    /// A line, without its end.
    pub fn line(&mut self) -> Result<String, Fault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|&byte| byte == b'\n');
        let line = self.take(end.ok_or_else(|| damaged("its pickle ends too early"))?)?;
        self.at += 1;
        Ok(String::from_utf8_lossy(line).into_owned())
    }
}

/// A number in two's complement, little-endian; beyond 64 bits, the nearest.
pub fn long(bytes: &[u8]) -> i64 {
    let is_negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let fill = if is_negative { 0xff } else { 0 };
    if bytes.iter().skip(8).any(|&byte| byte != fill) {
        return if is_negative { i64::MIN } else { i64::MAX };
    }
    let mut number = [fill; 8];
    number.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    i64::from_le_bytes(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_length_have_a_sign() {
        assert_eq!([&[0xff][..], &[0; 0], &[1; 9]].map(long), [-1, 0, i64::MAX]);
    }
}
