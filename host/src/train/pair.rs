//! Two pieces of work side by side.

use std::panic;
use std::thread;

/// Runs both closures at the same time and gives both results.
///
/// A new thread takes 13 µs where a batch takes 1 ms, so there is no pool to keep.
pub(super) fn join<A, B: Send>(
    here: impl FnOnce() -> A,
    beside: impl FnOnce() -> B + Send,
) -> (A, B) {
    thread::scope(|scope| {
        let beside = scope.spawn(beside);
        let here = here();
        (here, beside.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked)))
    })
}
