//! The kernels for AArch64: NEON, which all its processors with floating point have, and its dot
//! products, which those since 2018 have (Apple silicon, Raspberry Pi 5).
//!
//! Four entries are taken at a time, for several blocks: an instruction multiplies 8 or 16 codes of
//! their rows by the values that belong to them.
#![allow(unsafe_code)]

use std::arch::aarch64::*;
use std::arch::{asm, is_aarch64_feature_detected};
use std::array::from_fn;
use std::cell::Cell;
use std::iter::zip;

use inkbit_core::kernel::{Kernel, List, ListWriter, unpack_entry};
use inkbit_core::{Layer, WeightBits};

use crate::branchless;

/// The kernel for NEON with dot products; [`Neon`] where the processor has none.
#[derive(Clone, Copy, Debug)]
pub enum DotProd {}

/// The kernel for NEON.
#[derive(Clone, Copy, Debug)]
pub enum Neon {}

// SAFETY: `branchless` gives the list each input once, and reads a group of sums before it writes
// as many entries.
unsafe impl Kernel for DotProd {
    const NAME: &'static str = "neon-dotprod";

    fn sum(layer: &Layer<'_>, list: &List<'_>, sums: &mut [i32]) {
        if layer.bits() == WeightBits::Eight && is_aarch64_feature_detected!("dotprod") {
            // SAFETY: the processor has dot products.
            unsafe { walk::<EightByFour, 4>(layer, list, sums) };
        } else {
            Neon::sum(layer, list, sums);
        }
    }

    branchless::lists!();
}

// SAFETY: as above.
unsafe impl Kernel for Neon {
    const NAME: &'static str = "neon";

    fn sum(layer: &Layer<'_>, list: &List<'_>, sums: &mut [i32]) {
        // SAFETY: the processor has NEON, or this would not be compiled.
        unsafe {
            match layer.bits() {
                WeightBits::Eight => walk::<Eight, 8>(layer, list, sums),
                WeightBits::Four => walk::<Four, 4>(layer, list, sums),
                WeightBits::Two => walk::<Two, 2>(layer, list, sums),
            }
        }
    }

    branchless::lists!();
}

/// Entries that are taken at once.
const ENTRIES: usize = 4;
/// Groups of so many entries after which sums of 16 bits are widened. Each of them grows by two
/// products, of codes below 16: 8 · 2 · 255 · 15 < 2¹⁶.
const GROUPS: usize = 8;

/// The sums of a block, side by side.
trait Lanes: Copy {
    /// Values in the order in which rows are multiplied by them.
    type Values: Copy;

    fn new() -> Self;

    fn values(values: [u8; ENTRIES]) -> Self::Values;

    /// Adds the products of some rows.
    ///
    /// # Safety
    ///
    /// The rows can be read, and the processor has what these lanes are for.
    unsafe fn add(&mut self, rows: [*const u8; ENTRIES], values: Self::Values);

    /// Makes room for [`GROUPS`] more.
    fn widen(&mut self);

    /// The sums in the order of the outputs. There are as many as the block has.
    fn sums(self) -> [u32; 16];
}

/// By `MOST` blocks at once, whose sums fill the registers.
///
/// # Safety
///
/// The processor has what the lanes are for.
unsafe fn walk<L: Lanes, const MOST: usize>(layer: &Layer<'_>, list: &List<'_>, out: &mut [i32]) {
    let bits = layer.bits();
    let stride = layer.inputs() * bits.row_bytes();
    let blocks = out.len().div_ceil(bits.block());
    // No row extends past `list.end()` if the list is for such weights.
    if list.bits() != bits || list.end() > stride || size_of_val(layer.weights()) < blocks * stride
    {
        return;
    }
    // A weight is step · code − offset, so the offsets of a row come off all at once.
    let offset = bits.offset() * list.total().cast_signed();
    let mut codes = layer.weights().as_ptr().cast::<u8>();
    let mut groups = out.chunks_exact_mut(MOST * bits.block());
    let write = |out: &mut [i32], sums: &[[u32; 16]]| {
        for (out, sums) in zip(out.chunks_mut(bits.block()), sums) {
            for (out, sum) in zip(out, sums) {
                *out = bits.step() * sum.cast_signed() - offset;
            }
        }
    };
    // SAFETY: `codes` has these blocks, no row of an entry ends behind `list.end()`, and the caller
    // promises the rest.
    unsafe {
        for out in &mut groups {
            write(out, &sums::<L, MOST>(codes, stride, list.entries()));
            codes = codes.add(MOST * stride);
        }
        for out in groups.into_remainder().chunks_mut(bits.block()) {
            write(out, &sums::<L, 1>(codes, stride, list.entries()));
            codes = codes.add(stride);
        }
    }
}

/// Σ code · value over the entries, for each output of `N` blocks.
///
/// # Safety
///
/// From `codes` on `N` blocks of `stride` bytes can be read, and every entry's row ends within the
/// first. The processor has what the lanes are for.
#[inline(never)]
unsafe fn sums<L: Lanes, const N: usize>(
    codes: *const u8,
    stride: usize,
    cells: &[i32],
) -> [[u32; 16]; N] {
    let mut blocks = [L::new(); N];
    let add = |blocks: &mut [L; N], entries: [(usize, u8); ENTRIES]| {
        let values = L::values(entries.map(|(_, value)| value));
        for (number, block) in blocks.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            unsafe {
                let codes = codes.add(number * stride);
                block.add(entries.map(|(offset, _)| codes.add(offset)), values);
            }
        }
    };
    let (groups, rest) = cells.as_chunks::<ENTRIES>();
    for groups in groups.chunks(GROUPS) {
        for &group in groups {
            add(&mut blocks, group.map(unpack_entry));
        }
        blocks.iter_mut().for_each(L::widen);
    }
    if let Some(&first) = rest.first() {
        // An entry that is not there has the row of one that is, and the value 0.
        let spare = (unpack_entry(first).0, 0);
        add(&mut blocks, from_fn(|at| rest.get(at).map_or(spare, |&cell| unpack_entry(cell))));
        blocks.iter_mut().for_each(L::widen);
    }
    blocks.map(L::sums)
}

/// Of 8-bit codes.
///
/// A sum has no more than 4096 products of at most 255 · 255, which 32 bits hold.
#[derive(Clone, Copy)]
struct Eight([uint32x4_t; 2]);

impl Lanes for Eight {
    /// Of the first two entries, in turns, and of the others.
    type Values = [uint8x16_t; 2];

    #[inline(always)]
    fn new() -> Self {
        Self([splat_32(0); 2])
    }

    #[inline(always)]
    fn values([a, b, c, d]: [u8; ENTRIES]) -> Self::Values {
        [[a, b], [c, d]].map(|pair| {
            let pair = splat_16(u16::from_le_bytes(pair));
            // SAFETY: NEON is there wherever this is compiled.
            unsafe { vreinterpretq_u8_u16(pair) }
        })
    }

    #[inline(always)]
    unsafe fn add(&mut self, [a, b, c, d]: [*const u8; ENTRIES], values: Self::Values) {
        for ([a, b], values) in zip([[a, b], [c, d]], values) {
            // SAFETY: the caller's promise, and NEON is there wherever this is compiled.
            unsafe {
                let rows = vzip1q_u8(load_8(a), load_8(b));
                let low = vmull_u8(vget_low_u8(rows), vget_low_u8(values));
                let high = vmull_high_u8(rows, values);
                self.0[0] = vpadalq_u16(self.0[0], low);
                self.0[1] = vpadalq_u16(self.0[1], high);
            }
        }
    }

    #[inline(always)]
    fn widen(&mut self) {}

    #[inline(always)]
    fn sums(self) -> [u32; 16] {
        let mut sums = [0; 16];
        for (sums, four) in zip(sums.as_chunks_mut().0, self.0) {
            *sums = store(four);
        }
        sums
    }
}

/// Of 8-bit codes, by dot products of four: as [`Eight`].
#[derive(Clone, Copy)]
struct EightByFour(Eight);

impl Lanes for EightByFour {
    /// The four in turns.
    type Values = uint8x16_t;

    #[inline(always)]
    fn new() -> Self {
        Self(Eight::new())
    }

    #[inline(always)]
    fn values(values: [u8; ENTRIES]) -> Self::Values {
        four_words([u32::from_ne_bytes(values); 4])
    }

    #[inline(always)]
    unsafe fn add(&mut self, [a, b, c, d]: [*const u8; ENTRIES], values: Self::Values) {
        // SAFETY: the caller's promise.
        let codes = unsafe {
            let ab = vreinterpretq_u16_u8(vzip1q_u8(load_8(a), load_8(b)));
            let cd = vreinterpretq_u16_u8(vzip1q_u8(load_8(c), load_8(d)));
            [vzip1q_u16(ab, cd), vzip2q_u16(ab, cd)]
        };
        for (sums, codes) in zip(&mut self.0.0, codes) {
            // SAFETY: the processor has dot products. The instruction touches registers only. There is no
            // function for it in `core::arch` yet.
            unsafe {
                asm!(
                    ".arch_extension dotprod",
                    "udot {sums:v}.4s, {codes:v}.16b, {values:v}.16b",
                    sums = inout(vreg) *sums,
                    codes = in(vreg) codes,
                    values = in(vreg) values,
                    options(pure, nomem, nostack, preserves_flags)
                );
            }
        }
    }

    #[inline(always)]
    fn widen(&mut self) {}

    #[inline(always)]
    fn sums(self) -> [u32; 16] {
        self.0.sums()
    }
}

/// Of codes that lie in a row of four bytes as `PLANES` planes of `8 / PLANES` bits each.
///
/// A 16-bit sum has products of two entries of each four: see [`GROUPS`].
#[derive(Clone, Copy)]
struct Planes<const PLANES: usize> {
    narrow: [uint16x8_t; PLANES],
    wide: [uint32x4_t; PLANES],
}

type Four = Planes<2>;
type Two = Planes<4>;

impl<const PLANES: usize> Lanes for Planes<PLANES> {
    /// Each entry's four times.
    type Values = uint8x16_t;

    #[inline(always)]
    fn new() -> Self {
        Self { narrow: [splat_16(0); _], wide: [splat_32(0); _] }
    }

    #[inline(always)]
    fn values(values: [u8; ENTRIES]) -> Self::Values {
        four_words(values.map(|value| u32::from_ne_bytes([value; 4])))
    }

    #[inline(always)]
    unsafe fn add(&mut self, rows: [*const u8; ENTRIES], values: Self::Values) {
        // SAFETY: the caller's promise.
        let rows = four_words(rows.map(|row| unsafe { row.cast::<u32>().read_unaligned() }));
        let bits = 8 / PLANES;
        for (plane, narrow) in self.narrow.iter_mut().enumerate() {
            // SAFETY: NEON is there wherever this is compiled.
            unsafe {
                let right = vdupq_n_s8(-((plane * bits) as i8));
                let codes = vandq_u8(vshlq_u8(rows, right), vdupq_n_u8((1 << bits) - 1));
                let low = vmlal_u8(*narrow, vget_low_u8(codes), vget_low_u8(values));
                *narrow = vmlal_high_u8(low, codes, values);
            }
        }
    }

    #[inline(always)]
    fn widen(&mut self) {
        for (wide, narrow) in zip(&mut self.wide, &mut self.narrow) {
            // SAFETY: NEON is there wherever this is compiled.
            *wide = unsafe { vaddw_high_u16(vaddw_u16(*wide, vget_low_u16(*narrow)), *narrow) };
            *narrow = splat_16(0);
        }
    }

    #[inline(always)]
    fn sums(self) -> [u32; 16] {
        let bits = if PLANES == 2 { WeightBits::Four } else { WeightBits::Two };
        let planes = self.wide.map(store);
        from_fn(|output| {
            let (byte, bit) = bits.place(output);
            let plane = planes.get(bit / bits.bits());
            plane.and_then(|plane| plane.get(byte)).copied().unwrap_or_default()
        })
    }
}

#[inline(always)]
fn splat_16(value: u16) -> uint16x8_t {
    // SAFETY: NEON is there wherever this is compiled.
    unsafe { vdupq_n_u16(value) }
}

#[inline(always)]
fn splat_32(value: u32) -> uint32x4_t {
    // SAFETY: NEON is there wherever this is compiled.
    unsafe { vdupq_n_u32(value) }
}

#[inline(always)]
fn four_words(words: [u32; 4]) -> uint8x16_t {
    // SAFETY: these are the bytes of an array.
    unsafe { vld1q_u8(words.as_ptr().cast()) }
}

#[inline(always)]
fn store(sums: uint32x4_t) -> [u32; 4] {
    let mut words = [0; 4];
    // SAFETY: these are the words of an array.
    unsafe { vst1q_u32(words.as_mut_ptr(), sums) };
    words
}

/// The eight bytes of a row, and zeros.
///
/// # Safety
///
/// The row can be read.
#[inline(always)]
unsafe fn load_8(row: *const u8) -> uint8x16_t {
    // SAFETY: the caller's promise.
    unsafe { vcombine_u8(vld1_u8(row), vcreate_u8(0)) }
}
