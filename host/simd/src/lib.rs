//! Kernels for the vector instructions of workstations, phones and browsers: AVX-512, AVX2, NEON and
//! its dot products, simd128. They keep [`Kernel`](inkbit_core::kernel::Kernel)'s contract and give the bits of
//! [`Portable`](inkbit_core::kernel::Portable), like those for microcontrollers, which
//! `inkbit-core` has.
//!
//! ```
//! use inkbit_core::{Engine, Error, Model, Scratch};
//!
//! fn class(blob: &[u8], pixels: &[u8]) -> Result<usize, Error> {
//!     let mut engine = Engine::new(Model::parse(blob)?, Scratch::<1040>::new())?;
//!     Ok(engine.infer_by::<inkbit_simd::Fastest>(pixels, |_, _| ())?.argmax())
//! }
//! ```

#![cfg_attr(target_family = "wasm", no_std)]

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod activate;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod branchless;
#[cfg(any(target_arch = "aarch64", target_feature = "simd128"))]
mod entries;
#[cfg(target_feature = "simd128")]
mod wasm32;
#[cfg(target_arch = "x86_64")]
mod windows;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
pub use aarch64::{DotProd, DotProd as Fastest, Neon};
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_feature = "simd128")))]
pub use inkbit_core::kernel::Portable as Fastest;
#[cfg(target_feature = "simd128")]
pub use wasm32::{Simd128, Simd128 as Fastest};
#[cfg(target_arch = "x86_64")]
pub use x86_64::{Avx2, Avx512, Avx512 as Fastest};
