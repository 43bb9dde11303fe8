//! A blob's CRC, checked again while its model runs.

use core::hint::black_box;

use crate::blob::{CRC_BYTES, stated_length};
use crate::crc::Crc32;
use crate::error::ModelError;

/// Checks a blob again and again while its model runs, a few bytes at a time: memory may lose a bit
/// long after [`Model::parse`](crate::Model::parse), and the model would answer wrong for ever.
///
/// A firmware calls [`step`](Self::step) whenever it has nothing else to do, and stops answering
/// after an error. A byte takes about 20 cycles of a Cortex-M0.
///
/// ```
/// use inkbit_core::{Model, blob::CrcCheck, include_blob};
/// static BLOB: &[u8] = include_blob!("../../golden/one-layer.inkbit");
/// let model = Model::parse(BLOB)?;
/// let mut check = CrcCheck::new(BLOB)?;
/// let mut steps = 1;
/// while check.step(64)?.is_none() {
///     steps += 1;
/// }
/// assert_eq!(steps, (BLOB.len() - 4).div_ceil(64));
/// # Ok::<_, inkbit_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CrcCheck<'m> {
    blob: &'m [u8],
    /// The CRC as stored at the start.
    stored: u32,
    done: usize,
    crc: Crc32,
}

impl<'m> CrcCheck<'m> {
    /// The check of the blob at the start of `region`, which has just been parsed.
    ///
    /// # Errors
    ///
    /// As [`stated_length`], or [`ModelError::Truncated`] if `region` is shorter.
    pub fn new(region: &'m [u8]) -> Result<Self, ModelError> {
        let (found, expected) = (region.len(), stated_length(region)?);
        let truncated = ModelError::Truncated { found, expected };
        let blob = region.get(..expected).ok_or(truncated)?;
        Ok(Self { blob, stored: stored(blob), done: 0, crc: Crc32::new() })
    }

    /// The blob.
    pub const fn blob(&self) -> &'m [u8] {
        self.blob
    }

    /// The CRC that closed the blob when the check was [made](Self::new).
    pub const fn stored(&self) -> u32 {
        self.stored
    }

    /// Checks the next `bytes` bytes of the blob. After its last one, returns the CRC that was
    /// computed; the next step begins again.
    ///
    /// # Errors
    ///
    /// [`ModelError::Crc`] after the last byte if a byte, or the CRC that is stored behind them,
    /// has changed since [`new`](Self::new).
    pub fn step(&mut self, bytes: usize) -> Result<Option<u32>, ModelError> {
        // Hidden from the compiler, which may hold that what nothing writes to does not change.
        let blob = black_box(self.blob);
        let end = blob.len().saturating_sub(CRC_BYTES);
        let next = self.done.saturating_add(bytes).min(end);
        self.crc.update(blob.get(self.done..next).unwrap_or_default());
        self.done = next;
        if next < end {
            return Ok(None);
        }
        let found = core::mem::replace(&mut self.crc, Crc32::new()).value();
        self.done = 0;
        for expected in [self.stored, stored(blob)] {
            if found != expected {
                return Err(ModelError::Crc { found, expected });
            }
        }
        Ok(Some(found))
    }
}

/// The CRC that closes a blob.
fn stored(blob: &[u8]) -> u32 {
    blob.last_chunk().map_or(0, |crc| u32::from_le_bytes(*crc))
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    static GOLDEN: &[u8] = include_bytes!("../../golden/one-layer.inkbit");

    /// What the check finds within one pass and a little, if `change` acts on the blob after so
    /// many steps of 16 bytes.
    fn after(steps: usize, change: impl FnOnce(&mut [u8])) -> Result<Option<u32>, ModelError> {
        let mut blob: Vec<u8> = GOLDEN.to_vec();
        let mut check = CrcCheck::new(GOLDEN).unwrap();
        for _ in 0..steps {
            check.step(16)?;
        }
        change(&mut blob);
        check.blob = &blob;
        // The rest of this pass, and the next one.
        for _ in 0..2 * blob.len().div_ceil(16) {
            check.step(16)?;
        }
        check.step(usize::MAX)
    }

    #[test]
    fn a_bit_that_changes_is_found_within_two_passes_wherever_it_is_and_whenever() {
        for place in 0..GOLDEN.len() {
            for steps in [0, 1, place / 16, place / 16 + 1] {
                let found = after(steps, |blob| blob[place] ^= 1 << (place % 8));
                assert!(matches!(found, Err(ModelError::Crc { .. })), "byte {place}: {found:?}");
            }
        }
    }

    #[test]
    fn another_model_with_a_crc_of_its_own_is_no_longer_this_one() {
        let found = after(3, |blob| {
            let end = blob.len() - CRC_BYTES;
            blob[40] ^= 1;
            let crc = crate::crc::crc32(&blob[..end]);
            blob[end..].copy_from_slice(&crc.to_le_bytes());
        });
        assert!(matches!(found, Err(ModelError::Crc { .. })), "{found:?}");
    }

    #[test]
    fn a_sound_blob_is_sound_pass_after_pass() {
        let crc = stored(GOLDEN);
        assert_eq!(after(7, |_| ()), Ok(Some(crc)));
        let mut check = CrcCheck::new(GOLDEN).unwrap();
        assert_eq!([0; 3].map(|_| check.step(GOLDEN.len())), [Ok(Some(crc)); 3]);
    }

    #[test]
    fn a_region_without_a_blob_cannot_be_checked() {
        let short = GOLDEN.len() - 1;
        assert!(matches!(CrcCheck::new(&GOLDEN[..short]), Err(ModelError::Truncated { .. })));
        assert!(matches!(CrcCheck::new(&[0xFF; 64]), Err(ModelError::Blank { .. })));
    }
}
