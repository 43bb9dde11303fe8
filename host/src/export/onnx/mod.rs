//! ONNX files: a model as a graph of integers, whose logits are core's, and a run's float network.

mod float;
mod graph;
mod integer;
mod message;

use crate::support::replace::Kind;
pub use float::float;
pub use integer::{Stages, integer};

/// An ONNX file of Inkbit's, which begins with the version of the format and the producer.
pub const KIND: Kind =
    Kind::beginning("an ONNX file that `inkbit export` wrote", &[b"\x08\x07\x12\x06inkbit"]);
