//! From pixels to the list of the first layer's non-zero inputs.

use core::cell::Cell;

use super::contract::Kernel;
use super::list::{ListWriter, Written};
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
    if input.crop == 0 && input.pool == 1 {
        as_they_are::<K>(pixels, cells, bits)
    } else {
        squares(input, pixels, cells, bits)
    }
}

/// Each pixel is an input, listed in the way of the kernel.
#[inline(never)]
fn as_they_are<K: Kernel>(pixels: &[u8], cells: &[Cell<i32>], bits: WeightBits) -> Written {
    let mut list = ListWriter::new(cells, bits);
    K::gather(pixels, &mut list);
    list.finish()
}

/// Each input is the rounded mean of a square of pixels.
#[inline(never)]
fn squares(input: Input, pixels: &[u8], cells: &[Cell<i32>], bits: WeightBits) -> Written {
    let mut list = ListWriter::new(cells, bits);
    let (side, crop, pool) =
        (usize::from(input.side), usize::from(input.crop), usize::from(input.pool));
    let across = side - 2 * crop;
    let mut row = (side + 1) * crop;
    let end = row + side * across;
    while row < end {
        match (pixels.get(row..row + across), pixels.get(row + side..row + side + across)) {
            (Some(upper), Some(lower)) if pool == 2 => {
                let (upper, lower) = (upper.as_chunks::<2>().0, lower.as_chunks::<2>().0);
                for (&[a, b], &[c, d]) in upper.iter().zip(lower) {
                    let sum = u32::from(a) + u32::from(b) + u32::from(c) + u32::from(d);
                    list.push(((sum + 2) >> 2) as u8);
                }
            }
            _ => {
                let mut place = row;
                while place < row + across {
                    list.push(mean(pixels, place, side, pool));
                    place += pool;
                }
            }
        }
        row += pool * side;
    }
    list.finish()
}

/// The rounded mean of a square of pixels.
#[inline(never)]
fn mean(pixels: &[u8], mut place: usize, side: usize, pool: usize) -> u8 {
    let shift = pool & 6; // the logarithm of the square's area: pool is 1, 2 or 4
    let mut sum = 1 << shift >> 1;
    let end = place + pool * side;
    while place < end {
        for column in place..place + pool {
            sum += u32::from(pixels.get(column).copied().unwrap_or_default());
        }
        place += side;
    }
    (sum >> shift) as u8
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
        let (side, crop) = (usize::from(input.side), usize::from(input.crop));
        let (width, pool) = (input.width(), usize::from(input.pool));
        let mean = |i: usize, j: usize| {
            let squares = (0..pool * pool).map(|k| (i * pool + k / pool, j * pool + k % pool));
            let places = squares.map(|(row, column)| (crop + row) * side + crop + column);
            let sum: u32 = places.map(|at| u32::from(pixels[at])).sum();
            let area = (pool * pool) as u32;
            (sum + area / 2) / area
        };
        (0..width * width).map(|i| mean(i / width, i % width)).collect()
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
    fn inputs_are_the_rounded_means_of_squares_at_every_side_crop_and_pool() {
        let mut number = 1_u32;
        let mut pixels = [0_u8; 1 + 21 * 21];
        for round in 0..4 {
            for pixel in &mut pixels {
                number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // Ink everywhere, ink alone, half of it, a little.
                let ink = [number >> 24, 255, number >> 24, number >> 29];
                *pixel = if round < 2 || number >> 12 & 1 == 0 { ink[round] as u8 } else { 0 };
            }
            for (side, crop, pool) in (1..22_u16)
                .flat_map(|side| (0..6).map(move |crop| (side, crop)))
                .flat_map(|(side, crop)| [1, 2, 4].map(|pool| (side, crop, pool)))
            {
                let input = Input { side, crop, pool };
                if input.width() == 0 {
                    continue;
                }
                // Wherever they begin.
                for start in 0..2 {
                    let pixels = &pixels[start..start + input.pixels()];
                    let expected = inputs(input, pixels);
                    assert_eq!(listed::<Native>(input, pixels), expected, "{input:?}");
                    assert_eq!(listed::<Portable>(input, pixels), expected, "{input:?}");
                }
            }
        }
    }
}
