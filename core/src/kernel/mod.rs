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
//!
//! # 64-bit or 32-bit lanes
//!
//! Cortex-M3 and up have two kernels for 8-bit weights. The default one has 64-bit lanes, which take
//! the fewest instructions: right for Cortex-M4, where a long multiplication that adds takes one cycle
//! like any other, and for M7 and M33, which multiply as fast. On Cortex-M3 it takes 4 to 7 cycles, by
//! the size of its factors. There the feature `lanes32` is right, which does with MLA of 2 cycles: it
//! takes more instructions, but fewer cycles. For `classic` and the mean of 1,000 test images of MNIST,
//! `cargo xtask count --board lm3s6965evb --list both --lanes both --images 1000` counts
//!
//! | lanes | list | instructions | cycles on Cortex-M3, estimated |
//! |---|---|---|---|
//! | 64 | packed | 65,268 | 152,691 to 229,231 |
//! | 32 | packed | 88,306 | 142,991 to 153,590 |
//! | 64 | wide | 59,485 | 152,946 to 223,700 |
//! | 32 | wide | 82,523 | 143,246 to 148,058 |

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
