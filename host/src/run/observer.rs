//! The observer of a training.

use crate::train::history::{Epoch, History};

/// An observer of a training, which may stop it.
pub trait Observer {
    /// Called after every batch with the epoch, the batches done, and the batches of an epoch.
    fn batch(&mut self, _epoch: usize, _done: usize, _total: usize) {}

    /// Called after every epoch, when it has been saved.
    fn epoch(&mut self, _epoch: &Epoch, _history: &History) {}

    /// Whether to stop; called after every epoch.
    fn stop(&mut self) -> bool {
        false
    }
}

/// Observes nothing.
impl Observer for () {}
