//! Models that are asked in turn, as one: a small one answers what it is sure of, and a larger one is
//! asked only about the rest.
//!
//! After Viola and Jones, "Rapid Object Detection using a Boosted Cascade of Simple Features", 2001, with
//! the margin between the two greatest logits as the measure of being sure (Park et al., "Big/little deep
//! neural network for ultra low power inference", 2015).

mod choose;
mod common;
mod join;
mod trial;

pub use choose::{Choice, Target, Unreachable, choose};
pub use common::common;
pub use join::{JoinError, join};
pub use trial::{Trial, trials};
