//! Files of Keras: `.keras`, `.h5` and weights alone.

mod h5;
mod hdf5;
mod layers;
mod model;
mod zip;

use std::time::Duration;

use super::budget::Budget;
use super::fault::{Fault, refused};
use super::graph::Graph;
use super::zip::Zip;
use crate::support::files::within;

pub(super) use h5::Content;
pub(super) use hdf5::MAGIC as HDF5;
pub(super) use zip::is as is_zip;

/// The network or the weights of an HDF5 file's bytes.
pub(super) fn read_h5(bytes: Vec<u8>, budget: &Budget) -> Result<Content, Fault> {
    let budget = budget.clone();
    in_time(bytes.len(), move || h5::read(bytes, &budget))
}

/// The network of a `.keras` file.
pub(super) fn read_zip(archive: &Zip<'_>) -> Result<Graph, Fault> {
    let zip::Parts { model, version, weights } = zip::read(archive)?;
    let budget = archive.budget().clone();
    in_time(weights.len(), move || h5::with_config(&model, version.as_deref(), weights, &budget))
}

/// What a reader makes of so many bytes of HDF5. One look-up may follow links through millions of groups,
/// which the budget does not see.
fn in_time<T: Send + 'static>(
    bytes: usize,
    read: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    /// A second for each of these bytes, and eight: a hundred times what a network takes.
    const EACH: usize = 16 << 20;
    let time = Duration::from_secs(8 + (bytes / EACH) as u64);
    let message =
        "its weights were not read: links in it may lead on and on; save the network anew";
    within(time, message, || Ok(read())).map_err(refused)?
}
