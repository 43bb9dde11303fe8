//! Who looks on while a run is trained.

use crate::train::history::{Epoch, History};

/// Somebody who looks on, and who may stop it.
pub trait Observer {
    /// After every batch: the epoch, batches done, and batches of an epoch.
    fn batch(&mut self, _epoch: usize, _done: usize, _total: usize) {}

    /// After every epoch, when it has been saved.
    fn epoch(&mut self, _epoch: &Epoch, _history: &History) {}

    /// Whether to end after the epoch in hand; asked after every epoch.
    fn stop(&mut self) -> bool {
        false
    }
}

/// Nobody looks on.
impl Observer for () {}
