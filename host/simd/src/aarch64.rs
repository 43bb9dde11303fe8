//! The kernels for AArch64: NEON, which all its processors with floating point have, and its dot
//! products, which those since 2018 have (Apple silicon, Raspberry Pi 5).
//!
//! An instruction multiplies 8 or 16 codes of entries' rows by the values that belong to them.
#![allow(unsafe_code)]

use std::arch::aarch64::*;
use std::arch::{asm, is_aarch64_feature_detected};
use std::array::from_fn;
use std::cell::Cell;
use std::iter::zip;

use inkbit_core::kernel::{Kernel, List, ListWriter, unpack_entry};
use inkbit_core::{Layer, WeightBits};

use crate::activate;
use crate::entries::{ENTRIES, Lanes, walk};

/// The kernel for NEON with dot products; [`Neon`] where the processor has none.
#[derive(Clone, Copy, Debug)]
pub enum DotProd {}

/// The kernel for NEON.
#[derive(Clone, Copy, Debug)]
pub enum Neon {}

// SAFETY: `activate::lists` gives the list each input once, and reads a group of sums before it writes
// as many entries.
unsafe impl Kernel for DotProd {
    const NAME: &'static str = "neon-dotprod";

    fn sum(layer: &Layer<'_>, list: &List<'_>, sums: &mut [i32]) {
        if layer.bits() == WeightBits::Eight && is_aarch64_feature_detected!("dotprod") {
            // SAFETY: the processor has dot products.
            unsafe { walk::<EightByFour, 4, 1>(layer, list, sums) };
        } else {
            Neon::sum(layer, list, sums);
        }
    }

    activate::lists!();
}

// SAFETY: as above.
unsafe impl Kernel for Neon {
    const NAME: &'static str = "neon";

    fn sum(layer: &Layer<'_>, list: &List<'_>, sums: &mut [i32]) {
        // SAFETY: the processor has NEON, or this would not be compiled.
        unsafe {
            match layer.bits() {
                WeightBits::Eight => walk::<Eight, 8, 1>(layer, list, sums),
                WeightBits::Four => walk::<Four, 4, 1>(layer, list, sums),
                WeightBits::Two => walk::<Two, 2, 1>(layer, list, sums),
            }
        }
    }

    activate::lists!();
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
    fn values(entries: &[i32; ENTRIES]) -> Self::Values {
        let [a, b, c, d] = entries.map(value);
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
    fn values(entries: &[i32; ENTRIES]) -> Self::Values {
        four_words([u32::from_ne_bytes(entries.map(value)); 4])
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
    fn values(entries: &[i32; ENTRIES]) -> Self::Values {
        four_words(entries.map(|entry| u32::from_ne_bytes([value(entry); 4])))
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
fn value(entry: i32) -> u8 {
    unpack_entry(entry).1
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
