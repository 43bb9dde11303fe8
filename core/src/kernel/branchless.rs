//! Lists that are written without a branch for each input.
//!
//! Processors that foretell branches work ahead. Which inputs are zero nobody can foretell, so they
//! would start over again and again.

use core::cell::Cell;

use super::{Entry, List, Written};
use crate::gather::each;
use crate::model::Layer;

/// Inputs that are looked at together.
const INPUTS: usize = 8;
/// Inputs that are made ready together.
const PART: usize = 64;

/// Where entries are written: every one, but over the last one if that was of a zero.
struct Writer<'c, E: Entry> {
    places: &'c [E::Place],
    /// Entries that are not of zeros.
    count: usize,
    /// By how much offsets grow from input to input.
    row: u32,
    /// The sum of the values.
    total: u32,
}

impl<'c, E: Entry> Writer<'c, E> {
    /// The second is the offset of the first input.
    fn new(list: &List<'c, E>) -> (Self, u32) {
        let (places, offset, row) = list.room();
        (Self { places, count: 0, row, total: 0 }, offset)
    }

    /// The next inputs that are not all zero, of which the first has this offset.
    #[inline(always)]
    fn write(&mut self, mut offset: u32, values: [u8; INPUTS]) {
        let total: u32 = values.into_iter().map(u32::from).sum();
        self.total += total;
        let places = self.places.get(self.count..).unwrap_or_default();
        let mut count = 0;
        if let Some(places) = places.first_chunk::<INPUTS>() {
            for value in values {
                // The remainder changes nothing, but says that there is such a place.
                if let Some(place) = places.get(count % INPUTS) {
                    E::write(place, offset, value);
                }
                count += usize::from(value != 0);
                offset += self.row;
            }
        } else {
            for value in values {
                if let Some(place) = places.get(count) {
                    E::write(place, offset, value);
                }
                count += usize::from(value != 0);
                offset += self.row;
            }
        }
        self.count += count;
    }
}

/// [`Kernel::gather`](super::Kernel::gather).
pub(super) fn gather<E: Entry>(pixels: &[u8], list: &mut List<'_, E>) {
    let (eights, after) = pixels.as_chunks::<INPUTS>();
    let (mut writer, mut offset) = Writer::new(list);
    let step = INPUTS as u32 * writer.row;
    for part in eights.chunks(64) {
        let mut inked = [0; 64];
        let mut count = 0;
        // First where there is ink.
        for (number, &eight) in part.iter().enumerate() {
            if let Some(place) = inked.get_mut(count) {
                *place = number as u8;
            }
            count += usize::from(u64::from_ne_bytes(eight) != 0);
        }
        for &number in inked.iter().take(count) {
            let eight = part.get(usize::from(number)).copied().unwrap_or_default();
            writer.write(offset + step * u32::from(number), eight);
        }
        offset += step * 64;
    }
    let Writer { count, total, .. } = writer;
    list.wrote(INPUTS * eights.len(), count, total);
    each(after, list);
}

/// [`Kernel::activate`](super::Kernel::activate).
pub(super) fn activate<E: Entry>(
    layer: &Layer<'_>,
    sums: &[Cell<i32>],
    mut list: List<'_, E>,
) -> Written {
    let (mut writer, mut offset) = Writer::new(&list);
    let same = match layer.multipliers {
        &[multiplier] => [multiplier; PART],
        _ => [0; PART],
    };
    let mut multipliers = layer.multipliers.chunks(PART);
    for (sums, biases) in sums.chunks(PART).zip(layer.bias.chunks(PART)) {
        let own = multipliers.next().filter(|_| layer.multipliers.len() > 1).unwrap_or(&same);
        let mut values = [0; PART];
        let accs = sums.iter().zip(biases).zip(own);
        for (value, ((sum, bias), multiplier)) in values.iter_mut().zip(accs) {
            *value = scale(sum.get() + i32::from_le(*bias), u32::from_le(*multiplier));
        }
        // There are no more entries than sums have been read, so what is written reaches no sum that is
        // still to be read.
        let (eights, _) = values.as_chunks();
        for &eight in eights.iter().take(sums.len().div_ceil(INPUTS)) {
            writer.write(offset, eight);
            offset += INPUTS as u32 * writer.row;
        }
    }
    let Writer { count, total, .. } = writer;
    list.wrote(sums.len(), count, total);
    list.finish()
}

/// [`requantize`](crate::requant::requantize) without a branch, so that compilers do several at once.
#[inline(always)]
fn scale(acc: i32, multiplier: u32) -> u8 {
    let product = u64::from(acc.max(0).cast_unsigned()) * u64::from(multiplier);
    ((product >> 32) as u32).min(255) as u8
}
