//! Kernels: how a layer is computed, which is where the time goes.
//!
//! ```text
//!    pixels   0 0 9 0 0 7 …                   weights, block by block: a row for each input
//!               │                             ┌─────────┐┌─────────┐
//!  1 list       ▼ only non-zero inputs        │ row 0   ││ row 0   │
//!        (offset, value) (offset, value) …    │ row 1   ││ row 1   │
//!               │                             │ row 2 ◀─┼┼─ offset │
//!  2 walk       ▼ for each block, along all   │ …       ││ …       │
//!        entries: register += row · value     └─────────┘└─────────┘
//!               │
//!  3 lanes      ▼ take apart before one can overflow: a register held several sums
//!        sums
//!               │
//!  4 activate   ▼ (sum + bias) · multiplier, clamped to 0 … 255
//!        (offset, value) …   the next layer's list, written over the sums
//! ```
//!
//! 1. `gather` lists the non-zero inputs. Pixels and activations are bytes whose zero means nothing
//!    at all, so leaving zeros out changes no bit. An entry of the list is one word: where the
//!    input's row of weights begins in every block, and the input's value.
//! 2. `walk` goes along the list once for each block of 8 or 16 outputs. A row holds the weights
//!    from one input to the block's outputs side by side, and one multiplication of several of
//!    them by the value adds a product to each of several sums in one register.
//! 3. [`lanes`] takes the sums apart. A list is walked in parts, at most 256 entries (85 with 2-bit
//!    weights) at a time, so that no sum outgrows its lane, whatever the model.
//! 4. `activate` adds the bias, requantizes ([`requantize`](crate::requant::requantize) is
//!    the definition), and lists what is not zero for the next layer. The list grows no faster than
//!    sums are read, so it lies in their memory.
//!
//! [`Portable`] is the definition of all this in plain Rust; every other kernel gives the same
//! bits, and [`Engine::infer_by`](crate::Engine::infer_by) runs any of them, so that tests can
//! compare them. `build.rs` chooses [`Native`] by the target. An instruction set has a folder with
//! a file for each step; what those have in common lies beside them: the way into a walk is
//! `walk.rs`, for sums that are written by fours also `fours.rs`, and that into what writes lists is
//! `lists.rs`. Kernels for
//! the vector instructions of workstations are in the package `inkbit-simd`.
//!
//! # Choices for a whole build
//!
//! `--cfg inkbit_portable` (in `RUSTFLAGS`) takes the portable kernel on every target.
//!
//! `--cfg inkbit_lanes32` sums 8-bit weights in 32-bit registers on Cortex-M3 and up. Left out,
//! registers have 64 bits, which takes the fewest instructions: right for Cortex-M4, where a long
//! multiplication that adds takes one cycle like any other, and for M7 and M33, which multiply as
//! fast. On Cortex-M3 it takes 4 to 7 cycles, depending on its factors; there MLA with 2 cycles
//! takes more instructions but fewer cycles. For `classic` and the mean of MNIST's 10,000 test images,
//! `cargo xtask count --board lm3s6965evb --lanes32` counted, with format 2,
//!
//! | lanes | instructions | cycles on Cortex-M3, estimated |
//! |---|---|---|
//! | 64 bits | 67,957 | 159,382 to 239,406 |
//! | 32 bits | 92,082 | 149,213 to 160,159 |
//!
//! # What it costs otherwise
//!
//! Build this crate with opt-level `s`: on a Cortex-M3 the engine is a fifth to a quarter smaller than
//! with 2 or 3, and within 1 % as fast, since the assembly is the same. A debug build is for debugging:
//! `nano` takes about six times the instructions and ten times the stack of 240 bytes;
//! `[profile.dev.package.inkbit-core]` with `opt-level = "s"` makes that 1.5 and 2 times.
//!
//! An inference never waits: in an async task it holds the executor for its whole time (1.4 ms for the
//! 68,000 instructions of `classic` at one a cycle and 50 MHz), so give it a task of low priority if
//! others have deadlines.

mod contract;
mod gather;
pub mod lanes;
mod list;
mod portable;

pub use contract::Kernel;
pub use list::{Active, List, ListWriter, pack_entry, unpack_entry};
pub use portable::Portable;

pub(crate) use gather::{gather, scale};
pub(crate) use list::Written;

#[cfg(any(inkbit_kernel = "thumbv6m", inkbit_kernel = "riscv32"))]
mod fours;
#[cfg(any(inkbit_kernel = "thumbv6m", inkbit_kernel = "thumbv7m"))]
mod lists;
#[cfg(not(inkbit_kernel = "portable"))]
mod walk;

#[cfg(inkbit_kernel = "thumbv6m")]
mod thumbv6m;
#[cfg(inkbit_kernel = "thumbv6m")]
pub use thumbv6m::Thumbv6m as Native;

#[cfg(inkbit_kernel = "thumbv7m")]
mod thumbv7m;
#[cfg(inkbit_kernel = "thumbv7m")]
pub use thumbv7m::Thumbv7m as Native;

#[cfg(inkbit_kernel = "riscv32")]
mod riscv32;
#[cfg(inkbit_kernel = "riscv32")]
pub use riscv32::Riscv32 as Native;

/// The kernel of this target.
#[cfg(inkbit_kernel = "portable")]
pub type Native = Portable;

/// The name of the kernel that [`Engine::infer`](crate::Engine::infer) runs on this target.
///
/// ```
/// assert_eq!(inkbit_core::kernel::NAME, "portable"); // on a workstation
/// ```
pub const NAME: &str = <Native as Kernel>::NAME;
