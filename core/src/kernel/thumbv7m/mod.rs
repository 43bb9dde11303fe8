//! Kernels for Armv7-M and up: Cortex-M3, M4, M7, M33 and the like.
//!
//! Each walks a list once for every block of outputs and keeps eight registers of lanes; see
//! [`lanes`](super::lanes) for what is in them. An entry takes 10 instructions for 8 products with
//! 8-bit or 4-bit weights, and 19 for 16 with 2-bit weights.
#![allow(unsafe_code)]

#[macro_use]
mod walk;
mod activate;
mod bits2;
mod bits4;
mod gather;
#[cfg(not(inkbit_lanes32))]
mod int8;
#[cfg(inkbit_lanes32)]
#[path = "lanes32.rs"]
mod int8;

use core::cell::Cell;

use super::contract::Kernel;
use super::list::{List, ListWriter};
use super::lists;
use super::walk::{Assembly, Part, sum};
use crate::model::Layer;
use crate::shape::WeightBits;

/// The kernel for Armv7-M and up.
#[derive(Clone, Copy, Debug)]
pub enum Thumbv7m {}

impl Assembly for Thumbv7m {
    #[inline(always)]
    fn has_own_totals(bits: WeightBits) -> bool {
        bits != WeightBits::Two
    }

    #[inline(always)]
    unsafe fn walk(bits: WeightBits, part: Part<'_>) {
        let Part { layer, entries, total, sums, is_first } = part;
        let walk: walk::Walk = match bits {
            WeightBits::Eight => int8::walk,
            WeightBits::Four => bits4::walk,
            WeightBits::Two => bits2::walk,
        };
        let (entries, out) = (entries.as_ptr_range(), sums.as_mut_ptr_range());
        // Of the weights for eight outputs.
        let (codes, stride) = (layer.weights.as_ptr(), layer.inputs() * bits.bits());
        let last = out.end.addr().wrapping_sub(32);
        // SAFETY: the caller's promise; the bounds are slices' own, and there is at least one sum.
        unsafe {
            let add = u32::from(!is_first);
            walk(codes, entries.start, entries.end, total, stride, last, add, out.start);
        }
    }
}

// SAFETY: the assembly lists every input that it is given.
unsafe impl Kernel for Thumbv7m {
    #[cfg(not(inkbit_lanes32))]
    const NAME: &'static str = "thumbv7m";
    #[cfg(inkbit_lanes32)]
    const NAME: &'static str = "thumbv7m-lanes32";

    #[inline(always)]
    fn sum(layer: &Layer<'_>, list: &List<'_>, sums: &mut [i32]) {
        sum::<Self>(layer, list, sums);
    }

    #[inline(always)]
    fn gather(pixels: &[u8], list: &mut ListWriter<'_>) {
        let (eights, after) = pixels.as_chunks();
        // SAFETY: pixels may begin anywhere.
        unsafe { lists::gather(gather::gather, eights, list) };
        list.push_all(after);
    }

    #[inline(always)]
    fn activate(layer: &Layer<'_>, sums: &[Cell<i32>], list: &mut ListWriter<'_>) {
        lists::activate([activate::wide, activate::narrow], layer, sums, list);
    }
}
