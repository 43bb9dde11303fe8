//! Kernels for Armv6-M: Cortex-M0 and M0+.
//!
//! There is a multiplication of 32 bits and nothing wider, it overwrites a factor, and only eight
//! of the registers take part. So a word of codes is multiplied as it is, and again moved or
//! reversed, all of which takes one instruction each; what separates the sums modulo 2³² then does
//! without a mask: see [`lanes`](super::lanes). An entry of 8-bit codes takes 19 instructions for 8
//! products, one of 4-bit codes 17 for 8, one of 2-bit codes 33 for 16, and one more where entries
//! are packed.
#![allow(unsafe_code)]

#[macro_use]
mod walk;
mod activate;
mod bits2;
mod bits4;
mod gather;
mod int8;

use core::cell::Cell;

use super::emit::{self, note};
use super::entry::Kind;
use super::walk::{Assembly, Walk, layer};
use super::{Active, Entry, Kernel, List, Written};
use crate::gather::each;
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

    #[inline(always)]
    fn gather<E: Entry>(pixels: &[u8], list: &mut List<'_, E>) {
        let gather = match E::KIND {
            Kind::Packed => gather::packed,
            Kind::Wide => gather::wide,
        };
        // A word can be read only where a multiple of 4 lies.
        let (before, eights, after) = bytemuck::pod_align_to::<u8, [u32; 2]>(pixels);
        each(before, list);
        let (room, offset, row) = list.room();
        // There is room for all inputs of the layer, so only for none is there nothing to do.
        if !eights.is_empty() && room.len() / 8 >= eights.len() {
            let (ends, places) = (eights.as_ptr_range(), room.as_ptr());
            // SAFETY: the bounds are a slice's own, which is not empty; there is room for an entry
            // for each of its bytes, and cells may be written through a shared reference.
            let written =
                unsafe { gather(ends.start, ends.end, places.cast_mut().cast(), row, offset) };
            note::<E>(list, 8 * eights.len(), room, written);
        }
        each(after, list);
    }

    #[inline(always)]
    fn activate<E: Entry>(layer: &Layer<'_>, sums: &[Cell<i32>], list: List<'_, E>) -> Written {
        emit::activate([activate::packed, activate::wide], layer, sums, list)
    }
}
