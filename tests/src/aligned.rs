//! Bytes at a chosen alignment.

use std::ops::Deref;

/// A copy of bytes whose address modulo 8 is known.
#[derive(Debug)]
pub struct Aligned {
    room: Vec<u8>,
    start: usize,
    length: usize,
}

impl Aligned {
    /// Bytes that start at a multiple of 8, as a blob must.
    pub fn new(bytes: &[u8]) -> Self {
        Self::at(bytes, 0)
    }

    /// Bytes that start `remainder` past a multiple of 8.
    pub fn at(bytes: &[u8], remainder: usize) -> Self {
        let mut room = vec![0; bytes.len() + 8 + remainder];
        let start = room.as_ptr().align_offset(8) + remainder;
        room[start..start + bytes.len()].copy_from_slice(bytes);
        Self { room, start, length: bytes.len() }
    }
}

impl Deref for Aligned {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.room[self.start..self.start + self.length]
    }
}
