//! What knows nothing of networks: files, output, random numbers, numbers as text, words of
//! a shell, the numbers in ONNX files, and what each operating system does in its own way.

pub mod error;
pub mod files;
pub mod limit;
pub mod lock;
pub mod numbers;
pub mod onnx;
pub mod output;
pub mod parallel;
pub(crate) mod png;
pub mod replace;
pub mod rng;
pub(crate) mod shell;
pub mod system;
pub mod visible;
