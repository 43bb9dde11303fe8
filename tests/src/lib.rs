//! What the tests share: an oracle for the blob format, models to try it on, an evaluator of ONNX graphs,
//! and emulated boards.

pub mod aligned;
#[cfg(feature = "wasm")]
pub mod batch;
pub mod c_engine;
#[cfg(feature = "host")]
pub mod debugger;
#[cfg(feature = "host")]
pub mod devices;
#[cfg(feature = "host")]
pub mod finder;
#[cfg(unix)]
pub mod guarded;
#[cfg(feature = "wasm")]
pub mod module;
pub mod onnx;
pub mod oracle;
#[cfg(feature = "host")]
pub mod pictures;
#[cfg(feature = "host")]
pub mod pins;
pub mod random_model;
#[cfg(feature = "host")]
pub mod screens;
#[cfg(doctest)]
mod sound;
#[cfg(feature = "host")]
pub mod web;

pub use aligned::Aligned;

/// The Rust blocks of pages are examples of this crate.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../docs/src/firmware.md")]
    mod firmware {}
    #[doc = include_str!("../../README.md")]
    mod readme {}
}

/// Reports that something was not tested, and why. Not by `eprintln!`, whose output the harness
/// hides while the test passes.
pub fn skipped(what: &str, why: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "SKIPPED {what}: {why}");
}
