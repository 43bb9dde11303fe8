//! Training many networks to find the best one within a budget.
//!
//! A [`Plan`] lists choices (widths, depths, bits, inputs, seeds) and limits. A [`Sweep`] is the
//! expanded plan: every network that fits, with its exact size, and a [`Cell`] for each of its seeds.
//! A [`Folder`] stores the cells and trains them in parallel, each as an ordinary
//! [`Run`](crate::run::Run), in any number of sessions. A [`Table`] holds the results.

mod budget;
mod cells;
mod chart;
mod error;
mod folder;
mod network;
mod outcome;
mod plan;
mod shard;
mod table;
mod worker;

pub use budget::no_board_fits;
pub use cells::{Cell, Sweep};
pub use chart::svg;
pub use error::SweepError;
pub use folder::{CHART, CHART_LINE, Folder, TABLE};
pub use outcome::{Outcome, Trained};
pub use plan::Plan;
pub use shard::Shard;
pub use table::{Row, Table};
pub use worker::{Progress, SessionSummary};

/// The processor that instructions are estimated for.
pub const CPU: &str = "Cortex-M3";
