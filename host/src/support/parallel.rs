//! Work on all cores at once. The number of cores changes no result.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

/// Cores that this process may use, at least 1.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// What `work` gives for each number below `count`, in order. A core that is done takes the next
/// number.
pub fn map<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&number| number < count);
    let run =
        || -> Vec<_> { std::iter::from_fn(take).map(|number| (number, work(number))).collect() };
    let mut done: Vec<(usize, T)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores().min(count)).map(|_| scope.spawn(run)).collect();
        workers.into_iter().flat_map(joined).collect()
    });
    done.sort_unstable_by_key(|&(number, _)| number);
    done.into_iter().map(|(_, result)| result).collect()
}

/// What `work` gives for each part of the numbers below `count`, in order: one part for each core,
/// so that memory to work with is made once for many.
pub fn split<T: Send>(count: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let size = count.div_ceil(cores()).max(1);
    map(count.div_ceil(size), |part| work(part * size..count.min((part + 1) * size)))
}

/// Runs both closures at the same time and gives both results.
///
/// A new thread takes 13 µs where a batch takes 1 ms, so there is no pool to keep.
pub fn join<A, B: Send>(here: impl FnOnce() -> A, beside: impl FnOnce() -> B + Send) -> (A, B) {
    thread::scope(|scope| {
        let beside = scope.spawn(beside);
        let here = here();
        (here, joined(beside))
    })
}

/// A thread beside this one, for parts of work so short that to start a thread or to wake one takes as long as
/// they do. It stays awake between them.
pub struct Beside<'scope> {
    /// None on a single core.
    jobs: Option<Sender<Job<'scope>>>,
}

type Job<'scope> = Box<dyn FnOnce() + Send + 'scope>;

/// Work that is done beside.
pub struct Running<T>(Receiver<T>);

/// How long a thread that waits stays awake. Others that have work to do come first.
const AWAKE: Duration = Duration::from_millis(1);

impl<'scope> Beside<'scope> {
    /// Starts the thread, which ends when this is dropped.
    pub fn start(scope: &'scope Scope<'scope, '_>) -> Self {
        if cores() == 1 {
            return Self { jobs: None };
        }
        let (jobs, receiver) = channel::<Job<'scope>>();
        scope.spawn(move || {
            while let Some(job) = soon(&receiver) {
                job();
            }
        });
        Self { jobs: Some(jobs) }
    }

    /// Begins work, which takes its turn after what was begun before.
    pub fn run<T: Send + 'scope>(&self, work: impl FnOnce() -> T + Send + 'scope) -> Running<T> {
        let (sender, receiver) = channel();
        // Who waits for nothing has dropped the receiver.
        let job = move || drop(sender.send(work()));
        match &self.jobs {
            Some(jobs) => jobs.send(Box::new(job)).expect("the thread works until this is dropped"),
            None => job(),
        }
        Running(receiver)
    }
}

impl<T> Running<T> {
    /// Waits for the result.
    ///
    /// # Panics
    ///
    /// If the work has panicked.
    pub fn result(self) -> T {
        soon(&self.0).expect("the work beside ends without a panic")
    }
}

/// What is received next; `None` if the sender is gone.
fn soon<T>(receiver: &Receiver<T>) -> Option<T> {
    let start = Instant::now();
    while start.elapsed() < AWAKE {
        match receiver.try_recv() {
            Err(TryRecvError::Empty) => thread::yield_now(),
            received => return received.ok(),
        }
    }
    receiver.recv().ok()
}

fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_beside_is_done_in_order_and_gives_its_results() {
        let numbers: Vec<u32> = (0..100).collect();
        let sums = thread::scope(|scope| {
            let beside = Beside::start(scope);
            let running: Vec<_> = numbers
                .chunks(7)
                .map(|part| beside.run(move || part.iter().sum::<u32>()))
                .collect();
            // It goes to sleep, and wakes up.
            thread::sleep(4 * AWAKE);
            let last = beside.run(|| 1);
            running.into_iter().chain([last]).map(Running::result).collect::<Vec<_>>()
        });
        assert_eq!(sums.iter().sum::<u32>(), 99 * 50 + 1);
        assert_eq!(sums[..2], [21, 70]);
    }

    #[test]
    fn every_number_is_worked_on_once_and_results_are_in_order() {
        for count in [0, 1, 2, 3, 100] {
            assert!(map(count, |number| number).into_iter().eq(0..count));
            assert!(split(count, Iterator::collect::<Vec<_>>).concat().into_iter().eq(0..count));
        }
    }
}
