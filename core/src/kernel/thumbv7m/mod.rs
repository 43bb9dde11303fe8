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

use self::activate::Activate;
use self::gather::Gather;
use self::walk::walk;
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
    fn activate<E: Entry>(layer: &Layer<'_>, sums: &[Cell<i32>], mut list: List<'_, E>) -> Written {
        let activate: Activate = match E::KIND {
            Kind::Packed => activate::packed,
            Kind::Wide => activate::wide,
        };
        let (room, _, row) = list.room();
        let (bias, multipliers) = (layer.bias, layer.multipliers);
        let step = if multipliers.len() == 1 { 0 } else { size_of::<u32>() };
        let sums = sums.get(..bias.len()).unwrap_or_default();
        // A model has as many biases as outputs and one multiplier or as many: the writer's room is
        // enough for all of them.
        if sums.is_empty() || room.len() < sums.len() || step != 0 && multipliers.len() < sums.len()
        {
            return list.finish();
        }
        let (ends, places) = (sums.as_ptr_range(), room.as_ptr().cast_mut().cast());
        let (bias, multipliers) = (bias.as_ptr(), multipliers.as_ptr());
        // SAFETY: the bounds are a slice's own, which is not empty; there are as many biases, and
        // as many multipliers or one that is read again; there is room for an entry for each, and
        // cells may be written through a shared reference.
        let written = unsafe {
            activate(ends.start.cast(), ends.end.cast(), places, row, bias, multipliers, step)
        };
        note::<E>(&mut list, sums.len(), room, written);
        list.finish()
    }
}

/// Tells the list of so many inputs that assembly has given entries in `room`, and what it returned.
#[inline(always)]
fn note<E: Entry>(list: &mut List<'_, E>, inputs: usize, room: &[E::Place], written: u64) {
    let (end, total) = (written as u32 as usize, (written >> 32) as u32);
    list.wrote(inputs, (end - room.as_ptr().addr()) / size_of::<E::Place>(), total);
}
