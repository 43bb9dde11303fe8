//! Kernels: the sums of weight codes times inputs, which is where the time goes.
//!
//! [`Portable`] is the definition. Every other kernel must give the same bits, and
//! [`infer_observed_by`](crate::infer_observed_by) runs either, so that tests can compare them.
//!
//! A kernel for an instruction set is a file here that has a type `Native` with [`Kernel`]
//! implemented for it; `build.rs` chooses the file by the target and `cfg(inkbit_kernel)` names it.
//! Its assembly only sums products, several to a register; what is in the registers then is taken
//! apart by [`lanes`], in safe code that is tested on the host.

mod entry;
pub mod lanes;
mod list;
mod portable;

pub use entry::{Entry, Packed, Wide};
pub use list::Active;
pub(crate) use list::{List, Written};
pub use portable::Portable;

#[cfg(any(inkbit_kernel = "thumbv6m", inkbit_kernel = "riscv32"))]
mod walk;

#[cfg_attr(inkbit_kernel = "riscv32", path = "riscv32.rs")]
#[cfg_attr(inkbit_kernel = "thumbv6m", path = "thumbv6m.rs")]
#[cfg_attr(inkbit_kernel = "thumbv7m", path = "thumbv7m.rs")]
#[cfg(not(inkbit_kernel = "portable"))]
mod native;
#[cfg(not(inkbit_kernel = "portable"))]
pub use native::Native;

/// The kernel of this target.
#[cfg(inkbit_kernel = "portable")]
pub type Native = Portable;

/// Registers that a walk along a list fills.
#[cfg(not(inkbit_kernel = "portable"))]
const LANES: usize = native::LANES;
#[cfg(inkbit_kernel = "portable")]
const LANES: usize = 0;

use crate::WeightBits;

/// Outputs that one call of [`Kernel::sums`] gives the sums of, at most.
pub const MAX_GROUP: usize = 16;

/// The sums of a group of outputs, and room for what a kernel's registers hold before they are taken
/// apart. One buffer serves all calls: a kernel finds in it what the last one has left there.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    /// Σ code · value for each output of the group; beyond them, anything.
    pub(crate) sums: [u32; MAX_GROUP],
    /// The registers of one walk along a list.
    #[cfg_attr(inkbit_kernel = "portable", allow(dead_code))]
    pub(crate) lanes: [u32; LANES],
}

/// A way to compute a layer's sums.
pub trait Kernel {
    /// Blocks that one call of [`sums`](Self::sums) takes, if the layer has so many left.
    #[doc(hidden)]
    fn blocks(bits: WeightBits) -> usize;

    /// Σ code · value over the listed inputs, for each output of the blocks whose rows `codes` are.
    /// Nothing is said of codes too few for the list; they must not be read past their end.
    #[doc(hidden)]
    fn sums<E: Entry>(bits: WeightBits, codes: &[u32], active: &Active<'_, E>, out: &mut Sums);
}
