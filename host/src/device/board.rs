//! Boards, and whether a model fits them.

use inkbit_core::Model;
use inkbit_core::link::MAX_LOGITS;

use crate::support::visible;

pub use inkbit_boards::{Board, Budget, UnknownBoard, all, counted, emulated, names};

/// A model that is too large for a board: the model has `found` of `what`, the board `limit`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the model does not fit the board {board}: it has {found} {what}, the board has room for \
     {limit}; {remedy}"
)]
#[expect(missing_docs, reason = "the message names the fields")]
pub struct TooLarge {
    pub board: String,
    pub what: &'static str,
    pub found: usize,
    pub limit: usize,
    pub remedy: &'static str,
}

/// The machine that QEMU has for programs of a target; if there are several, the one with the most flash.
///
/// ```
/// let machine = inkbit::device::board::machine("thumbv7m-none-eabi")?;
/// assert_eq!(machine.name, "lm3s6965evb");
/// # Ok::<_, inkbit::device::board::UnknownTarget>(())
/// ```
///
/// # Errors
///
/// [`UnknownTarget`].
pub fn machine(target: &str) -> Result<Board, UnknownTarget> {
    let machines = || emulated().into_iter().filter(|board| board.emulator.is_qemu());
    let found = machines().filter(|board| board.target == target);
    found.max_by_key(|board| board.memory.flash.bytes).ok_or_else(|| {
        let mut known: Vec<String> = machines().map(|board| board.target).collect();
        known.sort();
        known.dedup();
        UnknownTarget { target: visible::line(target), known: known.join(", ") }
    })
}

/// A target that no machine runs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no machine runs programs for the target `{target}`, expected one of {known}")]
pub struct UnknownTarget {
    target: String,
    known: String,
}

/// Checks that the board's firmware can run a model.
///
/// ```
/// use inkbit::device::board::{self, Board};
/// let blob = &inkbit::model::builtin::all()[6]; // nano
/// let board = Board::find("lm3s6965evb")?;
/// assert_eq!(board::check(&board, &blob.model()?, blob.bytes()), Ok(()));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn check(board: &Board, model: &Model<'_>, blob: &[u8]) -> Result<(), TooLarge> {
    let pixels = model.sample().bytes();
    check_needs(board, blob.len(), model.scratch_cells(), pixels, model.classes())
}

/// The same for a model of which only the sizes are known.
pub(crate) fn check_needs(
    board: &Board,
    bytes: usize,
    cells: usize,
    pixels: usize,
    classes: usize,
) -> Result<(), TooLarge> {
    const NARROWER: &str = "train with narrower layers";
    const FEWER_BITS: &str = "quantize to fewer bits or train with narrower layers";
    let Board { memory, limits, .. } = board;
    for (what, found, limit, remedy) in [
        ("bytes", bytes, memory.model.bytes as usize, FEWER_BITS),
        ("cells of working memory", cells, limits.cells as usize, NARROWER),
        ("bytes of a sample", pixels, limits.pixels as usize, "train on smaller images"),
        ("classes", classes, MAX_LOGITS, "train for fewer classes"),
    ] {
        if found > limit {
            let board = board.name.clone();
            return Err(TooLarge { board, what, found, limit, remedy });
        }
    }
    Ok(())
}
