//! Limits of time and memory for reading HDF5. One look-up in a small file may follow links through millions
//! of groups, or copy one name for each of thousands: the budget sees neither.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::import::budget::Budget;
use crate::import::fault::{Fault, damaged, refused};
use crate::support::system::resident;

/// Calls a reader of HDF5 of so many bytes. Beyond the limits it goes on until the process ends.
///
/// # Errors
///
/// Those of the reader, and that it was not done within the limits.
pub fn read<T: Send + 'static>(
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
