//! What knows nothing of networks: files, random numbers, numbers as text, words of a shell.

pub mod error;
pub mod files;
pub mod lock;
pub mod numbers;
pub mod parallel;
pub mod replace;
pub mod rng;
pub(crate) mod shell;
