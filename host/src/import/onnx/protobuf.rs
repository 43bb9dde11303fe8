//! The fields of a protobuf message, one after another, as they lie in the file.
//!
//! Source: the encoding's description, protobuf.dev/programming-guides/encoding. Nothing is copied: a
//! message of millions of empty messages, or of lengths that it does not have, takes no memory.

use crate::import::fault::{Fault, damaged};

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field<'a> {
    /// A whole number.
    Number(u64),
    /// A text, bytes, a message, or a row of packed numbers.
    Bytes(&'a [u8]),
    /// Four bytes.
    Four([u8; 4]),
    /// Eight bytes.
    Eight([u8; 8]),
}

impl<'a> Field<'a> {
    /// Its bytes; empty if it has none.
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    /// Its text.
    pub fn text(self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// Its number; 0 if it has none.
    pub fn number(self) -> i64 {
        match self {
            Self::Number(number) => number as i64,
            _ => 0,
        }
    }
}

/// The fields of a message, each with its number.
pub fn fields(message: &[u8]) -> impl Iterator<Item = Result<(u64, Field<'_>), Fault>> {
    let mut rest = message;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = field(&mut rest);
        if field.is_none() {
            rest = &[];
        }
        Some(field.ok_or_else(|| damaged("a message ends within a field")))
    })
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Field<'a>)> {
    let key = varint(rest)?;
    let field = match key & 7 {
        0 => Field::Number(varint(rest)?),
        1 => Field::Eight(*rest.split_off(..8)?.first_chunk()?),
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            Field::Bytes(rest.split_off(..length)?)
        }
        5 => Field::Four(*rest.split_off(..4)?.first_chunk()?),
        // Groups, which nobody writes any more.
        _ => return None,
    };
    Some((key >> 3, field))
}

/// A number in groups of seven bits, the lowest first.
fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *rest.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// Adds whole numbers, which a field has one by one or packed, until there are `most`: each takes up to
/// eight times its room in the file.
pub fn numbers(field: Field<'_>, into: &mut Vec<i64>, most: usize) -> Result<(), Fault> {
    match field {
        Field::Bytes(mut packed) => {
            while !packed.is_empty() && into.len() < most {
                let number = varint(&mut packed);
                into.push(number.ok_or_else(|| damaged("a row of numbers ends within one"))? as i64);
            }
        }
        field if into.len() < most => into.push(field.number()),
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_every_kind_are_read_and_false_lengths_are_no_memory() {
        let message = b"\x08\x96\x01\x12\x02ab\x1d\0\0\x80\x3f";
        let found: Vec<_> = fields(message).map(Result::unwrap).collect();
        assert_eq!(found[0], (1, Field::Number(150)));
        assert_eq!(found[1], (2, Field::Bytes(b"ab")));
        assert_eq!(found[2], (3, Field::Four(1.0_f32.to_le_bytes())));
        // A length of 2 GB.
        let mut damaged = fields(b"\x12\xff\xff\xff\xff\x07ab");
        assert!(damaged.next().unwrap().is_err() && damaged.next().is_none());
        let mut packed = Vec::new();
        numbers(Field::Bytes(b"\x01\x96\x01\x02"), &mut packed, 2).unwrap();
        assert_eq!(packed, [1, 150]);
    }
}
