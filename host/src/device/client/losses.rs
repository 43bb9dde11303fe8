//! Counts of what a line has lost, and of the tries of a request.

use std::fmt;
use std::time::Duration;

use inkbit_core::link::Refusal;

use super::super::reply::{DeviceError, TRIES};

/// What a line has lost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Requests that were repeated.
    pub repeats: u32,
    /// Frames that were damaged or lost, in either direction.
    pub bad: u32,
    /// Frames that were sent, and those that have come.
    pub frames: u32,
}

impl Losses {
    /// What was lost since another moment.
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            repeats: self.repeats - earlier.repeats,
            bad: self.bad - earlier.bad,
            frames: self.frames - earlier.frames,
        }
    }

    /// Counts a request as lost, or fails if repeating it would not help. `timeout` is how long its
    /// answer was waited for.
    pub(super) fn count(
        &mut self,
        tries: &mut Tries,
        why: Option<Refusal>,
        timeout: Duration,
    ) -> Result<(), DeviceError> {
        self.repeats += 1;
        // A frame of which nothing came is lost; a damaged one has been counted.
        self.bad += u32::from(why.is_none());
        tries.count += 1;
        tries.damaged |= why == Some(Refusal::Damaged);
        match why {
            Some(refusal) if is_final(refusal) => Err(DeviceError::Refused(refusal)),
            _ if tries.count < TRIES => Ok(()),
            _ if tries.damaged => Err(DeviceError::BadLine { bad: self.bad, frames: self.frames }),
            Some(refusal) => Err(DeviceError::Refused(refusal)),
            None => Err(DeviceError::Silent { timeout }),
        }
    }
}

impl fmt::Display for Losses {
    /// Part of a sentence for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { repeats, bad, frames } = self;
        write!(f, "{repeats} requests repeated: {bad} of {frames} frames were damaged or lost")
    }
}

/// Tries of a request.
#[derive(Default)]
pub(super) struct Tries {
    count: u32,
    damaged: bool,
}

/// Whether it answers an image: then it comes too late where something else was asked.
pub(super) const fn is_about_an_image(refusal: Refusal) -> bool {
    matches!(refusal, Refusal::NoModel | Refusal::Pixels { .. } | Refusal::ModelChanged)
}

/// Whether repeating the request would not help.
pub(super) const fn is_final(refusal: Refusal) -> bool {
    !matches!(refusal, Refusal::Damaged | Refusal::Oversized { .. })
}
