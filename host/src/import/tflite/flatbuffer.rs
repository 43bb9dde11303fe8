//! Tables of a flatbuffer, as they lie in the file, each access checked.
//!
//! Source: flatbuffers.dev/internals. A table begins with the distance back to its list of offsets, which
//! gives for each field how far it lies from the table's beginning.

use crate::import::fault::{Fault, damaged};

/// A table.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where its list of offsets is, and how many bytes that has.
    offsets: (usize, usize),
}

/// Some numbers, texts or tables in a row.
#[derive(Clone, Copy, Debug)]
pub struct Vector<'a> {
    bytes: &'a [u8],
    /// Where the first one is.
    at: usize,
    /// How many there are, which the file has room for.
    pub len: usize,
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Fault> {
    let found = at.checked_add(N).and_then(|end| bytes.get(at..end)?.first_chunk().copied());
    found.ok_or_else(|| damaged("it names a place beyond its end"))
}

fn word(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    array(bytes, at).map(|word| u32::from_le_bytes(word) as usize)
}

/// The place that is named at a place, relative to this.
fn target(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    Ok(at + word(bytes, at)?)
}

impl<'a> Table<'a> {
    /// The table that a file is.
    pub fn root(bytes: &'a [u8]) -> Result<Self, Fault> {
        Self::at(bytes, target(bytes, 0)?)
    }

    fn at(bytes: &'a [u8], at: usize) -> Result<Self, Fault> {
        let back = i32::from_le_bytes(array(bytes, at)?);
        let offsets =
            i64::try_from(at).ok().and_then(|at| usize::try_from(at - i64::from(back)).ok());
        let offsets = offsets.ok_or_else(|| damaged("it names a place before its beginning"))?;
        let length = u16::from_le_bytes(array(bytes, offsets)?).into();
        Ok(Self { bytes, at, offsets: (offsets, length) })
    }

    /// Where a field lies; `None` if it is left out.
    fn field(&self, number: usize) -> Result<Option<usize>, Fault> {
        let (offsets, length) = self.offsets;
        let entry = 4 + 2 * number;
        if entry + 2 > length {
            return Ok(None);
        }
        let offset: usize = u16::from_le_bytes(array(self.bytes, offsets + entry)?).into();
        Ok((offset > 0).then_some(self.at + offset))
    }

    /// A byte with a sign; 0 if it is left out.
    pub fn byte(&self, number: usize) -> Result<i8, Fault> {
        let field = self.field(number)?;
        field.map_or(Ok(0), |at| array(self.bytes, at).map(i8::from_le_bytes))
    }

    /// A number of 32 bits; 0 if it is left out.
    pub fn int(&self, number: usize) -> Result<i32, Fault> {
        let field = self.field(number)?;
        field.map_or(Ok(0), |at| array(self.bytes, at).map(i32::from_le_bytes))
    }

    /// A number of 64 bits; 0 if it is left out.
    pub fn long(&self, number: usize) -> Result<u64, Fault> {
        let field = self.field(number)?;
        field.map_or(Ok(0), |at| array(self.bytes, at).map(u64::from_le_bytes))
    }

    /// A table within.
    pub fn table(&self, number: usize) -> Result<Option<Self>, Fault> {
        let field = self.field(number)?;
        field.map(|at| Self::at(self.bytes, target(self.bytes, at)?)).transpose()
    }

    /// A row of values, each of `width` bytes; empty if it is left out.
    pub fn vector(&self, number: usize, width: usize) -> Result<Vector<'a>, Fault> {
        let Some(field) = self.field(number)? else {
            return Ok(Vector { bytes: self.bytes, at: 0, len: 0 });
        };
        let start = target(self.bytes, field)?;
        let len = word(self.bytes, start)?;
        let at = start + 4;
        let end = len.checked_mul(width).and_then(|bytes| bytes.checked_add(at));
        match end.filter(|end| *end <= self.bytes.len()) {
            Some(_) => Ok(Vector { bytes: self.bytes, at, len }),
            None => Err(damaged(format!("a row of {len} values goes beyond its end"))),
        }
    }

    /// A text, of which at most `most` bytes are read: many tables may share one that is as long as the
    /// file. Empty if it is left out.
    pub fn text(&self, number: usize, most: usize) -> Result<String, Fault> {
        let bytes = self.vector(number, 1)?.bytes();
        Ok(String::from_utf8_lossy(&bytes[..bytes.len().min(most)]).into_owned())
    }
}

impl<'a> Vector<'a> {
    /// The bytes of a row of bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes.get(self.at..self.at + self.len).unwrap_or_default()
    }

    /// The table of a number, in a row of tables.
    pub fn table(&self, index: usize) -> Result<Table<'a>, Fault> {
        if index >= self.len {
            return Err(damaged(format!("it names table {index} of {}", self.len)));
        }
        Table::at(self.bytes, target(self.bytes, self.at + 4 * index)?)
    }

    /// The first `most` numbers of a row of them, of 32 bits each.
    pub fn ints(&self, most: usize) -> Result<Vec<i32>, Fault> {
        let each = (0..self.len.min(most))
            .map(|index| array(self.bytes, self.at + 4 * index).map(i32::from_le_bytes));
        each.collect()
    }

    /// [`ints`](Self::ints) of floating point.
    pub fn floats(&self, most: usize) -> Result<Vec<f32>, Fault> {
        let ints = self.ints(most)?;
        Ok(ints.into_iter().map(|bits| f32::from_bits(bits.cast_unsigned())).collect())
    }

    /// [`ints`](Self::ints) of 64 bits.
    pub fn longs(&self, most: usize) -> Result<Vec<i64>, Fault> {
        let each = (0..self.len.min(most))
            .map(|index| array(self.bytes, self.at + 8 * index).map(i64::from_le_bytes));
        each.collect()
    }
}
