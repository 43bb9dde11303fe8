//! Training, quantizing and verifying small neural networks for microcontrollers.
//!
//! Data flows one way; each module uses only those before it, and a test holds that:
//!
//! ```text
//! support → data → net → model → quantize → import → config → device → export → project → evaluate
//!         → cascade → train → run → play → report → sweep → cli
//! ```
//!
//! What the bits of a [`model`] mean is defined in [`inkbit_core`], which all of them may use.

#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests read what they wrote"))]

pub mod cascade;
mod cli;
pub mod config;
pub mod data;
pub mod device;
pub mod evaluate;
pub mod export;
#[cfg(feature = "import")]
pub mod import;
#[doc = include_str!(concat!(env!("OUT_DIR"), "/lesson.md"))]
pub mod lesson {}
pub mod model;
pub mod net;
pub mod play;
pub mod project;
pub mod quantize;
pub mod report;
pub mod run;
pub mod support;
mod sweep;
pub mod train;

pub use cli::command;
#[cfg(fuzzing)]
pub use cli::fuzz;
