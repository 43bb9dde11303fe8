//! What the tests share: an oracle for the blob format, models to try it on, and emulated boards.

pub mod aligned;
#[cfg(feature = "host")]
pub mod devices;
pub mod oracle;
pub mod random_model;
#[cfg(feature = "host")]
pub mod screens;

pub use aligned::Aligned;
