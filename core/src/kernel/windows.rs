//! For kernels whose registers hold the rows of several inputs.
//!
//! Non-zero inputs come in runs, in images above all, and the rows of neighbouring inputs lie side by
//! side. So a list is first cut into [`Window`]s of as many neighbours as have their rows in one
//! register, zeros among them included: what a window looks like is found out once for all blocks.

use super::{Active, Entry};
use crate::WeightBits;
use crate::model::Layer;

/// Blocks that are summed at once: enough to hide how long a dot product takes.
pub(super) const BLOCKS: usize = 4;
/// Windows that are walked at once, so that their memory stays small.
const WINDOWS: usize = 64;

/// Some inputs that lie side by side, the first and any of the others not zero.
#[derive(Clone, Copy, Default)]
#[repr(align(32))]
pub(super) struct Window {
    /// Their values, and zeros up to the end.
    pub(super) values: [u8; 16],
    /// Where their rows begin, in bytes from the block's first.
    pub(super) start: usize,
}

/// For each block Σ code · value, at the code's byte in a row + bytes of a row · ⌊its bit / bits⌋.
pub(super) type Sums = [[i32; 16]; BLOCKS];

/// What an instruction set gives. A value is the proof that the processor has it.
pub(super) trait Simd: Copy {
    /// Bytes of a window's rows.
    const BYTES: usize;
    /// Whether sums of 8-bit codes are those of their weights.
    const OF_WEIGHTS: bool;

    /// The proof, if the processor has the instruction set.
    fn detect() -> Option<Self>;

    /// The sums of some blocks. Nothing is said of windows that do not end within each of them.
    fn sums<const BITS: usize>(self, blocks: [&[u32]; BLOCKS], windows: &[Window]) -> Sums;
}

/// [`Kernel::layer`](super::Kernel::layer), if the processor has the instruction set and the layer is as
/// wide as a window. Returns whether it was.
pub(super) fn by_windows<S: Simd, E: Entry>(
    layer: &Layer<'_>,
    active: &Active<'_, E>,
    out: &mut [i32],
) -> bool {
    let Some(simd) = S::detect() else { return false };
    match layer.bits() {
        WeightBits::Eight => walk::<S, E, 8>(simd, layer, active, out),
        WeightBits::Four => walk::<S, E, 4>(simd, layer, active, out),
        WeightBits::Two => walk::<S, E, 2>(simd, layer, active, out),
    }
}

fn walk<S: Simd, E: Entry, const BITS: usize>(
    simd: S,
    layer: &Layer<'_>,
    active: &Active<'_, E>,
    out: &mut [i32],
) -> bool {
    let bits = const { WeightBits::from_bits(BITS as u8).expect("one of the format's") };
    let row = bits.row_bytes();
    let stride = layer.inputs() * row;
    let Some(last) = stride.checked_sub(S::BYTES) else { return false };
    let offset = if BITS == 8 && S::OF_WEIGHTS { 0 } else { bits.offset() };
    out.fill(-offset * active.total().cast_signed());
    let mut cells = active.cells();
    while !cells.is_empty() {
        let mut windows = [Window::default(); WINDOWS];
        let (count, rest) = cut::<S, E>(cells, row, last, &mut windows);
        let windows = windows.get(..count).unwrap_or_default();
        cells = rest;
        let mut blocks = layer.weights.chunks_exact(stride / 4);
        for out in out.chunks_mut(BLOCKS * bits.block()) {
            let Some(first) = blocks.next() else { break };
            let mut group = [first; BLOCKS];
            for (block, next) in group.iter_mut().skip(1).zip(blocks.by_ref()) {
                *block = next;
            }
            let sums = simd.sums::<BITS>(group, windows);
            for (out, sums) in out.chunks_mut(bits.block()).zip(&sums) {
                for (o, out) in out.iter_mut().enumerate() {
                    let (byte, bit) = bits.place(o);
                    let sum = sums.get(bit / BITS * row + byte).copied().unwrap_or_default();
                    *out += bits.step() * sum;
                }
            }
        }
    }
    true
}

/// Cuts a list into windows, of which none starts behind `last`, until there is no more of it or no
/// place. Returns how many windows there are and what is left of the list.
fn cut<'c, S: Simd, E: Entry>(
    cells: &'c [E::Cell],
    row: usize,
    last: usize,
    windows: &mut [Window; WINDOWS],
) -> (usize, &'c [E::Cell]) {
    let mut count = 0;
    let mut end = 0;
    let mut start = 0;
    let mut rest = cells;
    while let Some((&cell, after)) = rest.split_first() {
        let (offset, value) = E::read(cell);
        // Without a branch, which nobody could foretell.
        let opens = offset >= end;
        count += usize::from(opens);
        start = if opens { offset.min(last) } else { start };
        end = start + S::BYTES;
        let Some(window) = windows.get_mut(count - 1) else { return (WINDOWS, rest) };
        window.start = start;
        if let Some(place) = window.values.get_mut((offset - start) / row) {
            *place = value;
        }
        rest = after;
    }
    (count, rest)
}
