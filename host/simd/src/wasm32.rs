//! The kernel for WebAssembly's vectors of 128 bits, which browsers have since 2023.
//!
//! The one instruction that adds products takes pairs of 16 bits, so codes are widened to these.
#![allow(unsafe_code)]

use core::arch::wasm32::*;
use core::array::from_fn;
use core::cell::Cell;
use core::iter::zip;

use inkbit_core::kernel::{Kernel, List, ListWriter};
use inkbit_core::{Layer, WeightBits};

use crate::activate::lists;
use crate::entries::{ENTRIES, Lanes, walk};

/// The kernel for simd128.
#[derive(Clone, Copy, Debug)]
pub enum Simd128 {}

// SAFETY: `branchless` gives the list each input once, and reads a group of sums before it writes
// as many entries.
unsafe impl Kernel for Simd128 {
    const NAME: &'static str = "simd128";

    fn sum(layer: &Layer<'_>, list: &List<'_>, sums: &mut [i32]) {
        // SAFETY: where this is compiled, a module with it is refused unless there are vectors.
        unsafe {
            match layer.bits() {
                WeightBits::Eight => walk::<Eight, 4, 4>(layer, list, sums),
                WeightBits::Four => walk::<Planes<2>, 2, 2>(layer, list, sums),
                WeightBits::Two => walk::<Planes<4>, 2, 2>(layer, list, sums),
            }
        }
    }

    lists!();
}

/// Of 8-bit codes. A sum has no more than 4096 products of at most 255 · 255, which 31 bits hold.
#[derive(Clone, Copy)]
struct Eight([v128; 2]);

impl Lanes for Eight {
    /// Of the first two entries, in turns, and of the others.
    type Values = [v128; 2];

    #[inline(always)]
    fn new() -> Self {
        Self([i32x4_splat(0); 2])
    }

    #[inline(always)]
    fn values(entries: [i32; ENTRIES]) -> Self::Values {
        let entries = vector(entries);
        // The upper half of an entry is its value.
        [
            i16x8_shuffle::<1, 3, 1, 3, 1, 3, 1, 3>(entries, entries),
            i16x8_shuffle::<5, 7, 5, 7, 5, 7, 5, 7>(entries, entries),
        ]
    }

    #[inline(always)]
    unsafe fn add(&mut self, [a, b, c, d]: [*const u8; ENTRIES], values: Self::Values) {
        for ([a, b], values) in zip([[a, b], [c, d]], values) {
            // SAFETY: the caller's promise.
            let (a, b) = unsafe { (u16x8_load_extend_u8x8(a), u16x8_load_extend_u8x8(b)) };
            let low = i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(a, b);
            let high = i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(a, b);
            self.0[0] = i32x4_add(self.0[0], i32x4_dot_i16x8(low, values));
            self.0[1] = i32x4_add(self.0[1], i32x4_dot_i16x8(high, values));
        }
    }

    #[inline(always)]
    fn widen(&mut self) {}

    #[inline(always)]
    fn sums(self) -> [u32; 16] {
        let mut sums = [0; 16];
        for (sums, four) in zip(sums.as_chunks_mut().0, self.0) {
            *sums = words(four);
        }
        sums
    }
}

/// Of codes that lie in a row of four bytes as `PLANES` planes of `8 / PLANES` bits each.
#[derive(Clone, Copy)]
struct Planes<const PLANES: usize>([v128; PLANES]);

impl<const PLANES: usize> Lanes for Planes<PLANES> {
    /// Of the first and third entry, in turns, and of the others.
    type Values = [v128; 2];

    #[inline(always)]
    fn new() -> Self {
        Self([i32x4_splat(0); _])
    }

    #[inline(always)]
    fn values(entries: [i32; ENTRIES]) -> Self::Values {
        let entries = vector(entries);
        [
            i16x8_shuffle::<1, 5, 1, 5, 1, 5, 1, 5>(entries, entries),
            i16x8_shuffle::<3, 7, 3, 7, 3, 7, 3, 7>(entries, entries),
        ]
    }

    #[inline(always)]
    unsafe fn add(&mut self, [a, b, c, d]: [*const u8; ENTRIES], [even, odd]: Self::Values) {
        // SAFETY: the caller's promise.
        let rows = unsafe {
            let rows = v128_load32_lane::<1>(v128_load32_zero(a.cast()), b.cast());
            v128_load32_lane::<3>(v128_load32_lane::<2>(rows, c.cast()), d.cast())
        };
        // A byte of each: in 16 bits those of the first two, then those of the others.
        let rows =
            i8x16_shuffle::<0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15>(rows, rows);
        let bits = 8 / PLANES;
        let mask = u16x8_splat((1 << bits) - 1);
        for (plane, sums) in self.0.iter_mut().enumerate() {
            let shift = (plane * bits) as u32;
            let codes = [shift, shift + 8].map(|shift| v128_and(u16x8_shr(rows, shift), mask));
            for (codes, values) in zip(codes, [even, odd]) {
                *sums = i32x4_add(*sums, i32x4_dot_i16x8(codes, values));
            }
        }
    }

    #[inline(always)]
    fn widen(&mut self) {}

    #[inline(always)]
    fn sums(self) -> [u32; 16] {
        let bits = if PLANES == 2 { WeightBits::Four } else { WeightBits::Two };
        let planes = self.0.map(words);
        from_fn(|output| {
            let (byte, bit) = bits.place(output);
            let plane = planes.get(bit / bits.bits());
            plane.and_then(|plane| plane.get(byte)).copied().unwrap_or_default()
        })
    }
}

#[inline(always)]
fn vector(words: [i32; 4]) -> v128 {
    // SAFETY: these are the words of an array.
    unsafe { v128_load(words.as_ptr().cast()) }
}

#[inline(always)]
fn words(vector: v128) -> [u32; 4] {
    let mut words = [0; 4];
    // SAFETY: these are the words of an array.
    unsafe { v128_store(words.as_mut_ptr().cast(), vector) };
    words
}
