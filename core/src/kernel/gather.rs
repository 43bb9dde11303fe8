//! From pixels to the list of the first layer's non-zero inputs.

use core::cell::Cell;

use super::contract::Kernel;
use super::list::{ListWriter, Written};
use crate::model::Model;
use crate::sample::Range;
use crate::shape::{Input, WeightBits};

/// Lists the non-zero inputs of an image.
#[inline(always)]
pub(crate) fn gather<K: Kernel>(
    input: Input,
    pixels: &[u8],
    cells: &mut [i32],
    bits: WeightBits,
) -> Written {
    let cells = Cell::from_mut(cells).as_slice_of_cells();
    if input.crop == [0; 2] && input.pool == [1; 2] {
        return as_they_are::<K>(pixels, cells, bits);
    }
    let pooled = if input.pool == [2; 2] { twos } else { rectangles };
    pooled(input, pixels, cells, bits)
}

/// Each pixel is an input, listed in the way of the kernel.
#[inline(never)]
fn as_they_are<K: Kernel>(pixels: &[u8], cells: &[Cell<i32>], bits: WeightBits) -> Written {
    let mut list = ListWriter::new(cells, bits);
    K::gather(pixels, &mut list);
    list.finish()
}

/// Each input is the rounded mean of two times two pixels.
#[inline(never)]
fn twos(input: Input, pixels: &[u8], cells: &[Cell<i32>], bits: WeightBits) -> Written {
    let mut list = ListWriter::new(cells, bits);
    let Kept { mut row, end, across, width } = Kept::of(input);
    while row < end {
        // Two rows, the second without what is cut off at its end.
        let pair = pixels.get(row..row + width + across).unwrap_or_default();
        let (upper, lower) = pair.split_at_checked(width).unwrap_or_default();
        for (&[a, b], &[c, d]) in upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0) {
            let sum = u32::from(a) + u32::from(b) + u32::from(c) + u32::from(d);
            list.push(((sum + 2) >> 2) as u8);
        }
        row += 2 * width;
    }
    list.finish()
}

/// Each input is the rounded mean of a rectangle of pixels.
#[inline(never)]
fn rectangles(input: Input, pixels: &[u8], cells: &[Cell<i32>], bits: WeightBits) -> Written {
    let mut list = ListWriter::new(cells, bits);
    let Kept { mut row, end, across, width } = Kept::of(input);
    let [wide, high] = input.pool.map(usize::from);
    while row < end {
        let mut place = row;
        while place < row + across {
            list.push(mean(pixels, place, width, [wide, high]));
            place += wide;
        }
        row += high * width;
    }
    list.finish()
}

/// What is not cut off an image.
struct Kept {
    /// Where the first of its rows begins.
    row: usize,
    /// Where one after the last would.
    end: usize,
    /// Pixels of such a row.
    across: usize,
    /// Pixels of a row of the image.
    width: usize,
}

impl Kept {
    #[inline(always)]
    fn of(input: Input) -> Self {
        let [columns, rows] = input.crop.map(usize::from);
        let (width, height) = (usize::from(input.width), usize::from(input.height));
        let row = width * rows + columns;
        let end = row + width * height.saturating_sub(2 * rows);
        Self { row, end, across: width.saturating_sub(2 * columns), width }
    }
}

/// The rounded mean of a rectangle of pixels, whose sides are 1, 2 or 4.
#[inline(always)]
fn mean(pixels: &[u8], mut place: usize, width: usize, [wide, high]: [usize; 2]) -> u8 {
    let shift = wide / 2 + high / 2; // the logarithm of the rectangle's area
    let mut sum = 1 << shift >> 1;
    let end = place + high * width;
    while place < end {
        for column in place..place + wide {
            sum += u32::from(pixels.get(column).copied().unwrap_or_default());
        }
        place += width;
    }
    (sum >> shift) as u8
}

/// Lists the inputs that a model's features become, by a range each or one for all.
#[inline(never)]
pub(crate) fn scale(
    model: &Model<'_>,
    sample: &[u8],
    cells: &mut [i32],
    bits: WeightBits,
) -> Written {
    in_ranges(model.raw_ranges(), model.sample().bytes_of_feature(), sample, cells, bits)
}

#[inline(always)]
fn in_ranges(
    ranges: &[[u32; 2]],
    bytes: usize,
    sample: &[u8],
    cells: &mut [i32],
    bits: WeightBits,
) -> Written {
    let mut list = ListWriter::new(Cell::from_mut(cells).as_slice_of_cells(), bits);
    let mut range = Range { offset: 0, multiplier: 0 };
    let mut ranges = ranges.iter();
    for value in sample.chunks(bytes) {
        // After the last range, its features go on with it: there is one for all, or one for each.
        range = ranges.next().map_or(range, Range::of);
        list.push(range.input(match *value {
            [low, high] => i16::from_le_bytes([low, high]),
            [byte] => byte.into(),
            _ => 0,
        }));
    }
    list.finish()
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec;
    use std::vec::Vec;

    use super::*;
    use crate::kernel::{Active, List, Native, Portable};

    /// The inputs by the words of core/FORMAT.md.
    fn inputs(input: Input, pixels: &[u8]) -> Vec<u32> {
        let [across, down] = input.crop.map(usize::from);
        let ([width, height], [wide, high]) = (input.size(), input.pool.map(usize::from));
        let mean = |i: usize, j: usize| {
            let places = (0..wide * high).map(|k| {
                let (row, column) = (down + i * high + k / wide, across + j * wide + k % wide);
                row * usize::from(input.width) + column
            });
            let sum: u32 = places.map(|at| u32::from(pixels[at])).sum();
            let area = (wide * high) as u32;
            (sum + area / 2) / area
        };
        (0..width * height).map(|i| mean(i / width, i % width)).collect()
    }

    fn listed<K: Kernel>(input: Input, pixels: &[u8]) -> Vec<u32> {
        let mut cells = vec![0; input.inputs()];
        let written = gather::<K>(input, pixels, &mut cells, WeightBits::Eight);
        let mut inputs = vec![0; input.inputs()];
        for (at, value) in Active(List::new(&cells, written, WeightBits::Eight)).iter() {
            inputs[at] = value.into();
        }
        inputs
    }

    #[test]
    fn inputs_are_the_rounded_means_of_rectangles_at_every_size_crop_and_pool() {
        let mut random = 1_u32;
        let mut next = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            random >> 8
        };
        let mut pixels = [0_u8; 1 + 21 * 21];
        let mut tried = 0;
        for round in 0..12_000 {
            if round % 400 == 0 {
                for pixel in &mut pixels {
                    let number = next();
                    // Ink everywhere, ink alone, half of it, a little.
                    let ink = [number >> 16, 255, number >> 16, number >> 21][round / 400 % 4];
                    let is_ink = round / 400 % 4 < 2 || number >> 4 & 1 == 0;
                    *pixel = if is_ink { ink as u8 } else { 0 };
                }
            }
            let mut pick = |of: u32| next() % of;
            let (width, crop) = (1 + pick(21) as u16, [pick(6) as u8, pick(6) as u8]);
            let height = if pick(2) == 0 { width } else { 1 + pick(21) as u16 };
            let pool = [1 << pick(3), 1 << pick(3)];
            let input = Input { width, height, crop, pool };
            if input.inputs() == 0 {
                continue;
            }
            tried += 1;
            // Wherever they begin.
            for start in 0..2 {
                let pixels = &pixels[start..start + input.pixels()];
                let expected = inputs(input, pixels);
                assert_eq!(listed::<Native>(input, pixels), expected, "{input:?}");
                assert_eq!(listed::<Portable>(input, pixels), expected, "{input:?}");
            }
        }
        assert!(tried > 1000, "{tried}");
    }

    #[test]
    fn features_become_inputs_by_their_ranges_at_every_end() {
        let ranges = [(-32_768, u32::MAX), (32_767, u32::MAX), (0, 1 << 24), (-7, 65_281)];
        let raw = ranges.map(|(offset, multiplier): (i32, u32)| {
            [offset.cast_unsigned().to_le(), multiplier.to_le()]
        });
        let values = [i16::MIN, -1, 0, 1, 255, i16::MAX];
        for value in values {
            let sample = [value; 4].map(i16::to_le_bytes);
            let mut cells = [0; 4];
            let written = in_ranges(&raw, 2, sample.as_flattened(), &mut cells, WeightBits::Two);
            let mut found = [0; 4];
            for (at, input) in Active(List::new(&cells, written, WeightBits::Two)).iter() {
                found[at] = input;
            }
            let expected = ranges.map(|(offset, multiplier)| {
                let above = i128::from(value) - i128::from(offset);
                ((above.max(0) * i128::from(multiplier) + (1 << 23)) >> 24).min(255) as u8
            });
            assert_eq!(found, expected, "{value}");
        }
    }
}
