//! Kernels for Armv7-M and up: Cortex-M3, M4, M7, M33 and the like.
//!
//! Each walks a list once for every block of outputs and keeps eight registers of lanes; see
//! [`lanes`](super::lanes) for what is in them. An entry of 8-bit codes takes 9 instructions for 8
//! products, one of 4-bit codes 9 for 8, one of 2-bit codes 18 for 16, and one more where entries
//! are packed.
#![allow(unsafe_code)]

#[macro_use]
mod walk;
mod activate;
mod bits2;
mod bits4;
mod gather;
#[cfg(not(feature = "lanes32"))]
mod int8;
#[cfg(feature = "lanes32")]
#[path = "lanes32.rs"]
mod int8;

use core::cell::Cell;

use self::gather::Gather;
use self::walk::walk;
use super::emit::{self, note};
use super::entry::Kind;
use super::{Active, Entry, Kernel, List, Written};
use crate::gather::each;
use crate::model::Layer;

/// The kernel of this target.
#[derive(Clone, Copy, Debug)]
pub enum Native {}

impl Kernel for Native {
    #[inline(always)]
    fn layer<E: Entry>(layer: &Layer<'_>, active: &Active<'_, E>, out: &mut [i32]) {
        walk(layer, active, out);
    }

    #[inline(always)]
    fn gather<E: Entry>(pixels: &[u8], list: &mut List<'_, E>) {
        let gather: Gather = match E::KIND {
            Kind::Packed => gather::packed,
            Kind::Wide => gather::wide,
        };
        let (room, offset, row) = list.room();
        let (eights, after) = pixels.as_chunks::<8>();
        // There is room for all inputs of the layer, so only for none is there nothing to do.
        if !eights.is_empty() && room.len() / 8 >= eights.len() {
            let (eights, places) = (eights.as_ptr_range(), room.as_ptr());
            // SAFETY: the bounds are a slice's own, which is not empty; there is room for an entry
            // for each of its bytes, and cells may be written through a shared reference.
            let written =
                unsafe { gather(eights.start, eights.end, places.cast_mut().cast(), row, offset) };
            note::<E>(list, pixels.len() - after.len(), room, written);
        }
        each(after, list);
    }

    #[inline(always)]
    fn activate<E: Entry>(layer: &Layer<'_>, sums: &[Cell<i32>], list: List<'_, E>) -> Written {
        emit::activate([activate::packed, activate::wide], layer, sums, list)
    }
}
