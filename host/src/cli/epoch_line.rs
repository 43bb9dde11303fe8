//! A line of text per epoch.

use super::interrupt;
use crate::config::TrainConfig;
use crate::run::Observer;
use crate::support::numbers::percent;
use crate::train::history::{Epoch, History};

/// Prints a line per epoch, each after this prefix.
pub fn lines(config: &TrainConfig, prefix: String) -> impl Observer + use<> {
    interrupt::begun();
    Lines { epochs: config.epochs, prefix }
}

/// The line of an epoch, without a line break.
pub fn line(epoch: &Epoch, epochs: usize, best: bool) -> String {
    format!(
        "epoch {:3}/{epochs}  train loss {:.4} acc {:>7}  validation loss {:.4} acc {:>7}  \
         {:.2} s{}",
        epoch.epoch,
        epoch.train_loss,
        percent(epoch.train_accuracy.into()),
        epoch.validation_loss,
        percent(epoch.validation_accuracy.into()),
        epoch.seconds,
        if best { "  best" } else { "" }
    )
}

/// Whether the last epoch is the best so far.
pub fn is_best(epoch: &Epoch, history: &History) -> bool {
    history.best().is_some_and(|best| best.epoch == epoch.epoch)
}

struct Lines {
    epochs: usize,
    prefix: String,
}

impl Observer for Lines {
    fn epoch(&mut self, epoch: &Epoch, history: &History) {
        if super::quiet() {
            return;
        }
        // If standard output is closed, training goes on.
        let line = line(epoch, self.epochs, is_best(epoch, history));
        let _ = super::print(&format!("{}{line}\n", self.prefix));
    }

    fn stop(&mut self) -> bool {
        interrupt::stopping()
    }
}
