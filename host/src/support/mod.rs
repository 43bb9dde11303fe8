//! What knows nothing of networks: files, random numbers, numbers as text, words of a shell.

pub mod files;
pub mod numbers;
pub mod rng;
pub(crate) mod shell;
