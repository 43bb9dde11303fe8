//! What reading a file may take: one budget for all that is done with it.
//!
//! Small files can ask for much: packed zeros, a tensor of one number that is repeated, the same tensor
//! under many names. Whatever makes more of a file than its own bytes takes from its budget first.

use std::cell::Cell;

use super::LIMIT;
use super::fault::{Fault, refused};
use super::tensor::{Kind, count};

/// What a file of any size may take, in bytes.
const START: usize = 32 << 20;
/// What each byte of a file adds to that. Trained weights are hardly packed at all, pruned ones tenfold.
const EACH: usize = 16;

/// How many bytes may still be unpacked from a file or made of it. Work that takes no memory counts as
/// bytes, too, so that it has an end.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Bytes of the file.
    file: usize,
    most: usize,
    left: Cell<usize>,
    /// Whether all memory that the process takes meanwhile is the reader's.
    is_alone: bool,
}

impl Budget {
    /// The budget of a file. `file` is its length in bytes; `is_alone` says whether the process does nothing
    /// else meanwhile.
    pub fn of(file: usize, is_alone: bool) -> Self {
        let most = START + file.saturating_mul(EACH).min(2 * LIMIT as usize);
        Self { file, most, left: Cell::new(most), is_alone }
    }

    /// The bytes by which the process may grow meanwhile, if it does nothing else: three times the budget, and
    /// what a library takes beside.
    pub fn growth(&self) -> Option<usize> {
        const BESIDE: usize = 64 << 20;
        self.is_alone.then(|| self.most.saturating_mul(3).saturating_add(BESIDE))
    }

    /// Bytes that may still be taken.
    pub fn left(&self) -> usize {
        self.left.get()
    }

    /// Takes bytes for a part of the file, before that part is unpacked. `None` stands for more bytes than can
    /// be counted.
    ///
    /// # Errors
    ///
    /// If there are not as many left.
    pub fn take(&self, part: &str, bytes: Option<usize>) -> Result<(), Fault> {
        let left = bytes.and_then(|bytes| self.left.get().checked_sub(bytes));
        self.left.set(left.ok_or_else(|| {
            let Self { file, most, left, .. } = self;
            let found = bytes.and_then(|bytes| bytes.checked_add(most - left.get()));
            let found = found.map_or("more than memory has".to_owned(), |found| found.to_string());
            let part: String = part.chars().take(100).collect();
            refused(format!(
                "reading it takes {found} bytes, up to `{part}`, but at most {most} may be taken for a file of \
                 {file} bytes; save the network alone and without compression, or give a smaller one"
            ))
        })?);
        Ok(())
    }
}

/// What a tensor takes, in bytes, whose numbers become floating point of 32 bits; `None` if it is too much to
/// count.
pub fn of_tensor(shape: &[usize], kind: Kind) -> Option<usize> {
    count(shape)?.checked_mul(kind.bytes().max(size_of::<f32>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_file_may_take_a_little_and_a_large_one_itself_twice() {
        assert_eq!(Budget::of(0, false).left(), 32 << 20);
        assert_eq!(Budget::of(1 << 20, false).left(), 48 << 20);
        assert_eq!(Budget::of(LIMIT as usize, false).left(), (2 * LIMIT as usize) + (32 << 20));
    }

    #[test]
    fn parts_are_counted_together_and_the_error_says_how_many_bytes() {
        let budget = Budget::of(1000, false);
        budget.take("a", of_tensor(&[4096, 1024], Kind::I8)).unwrap();
        budget.take("b", Some(16_000_000)).unwrap();
        let fault = budget.take("c", Some(1_000_000)).unwrap_err().to_string();
        assert_eq!(
            fault,
            "reading it takes 33777216 bytes, up to `c`, but at most 33570432 may be taken for a file of \
             1000 bytes; save the network alone and without compression, or give a smaller one"
        );
        assert!(budget.take("d", None).is_err());
        assert_eq!(of_tensor(&[usize::MAX / 4, 2], Kind::F64), None);
        assert_eq!(budget.left(), 33_570_432 - 32_777_216);
    }
}
