//! Ctrl-C: the first interrupt ends training after the current epoch, the second one ends the
//! process at once; either way the terminal is restored.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::crossterm::{cursor, execute, terminal};

/// Set by the first Ctrl-C.
static STOP: AtomicBool = AtomicBool::new(false);
/// Whether an epoch is running, which a first Ctrl-C lets end.
static TRAINING: AtomicBool = AtomicBool::new(false);
/// Whether the dashboard owns the terminal.
static DASHBOARD: AtomicBool = AtomicBool::new(false);

/// Training begins: from now on, the first interrupt lets the current epoch end.
pub fn begun() {
    static HANDLER: OnceLock<bool> = OnceLock::new();
    // Without a handler, Ctrl-C ends the process, and --resume goes on after the last whole epoch.
    HANDLER.get_or_init(|| ctrlc::set_handler(interrupt).is_ok());
    TRAINING.store(true, Ordering::SeqCst);
}

/// The dashboard owns the terminal until training ends; an interrupt that ends the process restores
/// it.
pub fn dashboard_begun() {
    DASHBOARD.store(true, Ordering::SeqCst);
}

/// Training has ended: from now on, the first interrupt ends the process.
pub fn ended() {
    TRAINING.store(false, Ordering::SeqCst);
    DASHBOARD.store(false, Ordering::SeqCst);
}

/// Handles an interrupt: the first ends training after the current epoch, the second at once.
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

pub fn stopping() -> bool {
    STOP.load(Ordering::SeqCst)
}

#[expect(clippy::disallowed_methods, reason = "it moves the cursor and writes no text")]
pub fn restore() {
    let _ = terminal::disable_raw_mode();
    let _ = execute!(io::stdout(), cursor::MoveToColumn(0), cursor::Show);
}
