//! What the tests share: an oracle for the blob format, and models to try it on.

pub mod aligned;
pub mod oracle;
pub mod random_model;

pub use aligned::Aligned;
