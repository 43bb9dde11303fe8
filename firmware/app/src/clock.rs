//! Time, as the app needs it.

/// A clock that never goes back.
pub trait Clock {
    /// Nanoseconds since some moment.
    fn nanoseconds(&mut self) -> u64;
}

/// Time for people: units of 2²⁰ ns, 5 % more than a millisecond, so that no board divides 64-bit
/// numbers to get at it. Wraps around after 52 days.
pub type Ticks = u32;

/// The ticks of a time in nanoseconds.
pub const fn ticks(nanoseconds: u64) -> Ticks {
    (nanoseconds >> 20) as Ticks
}
