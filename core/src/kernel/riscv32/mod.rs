//! Kernels for RV32IM, with or without compressed instructions.
//!
//! There is no multiplication that accumulates, but a masked lane need not be shifted down before
//! it is multiplied: `mulhu` by the value times 2ⁿ does both. With registers for two blocks, one
//! fetch of an entry serves 16 sums: 41 instructions for 16 products of 8-bit codes, 38 of 4-bit
//! codes, and 35 of 2-bit codes, whose one block has 16 outputs. Packed or wide entries cost the
//! same. What is in the registers is explained in [`lanes`](super::lanes).
#![allow(unsafe_code)]

#[macro_use]
mod walk;
mod bits2;
mod bits4;
mod int8;

use super::walk::{Assembly, Walk, layer};
use super::{Active, Entry, Kernel};
use crate::model::Layer;

/// The kernel of this target.
#[derive(Clone, Copy, Debug)]
pub enum Native {}

impl Assembly for Native {
    const EIGHT: [Walk; 2] = [int8::packed, int8::wide];
    const FOUR: [Walk; 2] = [bits4::packed, bits4::wide];
    const TWO: [Walk; 2] = [bits2::packed, bits2::wide];
}

impl Kernel for Native {
    #[inline(always)]
    fn layer<E: Entry>(of: &Layer<'_>, active: &Active<'_, E>, out: &mut [i32]) {
        layer::<Self, E>(of, active, out);
    }
}
