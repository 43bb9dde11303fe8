//! The kernel for WebAssembly's vectors of 128 bits, which browsers have since 2023.
//!
//! The one instruction that adds products takes pairs of 16 bits, so codes are widened to these.
#![allow(unsafe_code)]

mod lists;

use core::arch::wasm32::*;
use core::array::from_fn;
use core::cell::Cell;
use core::iter::zip;

use inkbit_core::kernel::{Kernel, List, ListWriter};
use inkbit_core::{Layer, WeightBits};

use crate::entries::{ENTRIES, Lanes, walk};

/// The kernel for simd128.
#[derive(Clone, Copy, Debug)]
pub enum Simd128 {}

// SAFETY: `lists` gives the list each input once, and reads a group of sums before it writes as many
// entries.
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

    fn gather(pixels: &[u8], list: &mut ListWriter<'_>) {
        lists::gather(pixels, list);
    }

    fn activate(layer: &Layer<'_>, sums: &[Cell<i32>], list: &mut ListWriter<'_>) {
        lists::activate(layer, sums, list);
    }
}

/// Of 8-bit codes: the sums of even outputs, then those of odd ones. A sum has no more than 4096 products
/// of at most 255 · 255, which 31 bits hold.
///
/// One shuffle interleaves two rows by 16 bits, the codes of an even output and an odd one. A mask widens
/// those of the even outputs, and a shift the others: seven instructions add 16 products.
#[derive(Clone, Copy)]
struct Eight([v128; 2]);

impl Lanes for Eight {
    /// Of the first two entries, in turns, and of the others.
    type Values = [v128; 2];

    #[inline(always)]
    fn new() -> Self {
        Self([i32x4_splat(0); 2])
    }

    /// Reads 16 bits of each entry, before `values` reads more: otherwise the compiler makes these of those,
    /// by more instructions.
    #[inline(always)]
    fn offsets(entries: &[i32; ENTRIES]) -> [usize; ENTRIES] {
        bytemuck::cast_ref::<_, [[u16; 2]; ENTRIES]>(entries)
            .each_ref()
            .map(|[offset, _]| usize::from(*offset))
    }

    #[inline(always)]
    fn values(entries: &[i32; ENTRIES]) -> Self::Values {
        let halves = entries.as_ptr().cast::<u16>();
        [0, 4].map(|pair| {
            // The upper half of an entry is its value. A word that begins there has the first value in its
            // lower half, and the next entry has the second one in its upper half.
            // SAFETY: both words end within the array.
            let [first, second] =
                [1, 2].map(|half| unsafe { v128_load32_splat(halves.add(pair + half).cast()) });
            i16x8_shuffle::<0, 9, 2, 11, 4, 13, 6, 15>(first, second)
        })
    }

    #[inline(always)]
    unsafe fn add(&mut self, [a, b, c, d]: [*const u8; ENTRIES], values: Self::Values) {
        for ([a, b], values) in zip([[a, b], [c, d]], values) {
            // SAFETY: the caller's promise.
            let (a, b) = unsafe { (v128_load64_zero(a.cast()), v128_load64_zero(b.cast())) };
            let codes = i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(a, b);
            let halves = [v128_and(codes, u16x8_splat(255)), u16x8_shr(codes, 8)];
            for (sums, codes) in zip(&mut self.0, halves) {
                *sums = i32x4_add(*sums, i32x4_dot_i16x8(codes, values));
            }
        }
    }

    #[inline(always)]
    fn widen(&mut self) {}

    #[inline(always)]
    fn sums(self) -> [u32; 16] {
        let [even, odd] = self.0.map(words);
        from_fn(|output| {
            let sums = if output % 2 == 0 { even } else { odd };
            sums.get(output / 2).copied().unwrap_or_default()
        })
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
    fn values(entries: &[i32; ENTRIES]) -> Self::Values {
        let entries = vector(*entries);
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
