//! Many trainings of one kind: which network is the best that a budget allows.
//!
//! A [`Plan`] names the choices (widths, depths, bits, inputs, seeds) and the limits. [`Sweep`] is
//! the plan made out: every network that fits, with its exact size, and a [`Cell`] for each of its
//! seeds. [`Folder`] is where cells are trained, each as an ordinary [`Run`](crate::run::Run), side
//! by side and in any number of sessions. [`Table`] is what came out.

mod budget;
mod cells;
mod chart;
mod error;
mod folder;
mod network;
mod outcome;
mod plan;
mod published;
mod shard;
mod table;
mod worker;

pub use budget::obstacle_everywhere;
pub use cells::{Cell, Sweep};
pub use chart::svg;
pub use error::SweepError;
pub use folder::Folder;
pub use outcome::{Outcome, Trained};
pub use plan::Plan;
pub use published::{PUBLISHED, Published};
pub use shard::Shard;
pub use table::{Row, Table};
pub use worker::{Progress, Summary};

/// The processor that instructions are estimated for.
pub const CPU: &str = "Cortex-M3";
