//! Kernels: the sums of weight codes times inputs, which is where the time goes.
//!
//! [`Portable`] is the definition. Every other kernel must give the same bits, and
//! [`infer_observed_by`](crate::infer_observed_by) runs either, so that tests can compare them.
//!
//! A kernel for an instruction set is a module here that has a type `Native` with [`Kernel`]
//! implemented for it; `build.rs` chooses it by the target and `cfg(inkbit_kernel)` names it.
//! Its assembly sums products, several to a register; how they come apart again is explained by
//! [`lanes`], in safe code that is tested on the host. Kernels for hosts use vector instructions by the
//! functions that Rust has for them.

mod blockwise;
mod entry;
pub mod lanes;
mod list;
mod portable;

pub use entry::{Entry, Packed, Wide};
pub use list::Active;
#[doc(hidden)]
pub use list::{List, Written};
pub use portable::Portable;

#[cfg(any(inkbit_kernel = "thumbv6m", inkbit_kernel = "thumbv7m"))]
mod emit;
#[cfg(any(inkbit_kernel = "thumbv6m", inkbit_kernel = "riscv32"))]
mod walk;

#[cfg(inkbit_kernel = "thumbv6m")]
mod thumbv6m;
#[cfg(inkbit_kernel = "thumbv6m")]
pub use thumbv6m::Native;

#[cfg(inkbit_kernel = "thumbv7m")]
mod thumbv7m;
#[cfg(inkbit_kernel = "thumbv7m")]
pub use thumbv7m::Native;

#[cfg(inkbit_kernel = "riscv32")]
mod riscv32;
#[cfg(inkbit_kernel = "riscv32")]
pub use riscv32::Native;

#[cfg(inkbit_kernel = "x86_64")]
mod windows;
#[cfg(inkbit_kernel = "x86_64")]
mod x86_64;
#[cfg(inkbit_kernel = "x86_64")]
pub use x86_64::{Avx2, Avx512, Native};

#[cfg(any(inkbit_kernel = "x86_64", inkbit_kernel = "aarch64"))]
mod branchless;

#[cfg(inkbit_kernel = "aarch64")]
mod aarch64;
#[cfg(inkbit_kernel = "aarch64")]
pub use aarch64::{DotProd, Native, Neon};

/// The kernel of this target.
#[cfg(inkbit_kernel = "portable")]
pub type Native = Portable;

use core::cell::Cell;

use crate::gather::by_eights;
use crate::infer::activate_each;
use crate::model::Layer;

/// A way to compute a layer's sums.
pub trait Kernel {
    /// Writes Σ weight · value over the listed inputs to `out`, for every output of the layer in
    /// order. Nothing is said of a list for another layer; codes must not be read past their end.
    #[doc(hidden)]
    fn layer<E: Entry>(layer: &Layer<'_>, active: &Active<'_, E>, out: &mut [i32]);

    /// Lists the pixels that have ink.
    #[doc(hidden)]
    #[inline(always)]
    fn gather<E: Entry>(pixels: &[u8], list: &mut List<'_, E>) {
        by_eights(pixels, list);
    }

    /// Turns the sums of a layer that is not the last into activations, and lists those that are not
    /// zero. They may be written over sums, but no sooner than as many have been read.
    #[doc(hidden)]
    #[inline(always)]
    fn activate<E: Entry>(layer: &Layer<'_>, sums: &[Cell<i32>], list: List<'_, E>) -> Written {
        activate_each(layer, sums, list)
    }
}
