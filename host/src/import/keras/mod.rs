//! Files of Keras: `.keras`, `.h5` and weights alone.

mod h5;
mod hdf5;
mod layers;
mod model;
mod zip;

pub(super) use h5::{Content, read as read_h5};
pub(super) use hdf5::MAGIC as HDF5;
pub(super) use zip::{is as is_zip, read as read_zip};
