//! Watching a training: a dashboard on a terminal, a line per epoch elsewhere, and Ctrl-C.

use std::io::{self, IsTerminal};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::config::TrainConfig;
use crate::run::Observer;
use crate::train::history::{Epoch, History};

use super::dashboard::Dashboard;

/// Set by the first Ctrl-C.
static STOP: AtomicBool = AtomicBool::new(false);
/// Whether there is an epoch in hand that a first Ctrl-C lets end.
static TRAINING: AtomicBool = AtomicBool::new(false);
/// Whether the terminal is the dashboard's.
static DASHBOARD: AtomicBool = AtomicBool::new(false);

/// Whoever fits to where the output goes.
pub fn observer(config: &TrainConfig, plain: bool) -> Box<dyn Observer> {
    begun();
    if !plain
        && !super::quiet()
        && io::stdout().is_terminal()
        && io::stdin().is_terminal()
        && let Ok(dashboard) = Dashboard::new(config)
    {
        begun();
        DASHBOARD.store(true, Ordering::SeqCst);
        return Box::new(dashboard);
    }
    Box::new(lines(config, String::new()))
}

/// A line per epoch, each with this text before it.
pub fn lines(config: &TrainConfig, prefix: String) -> impl Observer + use<> {
    begun();
    Lines { epochs: config.epochs, prefix }
}

/// Training begins: from now on the first interruption lets the epoch in hand end.
pub(super) fn begun() {
    static HANDLER: OnceLock<bool> = OnceLock::new();
    // Without a handler Ctrl-C just ends the process, and --resume goes on from the last epoch.
    HANDLER.get_or_init(|| ctrlc::set_handler(interrupt).is_ok());
    TRAINING.store(true, Ordering::SeqCst);
}

/// Training has ended: from now on the first interruption ends the process.
pub(super) fn ended() {
    TRAINING.store(false, Ordering::SeqCst);
    DASHBOARD.store(false, Ordering::SeqCst);
}

/// The first interruption ends training after the epoch in hand, the second one at once.
pub(super) fn interrupt() {
    let dashboard = DASHBOARD.load(Ordering::SeqCst);
    if STOP.swap(true, Ordering::SeqCst) || !TRAINING.load(Ordering::SeqCst) {
        if dashboard {
            super::dashboard::restore();
        }
        std::process::exit(super::INTERRUPTED.into());
    }
    if !dashboard {
        super::complain("stopping after this epoch; interrupt once more to stop at once");
    }
}

pub(super) fn stopping() -> bool {
    STOP.load(Ordering::SeqCst)
}

/// One line of text for an epoch, without a line break.
pub(super) fn line(epoch: &Epoch, epochs: usize, best: bool) -> String {
    format!(
        "epoch {:3}/{epochs}  train loss {:.4} acc {:5.2} %  validation loss {:.4} acc {:5.2} %  \
         {:.2} s{}",
        epoch.epoch,
        epoch.train_loss,
        100.0 * epoch.train_accuracy,
        epoch.validation_loss,
        100.0 * epoch.validation_accuracy,
        epoch.seconds,
        if best { "  best" } else { "" }
    )
}

/// Whether the last epoch is the best so far.
pub(super) fn is_best(epoch: &Epoch, history: &History) -> bool {
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
        // Nobody reading any more is no reason to stop training.
        let line = line(epoch, self.epochs, is_best(epoch, history));
        let _ = super::print(&format!("{}{line}\n", self.prefix));
    }

    fn stop(&mut self) -> bool {
        stopping()
    }
}
