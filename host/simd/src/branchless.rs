//! Lists that are written without a branch for each input.
//!
//! It avoids branch mispredictions: which inputs are zero is unpredictable.

use std::cell::Cell;

use inkbit_core::Layer;
use inkbit_core::kernel::{ListWriter, pack_entry};

/// Inputs of a group, which is skipped if all are zero.
const INPUTS: usize = 8;
/// Activations computed before they are listed.
const PART: usize = 64;

/// Output cursor. Writes every candidate; a zero's cell is overwritten by the next one.
struct Writer<'c> {
    cells: &'c [Cell<i32>],
    /// Entries of non-zero values.
    count: usize,
    /// By how much offsets grow from input to input.
    row: u32,
    /// The sum of the values.
    total: u32,
}

impl<'c> Writer<'c> {
    /// The second is the offset of the first input.
    fn new(list: &ListWriter<'c>) -> (Self, u32) {
        let (cells, offset, row) = list.free();
        (Self { cells, count: 0, row, total: 0 }, offset)
    }

    /// Writes the next inputs, of which the first has this offset.
    #[inline(always)]
    fn write(&mut self, mut offset: u32, values: [u8; INPUTS]) {
        self.total += values.into_iter().map(u32::from).sum::<u32>();
        let cells = self.cells.get(self.count..).unwrap_or_default();
        let mut count = 0;
        if let Some(cells) = cells.first_chunk::<INPUTS>() {
            for value in values {
                // The remainder changes nothing, but tells the compiler that there is such a cell.
                cells[count % INPUTS].set(pack_entry(offset, value));
                count += usize::from(value != 0);
                offset += self.row;
            }
        } else {
            for value in values {
                if let Some(cell) = cells.get(count) {
                    cell.set(pack_entry(offset, value));
                }
                count += usize::from(value != 0);
                offset += self.row;
            }
        }
        self.count += count;
    }

    /// Gives the list the inputs that are written.
    #[allow(unsafe_code)]
    fn finish(self, list: &mut ListWriter<'_>, inputs: usize) {
        // SAFETY: `write` wrote the entries from the first free cell on, as far as there are cells.
        unsafe { list.advance(inputs, self.count.min(self.cells.len()), self.total) }
    }
}

/// `Kernel::gather`.
pub(crate) fn gather(pixels: &[u8], list: &mut ListWriter<'_>) {
    let (eights, after) = pixels.as_chunks::<INPUTS>();
    let (mut writer, mut offset) = Writer::new(list);
    let step = INPUTS as u32 * writer.row;
    for part in eights.chunks(64) {
        // First find the groups with foreground.
        let mut active = [0; 64];
        let mut count = 0;
        for (number, &eight) in part.iter().enumerate() {
            active[count] = number as u8;
            count += usize::from(u64::from_ne_bytes(eight) != 0);
        }
        for &number in &active[..count] {
            writer.write(offset + step * u32::from(number), part[usize::from(number)]);
        }
        offset += step * 64;
    }
    writer.finish(list, INPUTS * eights.len());
    list.push_all(after);
}

/// `Kernel::activate`.
pub(crate) fn activate(layer: &Layer<'_>, sums: &[Cell<i32>], list: &mut ListWriter<'_>) {
    let (mut writer, mut offset) = Writer::new(list);
    let same = match layer.multipliers() {
        &[multiplier] => [multiplier; PART],
        _ => [0; PART],
    };
    let mut multipliers = layer.multipliers().chunks(PART);
    for (sums, biases) in sums.chunks(PART).zip(layer.biases().chunks(PART)) {
        let own = multipliers.next().filter(|_| layer.multipliers().len() > 1).unwrap_or(&same);
        let mut values = [0; PART];
        let accs = sums.iter().zip(biases).zip(own);
        for (value, ((sum, bias), multiplier)) in values.iter_mut().zip(accs) {
            *value = scale(sum.get() + i32::from_le(*bias), u32::from_le(*multiplier));
        }
        // There are no more entries than sums were read, so no unread sum is overwritten.
        let (eights, _) = values.as_chunks();
        for &eight in eights.iter().take(sums.len().div_ceil(INPUTS)) {
            writer.write(offset, eight);
            offset += INPUTS as u32 * writer.row;
        }
    }
    writer.finish(list, sums.len());
}

/// [`requantize`](inkbit_core::requant::requantize) without a branch, so that compilers do several at
/// once.
#[inline(always)]
fn scale(acc: i32, multiplier: u32) -> u8 {
    let product = u64::from(acc.max(0).cast_unsigned()) * u64::from(multiplier);
    ((product >> 32) as u32).min(255) as u8
}

/// The part of a `Kernel` that lists, without branches.
macro_rules! lists {
    () => {
        fn gather(pixels: &[u8], list: &mut ListWriter<'_>) {
            $crate::branchless::gather(pixels, list);
        }

        fn activate(layer: &Layer<'_>, sums: &[Cell<i32>], list: &mut ListWriter<'_>) {
            $crate::branchless::activate(layer, sums, list);
        }
    };
}
pub(crate) use lists;
