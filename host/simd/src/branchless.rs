//! Lists that are written without a branch for each input.
//!
//! It avoids branch mispredictions: which inputs are zero is unpredictable.

use core::cell::Cell;

use inkbit_core::kernel::{ListWriter, pack_entry};

/// Inputs of a group, which is skipped if all are zero.
pub(crate) const INPUTS: usize = 8;

/// Output cursor. Writes every candidate; a zero's cell is overwritten by the next one.
pub(crate) struct Writer<'c> {
    cells: &'c [Cell<i32>],
    /// Entries of non-zero values.
    count: usize,
    /// By how much offsets grow from input to input.
    pub(crate) row: u32,
    /// The sum of the values.
    total: u32,
}

impl<'c> Writer<'c> {
    /// The second is the offset of the first input.
    pub(crate) fn new(list: &ListWriter<'c>) -> (Self, u32) {
        let (cells, offset, row) = list.free();
        (Self { cells, count: 0, row, total: 0 }, offset)
    }

    /// Writes the next inputs, of which the first has this offset.
    #[inline(always)]
    pub(crate) fn write(&mut self, mut offset: u32, values: [u8; INPUTS]) {
        self.total += values.into_iter().map(u32::from).sum::<u32>();
        let cells = self.cells.get(self.count..).unwrap_or_default();
        if let Some(cells) = cells.first_chunk::<INPUTS>() {
            let mut count = 0;
            for value in values {
                // The remainder changes nothing, but tells the compiler that there is such a cell.
                cells[count % INPUTS].set(pack_entry(offset, value));
                count += usize::from(value != 0);
                offset += self.row;
            }
            self.count += count;
        } else {
            self.write_last(offset, &values);
        }
    }

    /// The same where there are not as many cells.
    #[cold]
    #[inline(never)]
    fn write_last(&mut self, mut offset: u32, values: &[u8]) {
        for &value in values {
            if let Some(cell) = self.cells.get(self.count) {
                cell.set(pack_entry(offset, value));
            }
            self.count += usize::from(value != 0);
            offset += self.row;
        }
    }

    /// Gives the list the inputs that are written.
    #[allow(unsafe_code)]
    pub(crate) fn finish(self, list: &mut ListWriter<'_>, inputs: usize) {
        // SAFETY: `write` wrote the entries from the first free cell on, as far as there are cells.
        unsafe { list.advance(inputs, self.count.min(self.cells.len()), self.total) }
    }
}

/// `Kernel::gather`.
#[inline(never)]
pub(crate) fn gather(pixels: &[u8], list: &mut ListWriter<'_>) {
    let (eights, after) = pixels.as_chunks::<INPUTS>();
    let (mut writer, mut offset) = Writer::new(list);
    let step = INPUTS as u32 * writer.row;
    for part in eights.chunks(64) {
        // First find the groups with foreground.
        let mut active = [0; 64];
        let mut count = 0;
        for (number, &eight) in part.iter().enumerate() {
            // The remainder is as in `write`.
            active[count % 64] = number as u8;
            count += usize::from(u64::from_ne_bytes(eight) != 0);
        }
        for &number in active.iter().take(count) {
            let eight = part.get(usize::from(number)).copied().unwrap_or_default();
            writer.write(offset + step * u32::from(number), eight);
        }
        offset += step * 64;
    }
    writer.finish(list, INPUTS * eights.len());
    list.push_all(after);
}
