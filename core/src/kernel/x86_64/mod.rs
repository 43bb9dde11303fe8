//! Kernels for x86-64, chosen by what the processor has: AVX-512 with VNNI and VBMI (Ice Lake, Zen 4
//! and later), AVX2, or the portable one.
//!
//! Each sums the [`windows`](super::windows) of a list: with AVX-512 one load, one shuffle, one XOR and
//! one instruction of dot products make 64 products of 8-bit codes.
#![allow(unsafe_code)]

mod avx2;
mod avx512;

use core::cell::Cell;

use std::arch::is_x86_feature_detected;

use super::entry::Kind;
use super::windows::{Blocks, Simd, Sums, Windows};
use super::{Active, Entry, Kernel, List, Portable, Written, branchless};
use crate::gather::each;
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
        // SAFETY: `simd` is the proof that the processor has what the function is compiled for.
        let is_done =
            Self::detect().is_some_and(|simd| unsafe { avx512::layer(simd, layer, active, out) });
        if !is_done {
            Avx2::layer(layer, active, out);
        }
    }

    fn gather<E: Entry>(pixels: &[u8], list: &mut List<'_, E>) {
        let (before, eights, after) = bytemuck::pod_align_to::<u8, u64>(pixels);
        if let (Kind::Packed, Some(_)) = (E::KIND, Self::detect()) {
            each(before, list);
            // SAFETY: the processor has what the function is compiled for.
            unsafe { avx512::gather(eights, list) };
            each(after, list);
        } else {
            branchless::gather(pixels, list);
        }
    }

    fn activate<E: Entry>(layer: &Layer<'_>, sums: &[Cell<i32>], list: List<'_, E>) -> Written {
        if let (Kind::Packed, Some(_)) = (E::KIND, Self::detect()) {
            // SAFETY: the processor has what the function is compiled for.
            unsafe { avx512::activate(layer, sums, list) }
        } else {
            branchless::activate(layer, sums, list)
        }
    }
}

impl Kernel for Avx2 {
    fn layer<E: Entry>(layer: &Layer<'_>, active: &Active<'_, E>, out: &mut [i32]) {
        // SAFETY: `simd` is the proof that the processor has what the function is compiled for.
        let is_done =
            Self::detect().is_some_and(|simd| unsafe { avx2::layer(simd, layer, active, out) });
        if !is_done {
            Portable::layer(layer, active, out);
        }
    }

    fn gather<E: Entry>(pixels: &[u8], list: &mut List<'_, E>) {
        branchless::gather(pixels, list);
    }

    fn activate<E: Entry>(layer: &Layer<'_>, sums: &[Cell<i32>], list: List<'_, E>) -> Written {
        branchless::activate(layer, sums, list)
    }
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
