//! For kernels whose registers hold the rows of several inputs.
//!
//! Non-zero inputs come in runs, above all in images, and the rows of neighbouring inputs lie side by
//! side. So a block is cut into windows as wide as a register. Only windows that contain a non-zero
//! input are summed, zeros included; they are found once for all blocks. Windows are aligned in memory
//! as far as the blob's place allows, so that reading one touches as few cache lines as possible.

use std::iter::zip;

use inkbit_core::kernel::{List, unpack_entry};
use inkbit_core::{Layer, WeightBits};

/// The most sums that one call of [`Simd::sums`] gives.
const SUMS: usize = 64;
/// Inputs that are cut into windows at once, so that their memory stays small.
const INPUTS: usize = 1024;
/// Inputs of a window, at most; and at least.
const MOST: usize = 16;
const LEAST: usize = 4;

/// The windows of a list, or of a part of it.
pub(crate) struct Windows {
    /// The values of one window after another, zeros among them, and more zeros behind the last.
    values: [u8; INPUTS + MOST],
    /// Where in `values` each window with a non-zero input begins.
    active: [u16; INPUTS / LEAST],
    /// Where the rows of each of these begin, in bytes from the start of a block.
    starts: [u16; INPUTS / LEAST],
    count: usize,
}

/// Where windows lie in a block.
#[derive(Clone, Copy)]
struct Grid {
    /// Bytes of an input's row.
    row: usize,
    /// Inputs of a window.
    inputs: usize,
    /// Bytes by which the first aligned window begins before the block.
    phase: usize,
    /// Where the last one begins in the block.
    last: usize,
}

/// The sums that one call gives, of its blocks one after another: for each, Σ code · value at the
/// code's byte in a row + bytes of a row · ⌊its bit / bits⌋.
pub(crate) type Sums = [i32; SUMS];

/// Some blocks of a layer's codes.
#[derive(Clone, Copy)]
pub(crate) struct Blocks<'l> {
    pub(crate) codes: &'l [u32],
    /// Bytes of a block.
    pub(crate) stride: usize,
}

/// What an instruction set gives. A value is the proof that the processor has it.
pub(crate) trait Simd: Copy {
    /// Bytes of a window's rows.
    const BYTES: usize;
    /// Whether sums of 8-bit codes are those of their weights.
    const OF_WEIGHTS: bool;

    /// The sums of `N` blocks. The result is unspecified if there are fewer, or if a window does not
    /// end within a block.
    fn sums<const BITS: usize, const N: usize>(
        self,
        blocks: Blocks<'_>,
        windows: &Windows,
        sums: &mut Sums,
    );
}

/// `Kernel::sum`, if the layer is at least as wide as a window. Returns whether it is.
/// Inlined, so that it is compiled for the instruction set of its caller.
#[inline(always)]
pub(crate) fn by_windows<S: Simd>(
    simd: S,
    layer: &Layer<'_>,
    list: &List<'_>,
    out: &mut [i32],
) -> bool {
    match layer.bits() {
        WeightBits::Eight => walk::<S, 8, 8>(simd, layer, list, out),
        WeightBits::Four => walk::<S, 4, 8>(simd, layer, list, out),
        WeightBits::Two => walk::<S, 2, 4>(simd, layer, list, out),
    }
}

/// By `MOST` blocks at once, whose sums fill the registers.
#[inline(always)]
fn walk<S: Simd, const BITS: usize, const MOST: usize>(
    simd: S,
    layer: &Layer<'_>,
    list: &List<'_>,
    out: &mut [i32],
) -> bool {
    let bits = const { WeightBits::from_bits(BITS as u8).expect("one of the format's") };
    let row = bits.row_bytes();
    let stride = layer.inputs() * row;
    let Some(last) = stride.checked_sub(S::BYTES) else { return false };
    if list.bits() != bits || list.end() > stride {
        return true; // The list belongs to another layer.
    }
    // Where the first block begins in a register's width of memory.
    let phase = layer.weights().as_ptr().addr() % S::BYTES / row * row;
    let grid = Grid { row, inputs: S::BYTES / row, phase, last };
    let offset = if BITS == 8 && S::OF_WEIGHTS { 0 } else { bits.offset() };
    out.fill(-offset * list.total().cast_signed());
    let mut cells = list.entries();
    while !cells.is_empty() {
        let mut windows = Windows::new();
        cells = windows.cut(cells, grid);
        let mut codes = layer.weights();
        for out in out.chunks_mut(MOST * bits.block()) {
            let mut sums = [0; _];
            if out.len() > (MOST - 1) * bits.block() {
                simd.sums::<BITS, MOST>(Blocks { codes, stride }, &windows, &mut sums);
                add::<BITS>(out, &sums);
                codes = codes.get(MOST * stride / 4..).unwrap_or_default();
                continue;
            }
            for out in out.chunks_mut(bits.block()) {
                simd.sums::<BITS, 1>(Blocks { codes, stride }, &windows, &mut sums);
                add::<BITS>(out, &sums);
                codes = codes.get(stride / 4..).unwrap_or_default();
            }
        }
    }
    true
}

/// Adds sums to those of their outputs.
#[inline(always)]
fn add<const BITS: usize>(out: &mut [i32], sums: &Sums) {
    let bits = const { WeightBits::from_bits(BITS as u8).expect("one of the format's") };
    if BITS != 2 {
        for (out, sum) in zip(out, sums) {
            *out += bits.step() * sum;
        }
        return;
    }
    for (out, sums) in zip(out.chunks_mut(16), sums.as_chunks::<16>().0) {
        for (o, out) in out.iter_mut().enumerate() {
            let (byte, bit) = bits.place(o);
            let sum = sums.get(bit / BITS * bits.row_bytes() + byte).copied().unwrap_or_default();
            *out += bits.step() * sum;
        }
    }
}

impl Windows {
    const fn new() -> Self {
        Self { values: [0; _], active: [0; _], starts: [0; _], count: 0 }
    }

    /// Cuts the rows of the first entries into windows. Returns the other entries.
    #[inline(always)]
    fn cut<'c>(&mut self, cells: &'c [i32], grid: Grid) -> &'c [i32] {
        let Grid { row, inputs, phase, last } = grid;
        let place = |cell| (unpack_entry(cell).0 + phase) / row;
        // Of the windows before these.
        let before = cells.first().map_or(0, |&cell| place(cell) / inputs * inputs);
        let mut end = 0;
        let mut rest = cells;
        while let Some((&cell, after)) = rest.split_first() {
            let place = place(cell) - before;
            if place >= INPUTS {
                break;
            }
            if let Some(value) = self.values.get_mut(place) {
                *value = unpack_entry(cell).1;
            }
            end = place + 1;
            rest = after;
        }
        // A window that would extend past the block is moved to its start or end; its values are
        // rotated, since those of inputs that do not exist are zeros.
        if before == 0 {
            self.rotate(0, inputs, phase / row);
        }
        let last_window = (last + phase).div_ceil(row * inputs) * inputs;
        if let Some(window) = last_window.checked_sub(before) {
            self.rotate(window, inputs, inputs - (last_window - (last + phase) / row));
        }
        self.find_active(end, before, grid);
        rest
    }

    fn rotate(&mut self, window: usize, inputs: usize, by: usize) {
        if let Some(values) = self.values.get_mut(window..window + inputs) {
            values.rotate_left(by % inputs);
        }
    }

    /// Finds the windows with a non-zero input among those that begin before `end`.
    #[inline(always)]
    fn find_active(&mut self, end: usize, before: usize, grid: Grid) {
        let Grid { row, inputs, phase, last } = grid;
        let windows = end.div_ceil(inputs);
        let mut count = 0;
        // Without a branch on what is active, which is unpredictable.
        for (window, values) in self.values.chunks_exact(inputs).take(windows).enumerate() {
            if let Some(active) = self.active.get_mut(count) {
                *active = (window * inputs) as u16;
            }
            let mut bytes = [0; MOST];
            for (byte, value) in zip(&mut bytes, values) {
                *byte = *value;
            }
            count += usize::from(u128::from_ne_bytes(bytes) != 0);
        }
        self.count = count;
        // 16 bits hold them, for none is above 4096 · 8 + 64, and let the compiler do many at once.
        let [row, before, phase, last] = [row, before, phase, last].map(|number| number as u16);
        for (start, active) in zip(&mut self.starts, &self.active).take(count) {
            *start = ((before + active) * row).saturating_sub(phase).min(last);
        }
    }

    /// The values of each active window and those behind it, and where its rows begin.
    #[inline(always)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8; MOST], usize)> {
        zip(&self.active, &self.starts).take(self.count).filter_map(move |(&window, &start)| {
            Some((self.values.get(usize::from(window)..)?.first_chunk()?, usize::from(start)))
        })
    }
}
