//! The reference models of `firmware/models`, built in so that the command needs no checkout.

use crate::device::board::Board;
use crate::evaluate::table::{Counts, Entry, best};
use crate::model::Blob;

const FILES: &[&[u8]] = include!(concat!(env!("OUT_DIR"), "/reference_models.rs"));

/// All reference models, by the names of their files.
#[must_use]
pub fn all() -> Vec<Blob> {
    FILES.iter().map(|file| Blob::from_bytes(file)).collect()
}

/// The default model of a board: the best reference model that fits it, and what it is.
///
/// ```
/// use inkbit::device::Board;
/// let (blob, entry) = inkbit::model::builtin::best_for(&Board::find("microbit")?).expect("one fits");
/// assert!(blob.bytes().len() < 256 * 1024 && entry.recorded_accuracy > Some(0.99));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// If a file that was built in is not a model, which the tests rule out.
#[must_use]
pub fn best_for(board: &Board) -> Option<(Blob, Entry)> {
    let mut blobs = all();
    let entry = |blob| Entry::new(blob, None, &Counts::default()).expect("without images");
    let mut entries: Vec<Entry> = blobs.iter().map(entry).collect();
    let index = best(&entries, &board.name)?;
    Some((blobs.swap_remove(index), entries.swap_remove(index)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::board;

    #[test]
    fn every_board_has_a_model_that_fits_it() {
        for board in board::all() {
            let (blob, entry) = best_for(&board).unwrap();
            assert_eq!(board.check(&blob.model().unwrap(), blob.bytes()), Ok(()));
            let accuracies = all();
            let other = accuracies.iter().map(|blob| Entry::new(blob, None, &Counts::default()));
            for other in other.map(Result::unwrap).filter(|o| o.fits.contains(&board.name)) {
                assert!(other.recorded_accuracy <= entry.recorded_accuracy, "{}", other.name);
            }
        }
    }
}
