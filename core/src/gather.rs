//! From pixels to the list of the first layer's non-zero inputs.

use core::cell::Cell;

use crate::WeightBits;
use crate::kernel::{Entry, Kernel, List, Written};
use crate::shape::Input;

/// Lists the non-zero inputs. Missing pixels are paper, surplus ones are not read.
#[inline(never)]
pub(crate) fn gather<K: Kernel, E: Entry>(
    input: Input,
    pixels: &[u8],
    words: &mut [i32],
    bits: WeightBits,
) -> Written {
    let mut list = List::<E>::new(Cell::from_mut(words).as_slice_of_cells(), bits);
    let pixels = pixels.get(..input.pixels()).unwrap_or(pixels);
    if input.crop == 0 && input.pool == 1 {
        every_pixel::<K, E>(pixels, &mut list);
    } else {
        squares(input, pixels, &mut list);
    }
    list.finish()
}

/// Each pixel is an input. Most of them are paper, which goes eight at a time.
#[inline(always)]
fn every_pixel<K: Kernel, E: Entry>(pixels: &[u8], list: &mut List<'_, E>) {
    let (before, eights, after) = bytemuck::pod_align_to(pixels);
    each(before, list);
    K::gather(eights, list);
    each(after, list);
}

/// The few pixels before the first eight and after the last.
#[inline(never)]
fn each<E: Entry>(pixels: &[u8], list: &mut List<'_, E>) {
    for &pixel in pixels {
        list.next(pixel);
    }
}

/// Lists the pixels that have ink, of eights of them.
#[inline(always)]
pub(crate) fn each_eight<E: Entry>(eights: &[u64], list: &mut List<'_, E>) {
    for &eight in eights {
        if eight == 0 {
            list.skip(8);
            continue;
        }
        for pixel in eight.to_ne_bytes() {
            list.next(pixel);
        }
    }
}

/// Each input is the rounded mean of a square of pixels.
#[inline(never)]
fn squares<E: Entry>(input: Input, pixels: &[u8], list: &mut List<'_, E>) {
    let (side, crop, pool) =
        (usize::from(input.side), usize::from(input.crop), usize::from(input.pool));
    let shift = input.pool_shift().unwrap_or_default();
    let area = 1_u32 << (2 * shift);
    for i in 0..input.width() {
        for j in 0..input.width() {
            let mut sum = area / 2;
            for row in crop + pool * i..crop + pool * (i + 1) {
                let start = row * side + crop + pool * j;
                for column in start..start + pool {
                    sum += u32::from(pixels.get(column).copied().unwrap_or_default());
                }
            }
            list.next((sum >> (2 * shift)) as u8);
        }
    }
}
