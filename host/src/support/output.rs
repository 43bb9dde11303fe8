//! What the command writes to standard output and standard error.
//!
//! This is the one place, so that no printer can forget what others may have put into a text.
//! Elsewhere in this package, clippy refuses `println!`, `stdout` and `stderr`.
#![expect(clippy::disallowed_methods, reason = "the one place")]

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use super::visible;

/// Whether whoever reads standard output has gone, as in `inkbit evaluate model.inkbit | head -1`. What
/// is printed then is dropped: a command also has work to do, and its result is the command's.
static UNREAD: AtomicBool = AtomicBool::new(false);

/// Writes lines to standard output; unlike `print!`, returns an error if that takes no more.
///
/// # Errors
///
/// Those of standard output.
pub fn print(text: &str) -> io::Result<()> {
    write(&visible::lines(text))
}

/// Writes lines with colours to standard output. What others have written must not be in them but
/// as [`visible::line`], or it could have colours of its own.
///
/// # Errors
///
/// Those of standard output.
pub fn print_coloured(text: &str) -> io::Result<()> {
    write(&visible::coloured_lines(text))
}

/// Writes JSON to standard output.
///
/// # Errors
///
/// Those of standard output.
pub fn print_json(text: &str) -> io::Result<()> {
    write(&(visible::json(text) + "\n"))
}

/// Writes a line to standard error; unlike `eprintln!`, does not panic if that is closed.
pub fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{}", visible::lines(line));
}

/// Whether standard output is a terminal.
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether standard error is a terminal.
pub fn errors_are_on_a_terminal() -> bool {
    io::stderr().is_terminal()
}

fn write(text: &str) -> io::Result<()> {
    if UNREAD.load(Ordering::Relaxed) {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {
            UNREAD.store(true, Ordering::Relaxed);
            Ok(())
        }
        done => done,
    }
}
