//! Kernels for RV32IM, with or without compressed instructions.
//!
//! There is no multiplication that accumulates, but a masked lane need not be shifted down before
//! it is multiplied: `mulhu` by the value times 2ⁿ does both. With registers for two blocks, one
//! fetch of an entry serves 16 sums: 41 instructions for 16 products with 8-bit weights, 38 with
//! 4-bit weights, and 35 with 2-bit weights, whose one block has 16 outputs. What is in the
//! registers is explained in [`lanes`](super::lanes).
#![allow(unsafe_code)]

#[macro_use]
mod walk;
mod bits2;
mod bits4;
mod int8;

use super::contract::Kernel;
use super::fours::{Fours, Walk};
use super::list::List;
use super::walk::sum;
use crate::model::Layer;

/// The kernel for RV32IM.
#[derive(Clone, Copy, Debug)]
pub enum Riscv32 {}

impl Fours for Riscv32 {
    const WALKS: [Walk; 3] = [int8::walk, bits4::walk, bits2::walk];
}

// SAFETY: it lists as `Kernel` does.
unsafe impl Kernel for Riscv32 {
    const NAME: &'static str = "riscv32";

    #[inline(always)]
    fn sum(layer: &Layer<'_>, list: &List<'_>, sums: &mut [i32]) {
        sum::<Self>(layer, list, sums);
    }
}
