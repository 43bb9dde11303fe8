//! Files of Keras: `.keras`, `.h5` and weights alone.

mod h5;
mod hdf5;
mod layers;
mod model;
mod zip;

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::budget::Budget;
use super::fault::{Fault, damaged, refused};
use super::graph::Graph;
use super::zip::Zip;
use crate::support::system::resident;

pub(super) use h5::Content;
pub(super) use hdf5::MAGIC as HDF5;
pub(super) use zip::is as is_zip;

/// The network or the weights of an HDF5 file's bytes.
pub(super) fn read_h5(bytes: Vec<u8>, budget: &Budget) -> Result<Content, Fault> {
    let own = budget.clone();
    in_time(bytes.len(), budget, move || h5::read(bytes, &own))
}

/// The network of a `.keras` file.
pub(super) fn read_zip(archive: &Zip<'_>) -> Result<Graph, Fault> {
    let zip::Parts { model, version, weights } = zip::read(archive)?;
    let bytes = weights.len();
    let own = archive.budget().clone();
    let read = move || h5::with_config(&model, version.as_deref(), weights, &own);
    in_time(bytes, archive.budget(), read)
}

/// What a reader makes of so many bytes of HDF5, within limits of time and memory: one look-up may follow
/// links through millions of groups, or copy one name for each of thousands, which the budget does not see.
/// What goes on beyond them ends with the process.
fn in_time<T: Send + 'static>(
    bytes: usize,
    budget: &Budget,
    read: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    /// A second for each of these bytes, and eight: a hundred times what a network takes.
    const EACH: usize = 16 << 20;
    const TICK: Duration = Duration::from_millis(5);
    let time = Duration::from_secs(8 + (bytes / EACH) as u64);
    let (most, before) = (budget.growth().unwrap_or(usize::MAX), resident().unwrap_or_default());
    let (start, (sender, receiver)) = (Instant::now(), mpsc::channel());
    thread::spawn(move || sender.send(read()));
    loop {
        let (limit, cause) = match receiver.recv_timeout(TICK) {
            Ok(read) => return read,
            Err(RecvTimeoutError::Disconnected) => return Err(damaged("it cannot be read")),
            Err(RecvTimeoutError::Timeout) if start.elapsed() > time => {
                (format!("{} s", time.as_secs()), "links in it may lead on and on")
            }
            Err(_) if resident().is_some_and(|now| now.saturating_sub(before) > most) => {
                (format!("{most} bytes of memory"), "what it has may be repeated in it")
            }
            Err(_) => continue,
        };
        return Err(refused(format!(
            "its weights were not read within {limit}: {cause}; save the network anew"
        )));
    }
}
