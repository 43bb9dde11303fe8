//! The kernel in plain Rust: complete, safe, and the definition for all others.

use super::contract::Kernel;
use super::list::{List, unpack_entry};
use crate::model::Layer;
use crate::shape::{MAX_BLOCK, WeightBits};

/// The kernel in plain Rust, for every target.
///
/// Sums stay below 2²⁹ for up to [`MAX_WIDTH`](crate::MAX_WIDTH) inputs.
#[derive(Clone, Copy, Debug)]
pub enum Portable {}

// SAFETY: it lists as `Kernel` does.
#[allow(unsafe_code)]
unsafe impl Kernel for Portable {
    const NAME: &'static str = "portable";

    fn sum(layer: &Layer<'_>, list: &List<'_>, sums: &mut [i32]) {
        let bits = layer.bits();
        // A weight is step · code − offset: the offsets of a row come off all at once.
        let offset = bits.offset() * list.total().cast_signed();
        let words = (layer.inputs() * bits.row_bytes() / 4).max(1);
        let blocks = layer.weights.chunks(words);
        for (sums, codes) in sums.chunks_mut(bits.block()).zip(blocks) {
            let products = block(bits, codes, list);
            for (sum, product) in sums.iter_mut().zip(products) {
                *sum = bits.step() * product.cast_signed() - offset;
            }
        }
    }
}

/// Σ code · value for each output of the block with these codes; beyond them, zeros.
#[inline]
fn block(bits: WeightBits, codes: &[u32], list: &List<'_>) -> [u32; MAX_BLOCK] {
    match bits {
        WeightBits::Eight => walk::<2, 8>(codes, list, |row, value| {
            let row = (u64::from(row[1]) << 32 | u64::from(row[0])).to_le_bytes();
            // In place, and not by `map`: compilers make this a vector multiplication.
            let mut products = [0; 8];
            for (product, code) in products.iter_mut().zip(row) {
                *product = u16::from(code) * value;
            }
            products
        }),
        WeightBits::Four => walk::<1, 8>(codes, list, |&[row], value| {
            core::array::from_fn(|o| (row >> (o % 4 * 8 + o / 4 * 4) & 15) as u16 * value)
        }),
        WeightBits::Two => walk::<1, 16>(codes, list, |&[row], value| {
            core::array::from_fn(|o| (row >> (o / 2 * 2 + o % 2 * 16) & 3) as u16 * value)
        }),
    }
}

/// `products` multiplies the codes of an input's row by its value: 16 bits hold the products.
#[inline(always)]
fn walk<const WORDS: usize, const BLOCK: usize>(
    codes: &[u32],
    list: &List<'_>,
    products: impl Fn(&[u32; WORDS], u16) -> [u16; BLOCK],
) -> [u32; MAX_BLOCK] {
    let (rows, _) = codes.as_chunks::<WORDS>();
    // Not in the array that is returned: this one stays in registers.
    let mut sums = [0; BLOCK];
    for &entry in list.entries() {
        let (offset, value) = unpack_entry(entry);
        if let Some(row) = rows.get(offset / (WORDS * 4)) {
            let row = row.map(u32::from_le);
            for (sum, product) in sums.iter_mut().zip(products(&row, value.into())) {
                *sum += u32::from(product);
            }
        }
    }
    let mut all = [0; MAX_BLOCK];
    for (all, sum) in all.iter_mut().zip(sums) {
        *all = sum;
    }
    all
}
