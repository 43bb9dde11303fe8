//! Kernels for Armv6-M: Cortex-M0 and M0+.
//!
//! There is a multiplication of 32 bits and nothing wider, it overwrites a factor, and only eight
//! of the registers take part. So a word of weights is multiplied as it is, and again moved or
//! reversed, each of which takes one instruction; what separates the sums modulo 2³² then needs no
//! mask: see [`lanes`](super::lanes). An entry takes 20 instructions for 8 products with 8-bit
//! weights, 18 with 4-bit weights, and 34 for 16 products with 2-bit weights.
#![allow(unsafe_code)]

#[macro_use]
mod walk;
mod activate;
mod bits2;
mod bits4;
mod gather;
mod int8;

use core::cell::Cell;

use super::contract::Kernel;
use super::fours::{Fours, Walk};
use super::list::{List, ListWriter};
use super::lists;
use super::walk::sum;
use crate::model::Layer;
use crate::shape::WeightBits;

/// The kernel for Armv6-M.
#[derive(Clone, Copy, Debug)]
pub enum Thumbv6m {}

impl Fours for Thumbv6m {
    const WALKS: [Walk; 3] = [int8::walk, bits4::walk, bits2::walk];
}

// SAFETY: the assembly lists every input that it is given.
unsafe impl Kernel for Thumbv6m {
    const NAME: &'static str = "thumbv6m";

    #[inline(always)]
    fn sum(layer: &Layer<'_>, list: &List<'_>, sums: &mut [i32]) {
        sum_listed(layer, list.entries(), list.end(), list.total(), list.bits(), sums);
    }

    #[inline(always)]
    fn gather(pixels: &[u8], list: &mut ListWriter<'_>) {
        // A word can be read only where a multiple of 4 lies.
        let (before, words, after) = bytemuck::pod_align_to::<u8, [u32; 2]>(pixels);
        list.push_all(before);
        // SAFETY: these are words.
        unsafe { lists::gather(gather::gather, bytemuck::cast_slice(words), list) };
        list.push_all(after);
    }

    #[inline(always)]
    fn activate(layer: &Layer<'_>, sums: &[Cell<i32>], list: &mut ListWriter<'_>) {
        lists::activate([activate::wide, activate::narrow], layer, sums, list);
    }
}

// Not inlined, so that what it keeps is not on the stack while pixels are listed; nor is the list, whose
// parts are handed on one by one.
#[inline(never)]
fn sum_listed(
    layer: &Layer<'_>,
    entries: &[i32],
    end: usize,
    total: u32,
    bits: WeightBits,
    sums: &mut [i32],
) {
    sum::<Thumbv6m>(layer, &List::of_parts(entries, end, total, bits), sums);
}
