//! Ctrl-C: which interruption ends the epoch in hand, which one the process, and who restores the
//! terminal.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::crossterm::{cursor, execute, terminal};

/// Set by the first Ctrl-C.
static STOP: AtomicBool = AtomicBool::new(false);
/// Whether there is an epoch in hand that a first Ctrl-C lets end.
static TRAINING: AtomicBool = AtomicBool::new(false);
/// Whether the terminal is the dashboard's.
static DASHBOARD: AtomicBool = AtomicBool::new(false);

/// Training begins: from now on the first interruption lets the epoch in hand end.
pub fn begun() {
    static HANDLER: OnceLock<bool> = OnceLock::new();
    // Without a handler Ctrl-C just ends the process, and --resume goes on from the last epoch.
    HANDLER.get_or_init(|| ctrlc::set_handler(interrupt).is_ok());
    TRAINING.store(true, Ordering::SeqCst);
}

/// The terminal is the dashboard's until training has ended, and an interruption restores it.
pub fn dashboard_begun() {
    DASHBOARD.store(true, Ordering::SeqCst);
}

/// Training has ended: from now on the first interruption ends the process.
pub fn ended() {
    TRAINING.store(false, Ordering::SeqCst);
    DASHBOARD.store(false, Ordering::SeqCst);
}

/// The first interruption ends training after the epoch in hand, the second one at once.
pub fn interrupt() {
    let dashboard = DASHBOARD.load(Ordering::SeqCst);
    if STOP.swap(true, Ordering::SeqCst) || !TRAINING.load(Ordering::SeqCst) {
        if dashboard {
            restore();
        }
        std::process::exit(super::INTERRUPTED.into());
    }
    if !dashboard {
        super::complain("stopping after this epoch; interrupt once more to stop at once");
    }
}

/// Whether somebody has interrupted.
pub fn stopping() -> bool {
    STOP.load(Ordering::SeqCst)
}

/// Gives the terminal back as it was.
pub fn restore() {
    let _ = terminal::disable_raw_mode();
    let _ = execute!(io::stdout(), cursor::MoveToColumn(0), cursor::Show);
}
