//! Files of Keras: `.keras`, `.h5` and weights alone.

mod h5;
mod hdf5;
mod layers;
mod limited;
mod model;
mod zip;

use super::budget::Budget;
use super::fault::Fault;
use super::graph::Graph;
use super::zip::Zip;

pub(super) use h5::Content;
pub(super) use hdf5::MAGIC as HDF5;
pub(super) use zip::is as is_zip;

/// The network or the weights of an HDF5 file's bytes.
pub(super) fn read_h5(bytes: Vec<u8>, budget: &Budget) -> Result<Content, Fault> {
    let own = budget.clone();
    limited::read(bytes.len(), budget, move || h5::read(bytes, &own))
}

/// The network of a `.keras` file.
pub(super) fn read_zip(archive: &Zip<'_>) -> Result<Graph, Fault> {
    let zip::Parts { model, version, weights } = zip::read(archive)?;
    let bytes = weights.len();
    let own = archive.budget().clone();
    let read = move || h5::with_config(&model, version.as_deref(), weights, &own);
    limited::read(bytes, archive.budget(), read)
}
