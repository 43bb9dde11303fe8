//! The kernel in plain Rust: complete, safe, and the definition for all others.

use super::{Cell, Sums, unpack};
use crate::WeightBits;

/// Σ code · value over the non-zero inputs, for each of a block's outputs.
///
/// `codes` holds a row of [`row_bytes`](WeightBits::row_bytes) for every input. Sums stay below 2²⁹ for up to
/// [`MAX_WIDTH`](crate::MAX_WIDTH) inputs.
///
/// ```
/// use inkbit_core::kernel::{cell, portable::block_sums};
/// // Two inputs of 4-bit codes; the first one has no ink and is not listed.
/// let codes = [9, 9, 9, 9, 0x51, 0x62, 0x73, 0x84];
/// let sums = block_sums(inkbit_core::WeightBits::Four, &codes, &[cell(1, 100)]);
/// assert_eq!(sums[..8], [100, 200, 300, 400, 500, 600, 700, 800]);
/// ```
#[inline]
#[must_use]
pub fn block_sums(bits: WeightBits, codes: &[u8], active: &[Cell]) -> Sums {
    match bits {
        WeightBits::Eight => sums::<8, 8>(codes, active, |row, value| {
            // In place, and not by `map`: compilers make this a vector multiplication.
            let mut products = [0; 8];
            for (product, &code) in products.iter_mut().zip(row) {
                *product = u16::from(code) * value;
            }
            products
        }),
        WeightBits::Four => sums::<4, 8>(codes, active, |&[a, b, c, d], value| {
            [a & 15, b & 15, c & 15, d & 15, a >> 4, b >> 4, c >> 4, d >> 4]
                .map(|code| u16::from(code) * value)
        }),
        WeightBits::Two => sums::<4, 16>(codes, active, |row, value| {
            let row = u32::from_le_bytes(*row);
            core::array::from_fn(|o| (row >> (o / 2 * 2 + o % 2 * 16) & 3) as u16 * value)
        }),
    }
}

/// `products` multiplies the codes of an input's row by its value: 16 bits hold that.
#[inline(always)]
fn sums<const ROW: usize, const BLOCK: usize>(
    codes: &[u8],
    active: &[Cell],
    products: impl Fn(&[u8; ROW], u16) -> [u16; BLOCK],
) -> Sums {
    let (codes, _) = codes.as_chunks::<ROW>();
    let mut sums = [0; crate::MAX_BLOCK];
    for &entry in active {
        let (index, value) = unpack(entry);
        if let Some(row) = codes.get(index) {
            for (sum, product) in sums.iter_mut().zip(products(row, value.into())) {
                *sum += u32::from(product);
            }
        }
    }
    sums
}
