//! Instructions of an inference, counted in QEMU, of the firmware that is flashed.

pub mod baseline;
pub mod calls;
pub mod cycles;
pub mod document;
pub mod engine;
pub mod fit;
pub mod measure;
pub mod probes;
pub mod summary;
pub mod table;
pub mod widened;
