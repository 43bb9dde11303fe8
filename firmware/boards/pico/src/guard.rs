//! What resets a loop that stands still: an alarm, which tells where it stood, and after it the
//! chip's watchdog, if even the alarm's interrupt is not served.

use fugit::MicrosDurationU32 as Duration;
use inkbit_arch::reset;
use inkbit_core::link::Reset;
use rp2040_hal::timer::{Alarm as _, Alarm0};
use rp2040_hal::{Timer, Watchdog, pac};

/// A loop that has stood still for this long is stuck. The app's longest work in one turn, to read the
/// largest model again, takes a tenth of it.
const PATIENCE: Duration = Duration::millis(2500);
/// The longest that the chip's watchdog can wait is eight seconds.
const LAST: Duration = Duration::millis(4000);

/// The alarm and the watchdog.
pub(crate) struct Guard {
    watchdog: Watchdog,
    alarm: Alarm0,
}

impl Guard {
    /// Starts both.
    #[allow(unsafe_code)]
    pub(crate) fn start(mut watchdog: Watchdog, mut timer: Timer) -> Self {
        let Some(mut alarm) = timer.alarm_0() else { panic!("an alarm is taken twice") };
        alarm.enable_interrupt();
        // SAFETY: its handler does not return to what it has interrupted.
        unsafe { pac::NVIC::unmask(pac::Interrupt::TIMER_IRQ_0) };
        watchdog.start(LAST);
        let mut guard = Self { watchdog, alarm };
        inkbit_app::Watchdog::feed(&mut guard);
        guard
    }
}

impl inkbit_app::Watchdog for Guard {
    fn feed(&mut self) {
        // It refuses times that are too long for it; this is not.
        let _ = self.alarm.schedule(PATIENCE);
        self.watchdog.feed();
    }
}

/// Records what the chip knows of the last reset, before the app is told of it.
#[allow(unsafe_code)]
pub(crate) fn keep_reset() {
    // SAFETY: reads a register that nothing writes.
    let by_watchdog = unsafe { (*pac::WATCHDOG::PTR).reason().read().timer().bit_is_set() };
    reset::keep(match reset::last() {
        // Where it stood has not been recorded.
        Reset::Ordinary if by_watchdog => Reset::Stuck { at: 0 },
        reset => reset,
    });
}
