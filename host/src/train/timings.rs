//! The time of each part of a training.

use std::fmt;
use std::ops::AddAssign;
use std::time::Duration;

/// Time spent on each part, over all epochs so far. All but `augment` is time of the training
/// thread, so these parts add up to about the time of the training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Preparing batches, on other threads.
    pub augment: Duration,
    /// Waiting for batches.
    pub wait: Duration,
    /// From inputs to the loss.
    pub forward: Duration,
    /// From the loss to the gradients.
    pub backward: Duration,
    /// From the gradients to new parameters, rounding included.
    pub optimizer: Duration,
    /// Evaluating the network after an epoch.
    pub evaluation: Duration,
}

impl AddAssign for Timings {
    fn add_assign(&mut self, other: Self) {
        let Self { augment, wait, forward, backward, optimizer, evaluation } = other;
        self.augment += augment;
        self.wait += wait;
        self.forward += forward;
        self.backward += backward;
        self.optimizer += optimizer;
        self.evaluation += evaluation;
    }
}

impl fmt::Display for Timings {
    /// A line for each part.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { augment, wait, forward, backward, optimizer, evaluation } = *self;
        let total = wait + forward + backward + optimizer + evaluation;
        for (name, time) in [
            ("waiting for images", wait),
            ("forward", forward),
            ("backward", backward),
            ("optimizer", optimizer),
            ("evaluation", evaluation),
        ] {
            let percent = 100.0 * time.as_secs_f64() / total.as_secs_f64().max(f64::MIN_POSITIVE);
            writeln!(f, "{name:20} {:8.2} s {percent:5.1} %", time.as_secs_f64())?;
        }
        writeln!(f, "{:20} {:8.2} s", "together", total.as_secs_f64())?;
        writeln!(f, "{:20} {:8.2} s on other threads", "images", augment.as_secs_f64())
    }
}
