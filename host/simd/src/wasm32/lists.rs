//! Lists that are written by fours: a shuffle moves the entries of non-zero inputs to the front.
//!
//! It avoids branch mispredictions: which inputs are zero is unpredictable.

use core::cell::Cell;
use core::iter::zip;

use inkbit_core::Layer;
use inkbit_core::kernel::ListWriter;
use inkbit_core::requant::requantize;

use super::*;

/// Inputs of a group.
const INPUTS: usize = 8;
/// Groups that are done at once: 16 bits hold the sum of a value of each.
const GROUPS: usize = 64;
/// Activations whose biases and multipliers are read at once.
const PART: usize = 64;

/// For each set of four words, which a number of four bits tells, the bytes of those in it.
static FRONT: [[u8; 16]; 16] = {
    let mut front = [[0; 16]; 16];
    let mut set = 0;
    while set < 16 {
        let (mut from, mut to) = (0, 0);
        while from < 16 {
            if set >> (from / 4) & 1 == 1 {
                front[set][to] = from as u8;
                to += 1;
            }
            from += 1;
        }
        set += 1;
    }
    front
};

/// Output cursor.
struct Writer {
    /// Where the next entry is written.
    next: *mut i32,
    /// Offsets of the next inputs, as 16 bits each.
    offsets: v128,
    /// By how much these grow from group to group.
    step: v128,
    /// Sums of values at the same place of a group, as 16 bits each.
    narrow: v128,
    /// Sums of those before, as 32 bits each.
    wide: v128,
}

impl Writer {
    #[inline(always)]
    fn new(list: &ListWriter<'_>) -> Self {
        let (cells, offset, row) = list.free();
        let [offset, row] = [offset, row].map(|number| number as u16);
        let rows = i16x8_mul(u16x8(0, 1, 2, 3, 4, 5, 6, 7), u16x8_splat(row));
        Self {
            next: cells.as_ptr().cast_mut().cast(),
            offsets: i16x8_add(u16x8_splat(offset), rows),
            step: u16x8_splat(INPUTS as u16 * row),
            narrow: u16x8_splat(0),
            wide: u32x4_splat(0),
        }
    }

    /// Writes the entries of a group that has these offsets and values, as 16 bits each.
    ///
    /// # Safety
    ///
    /// The group is one of [`eights`], and those before it are written.
    #[inline(always)]
    unsafe fn write(&mut self, offsets: v128, values: v128) {
        self.narrow = i16x8_add(self.narrow, values);
        // Unless a value is zero, its negation has a sign.
        let signs = i16x8_neg(values);
        let active = usize::from(i8x16_bitmask(i8x16_narrow_i16x8(signs, signs)));
        // The lower half of an entry is its offset, the upper one its value.
        let low = i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(offsets, values);
        let high = i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(offsets, values);
        for (entries, active) in [(low, active % 16), (high, active / 16 % 16)] {
            // SAFETY: these are the bytes of an array. There are no more entries than inputs before these
            // four, so there are four cells, which may be written through a shared reference.
            unsafe {
                let front = v128_load(FRONT.as_ptr().add(active).cast());
                v128_store(self.next.cast(), i8x16_swizzle(entries, front));
                self.next = self.next.add(active.count_ones() as usize);
            }
        }
    }

    /// Makes room for the values of [`GROUPS`] more.
    #[inline(always)]
    fn widen(&mut self) {
        self.wide = i32x4_add(self.wide, u32x4_extadd_pairwise_u16x8(self.narrow));
        self.narrow = u16x8_splat(0);
    }

    /// Gives the list as many inputs, whose entries are written.
    #[inline(always)]
    fn finish(self, list: &mut ListWriter<'_>, inputs: usize) {
        let bytes = self.next.addr() - list.free().0.as_ptr().addr();
        let total = words(self.wide).into_iter().sum();
        // SAFETY: they are in the first free cells.
        unsafe { list.advance(inputs, bytes / size_of::<i32>(), total) }
    }
}

/// The groups of inputs for which there is room, and the other inputs.
#[inline(always)]
fn eights<'i, T>(inputs: &'i [T], list: &ListWriter<'_>) -> (&'i [[T; INPUTS]], &'i [T]) {
    let room = inputs.len().min(list.free().0.len()) / INPUTS * INPUTS;
    let (eights, after) = inputs.split_at_checked(room).unwrap_or((&[], inputs));
    (eights.as_chunks().0, after)
}

/// `Kernel::gather`.
#[inline(never)]
pub(super) fn gather(pixels: &[u8], list: &mut ListWriter<'_>) {
    let (eights, after) = eights(pixels, list);
    let mut writer = Writer::new(list);
    for part in eights.chunks(GROUPS) {
        // First find the groups with foreground.
        let mut active = [0; GROUPS];
        let mut count = 0;
        for (number, &eight) in part.iter().enumerate() {
            // The remainder changes nothing, but tells the compiler that there is such a place.
            active[count % GROUPS] = number as u8;
            count += usize::from(u64::from_ne_bytes(eight) != 0);
        }
        for &number in active.iter().take(count) {
            if let Some(eight) = part.get(usize::from(number)) {
                let before = i16x8_mul(writer.step, u16x8_splat(number.into()));
                // SAFETY: these are the bytes of an array, and the groups between have no entries.
                unsafe {
                    let values = u16x8_load_extend_u8x8(eight.as_ptr());
                    writer.write(i16x8_add(writer.offsets, before), values);
                }
            }
        }
        let before = i16x8_mul(writer.step, u16x8_splat(GROUPS as u16));
        writer.offsets = i16x8_add(writer.offsets, before);
        writer.widen();
    }
    writer.finish(list, pixels.len() - after.len());
    list.push_all(after);
}

/// `Kernel::activate`. Not inlined: core may be compiled to be small.
#[inline(never)]
pub(super) fn activate(layer: &Layer<'_>, sums: &[Cell<i32>], list: &mut ListWriter<'_>) {
    let (eights, after) = eights(sums, list);
    let done = sums.len() - after.len();
    let mut writer = Writer::new(list);
    let (mut biases, mut multipliers) = ([0; PART], [0; PART]);
    for (part, eights) in eights.chunks(PART / INPUTS).enumerate() {
        layer.numbers(part * PART, &mut biases, &mut multipliers);
        let numbers = zip(biases.as_chunks::<INPUTS>().0, multipliers.as_chunks::<INPUTS>().0);
        for (sums, (biases, multipliers)) in zip(eights, numbers) {
            // SAFETY: these are the words of arrays.
            let [low, high] = [0, 4].map(|word| unsafe {
                let acc = i32x4_add(
                    v128_load(sums.as_ptr().add(word).cast()),
                    v128_load(biases.as_ptr().add(word).cast()),
                );
                scale(acc, v128_load(multipliers.as_ptr().add(word).cast()))
            });
            // SAFETY: it is the next group. There are no more entries than sums were read, so no unread sum
            // is overwritten.
            unsafe { writer.write(writer.offsets, u16x8_narrow_i32x4(low, high)) };
            writer.offsets = i16x8_add(writer.offsets, writer.step);
        }
        writer.widen();
    }
    writer.finish(list, done);
    for (sum, output) in zip(after, done..) {
        list.push(requantize(sum.get() + layer.bias(output), layer.multiplier(output)));
    }
}

/// [`requantize`], four at once.
#[inline(always)]
fn scale(accs: v128, multipliers: v128) -> v128 {
    let accs = i32x4_max(accs, i32x4_splat(0));
    let low = u64x2_extmul_low_u32x4(accs, multipliers);
    let high = u64x2_extmul_high_u32x4(accs, multipliers);
    u32x4_min(i32x4_shuffle::<1, 3, 5, 7>(low, high), u32x4_splat(255))
}
