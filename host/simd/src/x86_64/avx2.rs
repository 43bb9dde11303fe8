//! The kernel for AVX2.

use std::arch::x86_64::*;
use std::array::from_fn;

use inkbit_core::Layer;
use inkbit_core::kernel::List;

use super::Avx2;
use crate::windows::{Blocks, Sums, Windows, by_windows};

/// [`by_windows`], compiled for the instruction set.
#[target_feature(enable = "avx2")]
pub(super) fn layer(simd: Avx2, layer: &Layer<'_>, list: &List<'_>, out: &mut [i32]) -> bool {
    by_windows(simd, layer, list, out)
}

/// [`Simd::sums`](super::Simd::sums).
///
/// Of 8-bit codes pairs of products are added in 32 bits, both factors having been widened to 16.
/// Of others they are at most 2 · 15 · 255, which fits 16 bits.
#[inline(never)]
#[target_feature(enable = "avx2")]
pub(super) fn sums<const BITS: usize, const N: usize>(
    Blocks { codes, stride }: Blocks<'_>,
    windows: &Windows,
    sums: &mut Sums,
) {
    const { assert!(BITS == 8 || BITS == 4 || BITS == 2) };
    if stride < 32 || size_of_val(codes) < N * stride {
        return;
    }
    // Registers are for the sums of so many blocks.
    let some = const { if N < 4 { N } else { 4 } };
    let mut codes = codes.as_ptr().cast::<u8>();
    for sums in sums.chunks_exact_mut(some * (8 / BITS).max(2) * 4).take(N / some) {
        // SAFETY: there are so many blocks, of no less than 32 bytes.
        unsafe {
            if N < 4 {
                some_sums::<BITS, N>(codes, stride, windows, sums);
            } else {
                some_sums::<BITS, 4>(codes, stride, windows, sums);
            }
            codes = codes.add(some * stride);
        }
    }
}

/// The sums of `N` blocks of `stride` bytes from `codes` on.
///
/// # Safety
///
/// There are so many, of no less than 32 bytes.
#[target_feature(enable = "avx2")]
unsafe fn some_sums<const BITS: usize, const N: usize>(
    codes: *const u8,
    stride: usize,
    windows: &Windows,
    sums: &mut [i32],
) {
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
    let mut acc = [[_mm256_setzero_si256(); 4]; N];
    for (values, start) in windows.iter() {
        // SAFETY: these are the 16 bytes of an array.
        let values = unsafe { _mm_loadu_si128(values.as_ptr().cast()) };
        let values = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(values), values_shuffle);
        for (block, acc) in acc.iter_mut().enumerate() {
            // SAFETY: 32 bytes from there end within the block, of which there are `N`.
            let rows = unsafe {
                _mm256_loadu_si256(codes.add(block * stride + start.min(stride - 32)).cast())
            };
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
    for (sums, acc) in sums.chunks_exact_mut(sums.len() / N).zip(acc) {
        for (sums, acc) in sums.as_chunks_mut::<4>().0.iter_mut().zip(acc) {
            let (low, high) = (_mm256_castsi256_si128(acc), _mm256_extracti128_si256::<1>(acc));
            // SAFETY: four words are written to an array of four.
            unsafe {
                _mm_storeu_si128(sums.as_mut_ptr().cast(), _mm_add_epi32(low, high));
            }
        }
    }
}

#[target_feature(enable = "avx2")]
fn load_256(from: [u8; 32]) -> __m256i {
    // SAFETY: the array's bytes are read, and any are legal.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}
