//! Kernels for x86-64, chosen by what the processor has: AVX-512 with VNNI and VBMI (Ice Lake, Zen 4
//! and later), AVX2, or the portable one.
//!
//! Each sums the [`windows`](super::windows) of a list: with AVX-512 one load, one shuffle, one XOR and
//! one instruction of dot products make 64 products of 8-bit codes.
#![allow(unsafe_code)]

use core::arch::x86_64::*;
use core::array::from_fn;
use core::cell::Cell;

use std::arch::is_x86_feature_detected;

use super::entry::Kind;
use super::windows::{BLOCKS, Simd, Sums, Window, by_windows};
use super::{Active, Entry, Kernel, List, Portable, Written};
use crate::gather::{by_eights, each};
use crate::infer::activate_each;
use crate::model::Layer;

/// The quickest kernel that the processor has.
pub type Native = Avx512;

/// The kernel for AVX-512 with BW, VBMI and VNNI; [`Avx2`] where the processor has not all of them.
#[derive(Clone, Copy, Debug)]
pub struct Avx512(());

/// The kernel for AVX2; [`Portable`] where the processor has not that.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

impl Kernel for Avx512 {
    fn layer<E: Entry>(layer: &Layer<'_>, active: &Active<'_, E>, out: &mut [i32]) {
        if !by_windows::<Self, E>(layer, active, out) {
            Avx2::layer(layer, active, out);
        }
    }

    fn gather<E: Entry>(pixels: &[u8], list: &mut List<'_, E>) {
        let (before, eights, after) = bytemuck::pod_align_to::<u8, u64>(pixels);
        if let (Kind::Packed, Some(_)) = (E::KIND, Self::detect()) {
            each(before, list);
            // SAFETY: the processor has what the function is compiled for.
            unsafe { gather_512(eights, list) };
            each(after, list);
        } else {
            by_eights(pixels, list);
        }
    }

    fn activate<E: Entry>(layer: &Layer<'_>, sums: &[Cell<i32>], list: List<'_, E>) -> Written {
        if let (Kind::Packed, Some(_)) = (E::KIND, Self::detect()) {
            // SAFETY: the processor has what the function is compiled for.
            unsafe { activate_512(layer, sums, list) }
        } else {
            activate_each(layer, sums, list)
        }
    }
}

impl Kernel for Avx2 {
    fn layer<E: Entry>(layer: &Layer<'_>, active: &Active<'_, E>, out: &mut [i32]) {
        if !by_windows::<Self, E>(layer, active, out) {
            Portable::layer(layer, active, out);
        }
    }
}

impl Simd for Avx512 {
    const BYTES: usize = 64;
    const OF_WEIGHTS: bool = true;

    #[inline(always)]
    fn detect() -> Option<Self> {
        let detected = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vnni");
        detected.then_some(Self(()))
    }

    #[inline(always)]
    fn sums<const BITS: usize>(self, blocks: [&[u32]; BLOCKS], windows: &[Window]) -> Sums {
        // SAFETY: `self` is the proof that the processor has what the function is compiled for.
        unsafe { sums_512::<BITS>(blocks, windows) }
    }
}

/// [`Simd::sums`].
///
/// A lane has four products more for each window: in all it has the sum of at most 4096 products
/// of at most 255 · 128, as `vpdpbusd` does not saturate.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vnni")]
fn sums_512<const BITS: usize>(blocks: [&[u32]; BLOCKS], windows: &[Window]) -> Sums {
    let least = blocks.iter().map(|block| size_of_val(*block)).min().unwrap_or_default();
    let Some(last) = least.checked_sub(64) else { return Sums::default() };
    const { assert!(BITS == 8 || BITS == 4 || BITS == 2) };
    let row = const { if BITS == 8 { 8 } else { 4 } };
    // Brings the codes of four neighbouring inputs to one output side by side: to the bytes of
    // lane g · row + b those at byte b of the rows from 4 g on. Group g of the values goes there.
    let shuffle: [u8; 64] = from_fn(|to| {
        let (lane, input) = (to / 4, to % 4);
        ((lane / row * 4 + input) * row + lane % row) as u8
    });
    let groups: [i32; 16] = from_fn(|lane| (lane / row) as i32);
    let (shuffle, groups) = (load_512(&shuffle), load_512(&groups));
    let flip = _mm512_set1_epi8(-128);
    let mask = _mm512_set1_epi8((1 << (BITS % 8)) - 1);
    let blocks = blocks.map(|block| block.as_ptr().cast::<u8>());
    let mut acc = [[_mm512_setzero_si512(); 4]; BLOCKS];
    for window in windows {
        // SAFETY: these are the 16 bytes of an array.
        let values = unsafe { _mm_loadu_si128(window.values.as_ptr().cast()) };
        let values = _mm512_permutexvar_epi32(groups, _mm512_castsi128_si512(values));
        for (block, acc) in blocks.iter().zip(&mut acc) {
            // SAFETY: no block is shorter than `last` + 64.
            let rows = unsafe { _mm512_loadu_si512(block.add(window.start.min(last)).cast()) };
            let codes = _mm512_permutexvar_epi8(shuffle, rows);
            if BITS == 8 {
                // Code − 128, which is the weight, as a signed byte.
                let weights = _mm512_xor_si512(codes, flip);
                acc[0] = _mm512_dpbusd_epi32(acc[0], values, weights);
                continue;
            }
            for (plane, acc) in acc.iter_mut().take(8 / BITS).enumerate() {
                let count = _mm_cvtsi32_si128((plane * BITS) as i32);
                let codes = _mm512_and_si512(_mm512_srl_epi16(codes, count), mask);
                *acc = _mm512_dpbusd_epi32(*acc, values, codes);
            }
        }
    }
    let mut sums = Sums::default();
    for (sums, acc) in sums.iter_mut().zip(acc) {
        for (sums, acc) in sums.chunks_exact_mut(row).zip(acc).take(8 / BITS) {
            let (low, high) = (_mm512_castsi512_si256(acc), _mm512_extracti64x4_epi64::<1>(acc));
            let eight = _mm256_add_epi32(low, high);
            let (low, high) = (_mm256_castsi256_si128(eight), _mm256_extracti128_si256::<1>(eight));
            let four = _mm_add_epi32(low, high);
            // SAFETY: eight words or four are as long as the chunk, which is one of `row`.
            unsafe {
                if row == 8 {
                    _mm256_storeu_si256(sums.as_mut_ptr().cast(), eight);
                } else {
                    _mm_storeu_si128(sums.as_mut_ptr().cast(), four);
                }
            }
        }
    }
    sums
}

#[target_feature(enable = "avx512f")]
fn load_512<T: bytemuck::Pod, const N: usize>(from: &[T; N]) -> __m512i {
    const { assert!(size_of::<[T; N]>() == 64) };
    // SAFETY: the array's 64 bytes are read, and any are legal.
    unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
}

/// Entries of 16 numbers below 256, without the zeros: packed ones, to the front of `places`. Returns
/// how many there are.
#[target_feature(enable = "avx512f")]
fn write_packed(values: __m512i, offset: u32, row: u32, places: &[Cell<i32>]) -> usize {
    let lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    let offsets = _mm512_mullo_epi32(lanes, _mm512_set1_epi32(row.cast_signed()));
    let offsets = _mm512_add_epi32(offsets, _mm512_set1_epi32(offset.cast_signed()));
    let entries = _mm512_or_si512(offsets, _mm512_slli_epi32::<16>(values));
    let active = _mm512_test_epi32_mask(values, values);
    let count = (active.count_ones() as usize).min(places.len());
    let entries = _mm512_maskz_compress_epi32(active, entries);
    // SAFETY: `count` words are written, which is no more than there are; they are cells, which may
    // be written through a shared reference.
    unsafe {
        _mm512_mask_storeu_epi32(places.as_ptr().cast_mut().cast(), first(count), entries);
    }
    count
}

/// A mask of the first lanes, of which there are 16.
#[inline(always)]
fn first(lanes: usize) -> __mmask16 {
    ((1_u32 << lanes.min(16)) - 1) as u16
}

/// [`Kernel::gather`] with packed entries.
#[target_feature(enable = "avx512f")]
fn gather_512<E: Entry>(eights: &[u64], list: &mut List<'_, E>) {
    let (sixteens, last) = eights.as_chunks::<2>();
    let (places, mut offset, row) = list.room();
    let mut places = E::place_words(places);
    let before = places.len();
    let mut total = _mm512_setzero_si512();
    for &[low, high] in sixteens {
        if low | high != 0 {
            let pixels = _mm_set_epi64x(high.cast_signed(), low.cast_signed());
            let values = _mm512_cvtepu8_epi32(pixels);
            total = _mm512_add_epi32(total, values);
            let count = write_packed(values, offset, row, places);
            places = places.get(count..).unwrap_or_default();
        }
        offset += 16 * row;
    }
    let total = _mm512_reduce_add_epi32(total).cast_unsigned();
    list.wrote(16 * sixteens.len(), before - places.len(), total);
    each(bytemuck::cast_slice(last), list);
}

/// [`Kernel::activate`] with packed entries.
#[target_feature(enable = "avx512f")]
fn activate_512<E: Entry>(layer: &Layer<'_>, sums: &[Cell<i32>], mut list: List<'_, E>) -> Written {
    let (places, mut offset, row) = list.room();
    let mut places = E::place_words(places);
    let before = places.len();
    let mut total = _mm512_setzero_si512();
    let multiplier = _mm512_set1_epi32(layer.multiplier(0).cast_signed());
    let mut multipliers = layer.multipliers.chunks(16);
    let outputs = sums.len().min(layer.bias.len());
    for (sums, bias) in sums.chunks(16).zip(layer.bias.chunks(16)) {
        let lanes = first(sums.len().min(bias.len()));
        // SAFETY: as many words are read as the shorter of the slices has.
        let (sums, bias) = unsafe {
            let sums = _mm512_maskz_loadu_epi32(lanes, sums.as_ptr().cast());
            (sums, _mm512_maskz_loadu_epi32(lanes, bias.as_ptr()))
        };
        let acc = _mm512_max_epi32(_mm512_add_epi32(sums, bias), _mm512_setzero_si512());
        let multipliers = match (layer.multipliers.len(), multipliers.next()) {
            (2.., Some(part)) => {
                // SAFETY: as many words are read as the slice has, or fewer.
                unsafe { _mm512_maskz_loadu_epi32(lanes & first(part.len()), part.as_ptr().cast()) }
            }
            _ => multiplier,
        };
        let even = _mm512_srli_epi64::<32>(_mm512_mul_epu32(acc, multipliers));
        let odd =
            _mm512_mul_epu32(_mm512_srli_epi64::<32>(acc), _mm512_srli_epi64::<32>(multipliers));
        let scaled = _mm512_mask_blend_epi32(0xAAAA, even, odd);
        let values = _mm512_min_epu32(scaled, _mm512_set1_epi32(255));
        total = _mm512_add_epi32(total, values);
        // The sums are in a register before anything is written over them.
        let count = write_packed(values, offset, row, places);
        places = places.get(count..).unwrap_or_default();
        offset += 16 * row;
    }
    list.wrote(outputs, before - places.len(), _mm512_reduce_add_epi32(total).cast_unsigned());
    list.finish()
}

impl Simd for Avx2 {
    const BYTES: usize = 32;
    const OF_WEIGHTS: bool = false;

    #[inline(always)]
    fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }

    #[inline(always)]
    fn sums<const BITS: usize>(self, blocks: [&[u32]; BLOCKS], windows: &[Window]) -> Sums {
        // SAFETY: `self` is the proof that the processor has what the function is compiled for.
        unsafe { sums_256::<BITS>(blocks, windows) }
    }
}

/// [`Simd::sums`].
///
/// Of 8-bit codes pairs of products are added in 32 bits, both factors having been widened to 16.
/// Of others they are at most 2 · 15 · 255, which fits 16 bits.
#[target_feature(enable = "avx2")]
fn sums_256<const BITS: usize>(blocks: [&[u32]; BLOCKS], windows: &[Window]) -> Sums {
    let least = blocks.iter().map(|block| size_of_val(*block)).min().unwrap_or_default();
    let Some(last) = least.checked_sub(32) else { return Sums::default() };
    // A register's halves are shuffled apart; a byte from place 128 is 0.
    let wide = |byte: u8| {
        load_256(from_fn(|to| match to % 4 {
            0 => byte + (to % 16 / 4) as u8,
            2 => byte + (to % 16 / 4) as u8 + 8,
            _ => 128,
        }))
    };
    let (low, high) = (wide(0), wide(4));
    let shuffle = load_256(from_fn(|to| (to % 4 * 4 + to % 16 / 4) as u8));
    let values_shuffle = load_256(from_fn(|to| match (BITS, to % 2) {
        (8, 0) => (to / 16 * 2 + to % 4 / 2) as u8,
        (8, _) => 128,
        _ => (to / 16 * 4 + to % 4) as u8,
    }));
    let mask = _mm256_set1_epi8((1 << (BITS % 8)) - 1);
    let blocks = blocks.map(|block| block.as_ptr().cast::<u8>());
    let mut acc = [[_mm256_setzero_si256(); 4]; BLOCKS];
    for window in windows {
        // SAFETY: these are the 16 bytes of an array.
        let values = unsafe { _mm_loadu_si128(window.values.as_ptr().cast()) };
        let values = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(values), values_shuffle);
        for (block, acc) in blocks.iter().zip(&mut acc) {
            // SAFETY: no block is shorter than `last` + 32.
            let rows = unsafe { _mm256_loadu_si256(block.add(window.start.min(last)).cast()) };
            if BITS == 8 {
                for (acc, half) in acc.iter_mut().zip([low, high]) {
                    let products = _mm256_madd_epi16(_mm256_shuffle_epi8(rows, half), values);
                    *acc = _mm256_add_epi32(*acc, products);
                }
                continue;
            }
            let codes = _mm256_shuffle_epi8(rows, shuffle);
            for (plane, acc) in acc.iter_mut().take(8 / BITS).enumerate() {
                let count = _mm_cvtsi32_si128((plane * BITS) as i32);
                let codes = _mm256_and_si256(_mm256_srl_epi16(codes, count), mask);
                let pairs = _mm256_maddubs_epi16(values, codes);
                let products = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
                *acc = _mm256_add_epi32(*acc, products);
            }
        }
    }
    let mut sums = Sums::default();
    for (sums, acc) in sums.iter_mut().zip(acc) {
        for (sums, acc) in sums.as_chunks_mut::<4>().0.iter_mut().zip(acc) {
            let (low, high) = (_mm256_castsi256_si128(acc), _mm256_extracti128_si256::<1>(acc));
            // SAFETY: four words are written to an array of four.
            unsafe {
                _mm_storeu_si128(sums.as_mut_ptr().cast(), _mm_add_epi32(low, high));
            }
        }
    }
    sums
}

#[target_feature(enable = "avx2")]
fn load_256(from: [u8; 32]) -> __m256i {
    // SAFETY: the array's bytes are read, and any are legal.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}
