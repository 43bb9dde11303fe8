//! Models and networks for programs that are not Inkbit's: [`sources`] in C with `vectors` to test them
//! with, [`onnx`], and [`safetensors`].

pub mod onnx;
pub mod safetensors;
pub mod sources;
pub(crate) mod vectors;
