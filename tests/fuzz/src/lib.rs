//! What the fuzz targets share. Each target states what must hold for any input, not only that
//! nothing crashes.

pub mod engine;
#[cfg(feature = "host")]
pub mod files;
pub mod frame;
