//! The kernel in plain Rust: complete, safe, and the definition for all others.

use super::blockwise::{Blockwise, Sums, blockwise};
use super::{Active, Entry, Kernel};
use crate::WeightBits;
use crate::model::Layer;

/// The kernel in plain Rust, for every target.
///
/// Sums stay below 2²⁹ for up to [`MAX_WIDTH`](crate::MAX_WIDTH) inputs.
#[derive(Clone, Copy, Debug)]
pub enum Portable {}

impl Kernel for Portable {
    fn layer<E: Entry>(layer: &Layer<'_>, active: &Active<'_, E>, out: &mut [i32]) {
        blockwise::<Self, E>(layer, active, out);
    }
}

impl Blockwise for Portable {
    #[inline(always)]
    fn blocks(_: WeightBits) -> usize {
        1
    }

    #[inline]
    fn sums<E: Entry>(
        bits: WeightBits,
        codes: &[u32],
        _: usize,
        active: &Active<'_, E>,
        out: &mut Sums,
    ) {
        match bits {
            WeightBits::Eight => walk::<E, 2, 8>(codes, active, out, |row, value| {
                let row = (u64::from(row[1]) << 32 | u64::from(row[0])).to_le_bytes();
                // In place, and not by `map`: compilers make this a vector multiplication.
                let mut products = [0; 8];
                for (product, code) in products.iter_mut().zip(row) {
                    *product = u16::from(code) * value;
                }
                products
            }),
            WeightBits::Four => walk::<E, 1, 8>(codes, active, out, |&[row], value| {
                core::array::from_fn(|o| (row >> (o % 4 * 8 + o / 4 * 4) & 15) as u16 * value)
            }),
            WeightBits::Two => walk::<E, 1, 16>(codes, active, out, |&[row], value| {
                core::array::from_fn(|o| (row >> (o / 2 * 2 + o % 2 * 16) & 3) as u16 * value)
            }),
        }
    }
}

/// `products` multiplies the codes of an input's row by its value: 16 bits hold that.
#[inline(always)]
fn walk<E: Entry, const WORDS: usize, const BLOCK: usize>(
    codes: &[u32],
    active: &Active<'_, E>,
    out: &mut Sums,
    products: impl Fn(&[u32; WORDS], u16) -> [u16; BLOCK],
) {
    let (rows, _) = codes.as_chunks::<WORDS>();
    let mut sums = [0; BLOCK];
    for &cell in active.cells() {
        let (offset, value) = E::read(cell);
        if let Some(row) = rows.get(offset / (WORDS * 4)) {
            let row = row.map(u32::from_le);
            for (sum, product) in sums.iter_mut().zip(products(&row, value.into())) {
                *sum += u32::from(product);
            }
        }
    }
    for (out, sum) in out.sums.iter_mut().zip(sums) {
        *out = sum;
    }
}
