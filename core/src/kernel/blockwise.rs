//! For kernels that are called for one block of outputs, or a few, at a time.
#![cfg_attr(
    any(inkbit_kernel = "thumbv7m", inkbit_kernel = "thumbv6m", inkbit_kernel = "riscv32"),
    allow(dead_code)
)]

use super::{Active, Entry};
use crate::WeightBits;
use crate::model::Layer;

/// Outputs that one call of [`Blockwise::sums`] gives the sums of, at most.
pub(super) const MAX_GROUP: usize = 16;

/// The sums of a group of outputs, and room for what a kernel's registers hold before they are taken
/// apart. One buffer serves all calls: a kernel finds in it what the last one has left there.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    /// Σ code · value for each output of the group; beyond them, anything.
    pub(super) sums: [u32; MAX_GROUP],
}

/// A kernel for a few blocks at a time.
pub(super) trait Blockwise {
    /// Blocks that one call of [`sums`](Self::sums) takes, if the layer has so many left.
    fn blocks(bits: WeightBits) -> usize;

    /// Σ code · value over the listed inputs, for each output of the blocks whose rows `codes` are. A
    /// block begins `stride` bytes after the one before. Nothing is said of codes too few for the
    /// list; they must not be read past their end.
    fn sums<E: Entry>(
        bits: WeightBits,
        codes: &[u32],
        stride: usize,
        active: &Active<'_, E>,
        out: &mut Sums,
    );
}

/// [`Kernel::layer`](super::Kernel::layer) by such a kernel.
#[inline(always)]
pub(super) fn blockwise<B: Blockwise, E: Entry>(
    layer: &Layer<'_>,
    active: &Active<'_, E>,
    out: &mut [i32],
) {
    let bits = layer.bits();
    // A weight is step · code − offset, so the offsets of a row come off all at once.
    let offset = bits.offset() * active.total().cast_signed();
    let blocks = B::blocks(bits);
    let stride = layer.inputs() * bits.row_bytes();
    let words = (stride * blocks / 4).max(1);
    let mut sums = Sums::default();
    let mut rest = layer.weights;
    for out in out.chunks_mut(bits.block() * blocks) {
        let (codes, after) = rest.split_at_checked(words).unwrap_or((rest, &[]));
        rest = after;
        B::sums(bits, codes, stride, active, &mut sums);
        for (out, &sum) in out.iter_mut().zip(&sums.sums) {
            *out = bits.step() * sum.cast_signed() - offset;
        }
    }
}
