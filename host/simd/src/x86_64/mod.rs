//! Kernels for x86-64, chosen by what the processor has: AVX-512 with VNNI and VBMI (Ice Lake, Zen 4
//! and later), AVX2, or the portable one.
//!
//! Each sums the [`windows`](crate::windows) of a list: with AVX-512 one load, one shuffle, one XOR and
//! one instruction of dot products make 64 products of 8-bit codes.
#![allow(unsafe_code)]

mod avx2;
mod avx512;

use std::arch::is_x86_feature_detected;
use std::cell::Cell;

use inkbit_core::Layer;
use inkbit_core::kernel::{Kernel, List, ListWriter, Portable};

use crate::activate;
use crate::branchless;
use crate::windows::{Blocks, Simd, Sums, Windows};

/// The kernel for AVX-512 with BW, VBMI and VNNI; [`Avx2`] where the processor has not all of them.
#[derive(Clone, Copy, Debug)]
pub struct Avx512(());

/// The kernel for AVX2; [`Portable`] where the processor has not that.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

// SAFETY: all of `gather` and `activate` give the list each input once, and read a group of sums
// before they write as many entries.
unsafe impl Kernel for Avx512 {
    const NAME: &'static str = "avx512";

    fn sum(layer: &Layer<'_>, list: &List<'_>, sums: &mut [i32]) {
        // SAFETY: `simd` is the proof that the processor has what the function is compiled for.
        let is_done =
            Self::detect().is_some_and(|simd| unsafe { avx512::layer(simd, layer, list, sums) });
        if !is_done {
            Avx2::sum(layer, list, sums);
        }
    }

    fn gather(pixels: &[u8], list: &mut ListWriter<'_>) {
        if Self::detect().is_none() {
            return branchless::gather(pixels, list);
        }
        let (before, eights, after) = bytemuck::pod_align_to::<u8, u64>(pixels);
        list.push_all(before);
        // SAFETY: the processor has what the function is compiled for.
        unsafe { avx512::gather(eights, list) };
        list.push_all(after);
    }

    fn activate(layer: &Layer<'_>, sums: &[Cell<i32>], list: &mut ListWriter<'_>) {
        if Self::detect().is_none() {
            return activate::activate(layer, sums, list);
        }
        // SAFETY: the processor has what the function is compiled for.
        unsafe { avx512::activate(layer, sums, list) }
    }
}

// SAFETY: as above.
unsafe impl Kernel for Avx2 {
    const NAME: &'static str = "avx2";

    fn sum(layer: &Layer<'_>, list: &List<'_>, sums: &mut [i32]) {
        // SAFETY: `simd` is the proof that the processor has what the function is compiled for.
        let is_done =
            Self::detect().is_some_and(|simd| unsafe { avx2::layer(simd, layer, list, sums) });
        if !is_done {
            Portable::sum(layer, list, sums);
        }
    }

    activate::lists!();
}

impl Avx512 {
    /// The proof that the processor has the instruction set.
    #[inline(always)]
    fn detect() -> Option<Self> {
        let detected = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vnni")
            && is_x86_feature_detected!("popcnt");
        detected.then_some(Self(()))
    }
}

impl Simd for Avx512 {
    const BYTES: usize = 64;
    const OF_WEIGHTS: bool = true;

    #[inline(always)]
    fn sums<const BITS: usize, const N: usize>(
        self,
        blocks: Blocks<'_>,
        windows: &Windows,
        sums: &mut Sums,
    ) {
        // SAFETY: `self` is the proof that the processor has what the function is compiled for.
        unsafe { avx512::sums::<BITS, N>(blocks, windows, sums) }
    }
}

impl Avx2 {
    /// The proof that the processor has the instruction set.
    #[inline(always)]
    fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }
}

impl Simd for Avx2 {
    const BYTES: usize = 32;
    const OF_WEIGHTS: bool = false;

    #[inline(always)]
    fn sums<const BITS: usize, const N: usize>(
        self,
        blocks: Blocks<'_>,
        windows: &Windows,
        sums: &mut Sums,
    ) {
        // SAFETY: `self` is the proof that the processor has what the function is compiled for.
        unsafe { avx2::sums::<BITS, N>(blocks, windows, sums) }
    }
}
