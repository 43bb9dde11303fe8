//! Models for programs that are not Inkbit's: [`sources`] in C, and `vectors` to test them with.

pub mod sources;
pub(crate) mod vectors;
