//! What knows nothing of networks: files, random numbers, numbers as text, words of a shell.

pub mod error;
pub mod files;
pub mod numbers;
pub mod parallel;
pub mod rng;
pub(crate) mod shell;
