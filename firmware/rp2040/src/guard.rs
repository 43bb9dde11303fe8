//! What resets a loop that stands still: an alarm, which tells where it stood, and after it the
//! chip's watchdog, if even the alarm's interrupt is not served. And what leaves for the boot ROM.

use core::sync::atomic::{AtomicBool, Ordering};

use fugit::MicrosDurationU32 as Duration;
use inkbit_arch::reset;
use inkbit_core::link::Reset;
use rp2040_hal::pac::watchdog::RegisterBlock;
use rp2040_hal::timer::{Alarm as _, Alarm0};
use rp2040_hal::{Timer, Watchdog, pac, rom_data};

/// A loop that has stood still for this long is stuck. The app's longest work in one turn, to read the
/// largest model again, takes a tenth of it.
const PATIENCE: Duration = Duration::millis(2500);
/// The longest that the chip's watchdog can wait is eight seconds.
const LAST: Duration = Duration::millis(4000);

/// Stands in a word that the boot ROM clears, which restarts the chip by the watchdog, too, when it has
/// flashed a file.
const OURS: u32 = 0x1CB1_7D06;

/// Cycles within which a host has fetched an answer: 10 ms, ten frames of USB.
pub(crate) const FETCHED: u32 = 1_250_000;

/// Whether the host wants the boot ROM, which is a disk that takes UF2 files.
static LEAVING: AtomicBool = AtomicBool::new(false);

/// Leaves for the boot ROM when the guard is fed next.
pub fn leave() {
    LEAVING.store(true, Ordering::Relaxed);
}

/// The alarm and the watchdog.
pub struct Guard {
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
        // SAFETY: the word may be any.
        registers().scratch4().write(|word| unsafe { word.bits(OURS) });
        let mut guard = Self { watchdog, alarm };
        inkbit_app::Watchdog::feed(&mut guard);
        guard
    }
}

impl inkbit_app::Watchdog for Guard {
    fn feed(&mut self) {
        if LEAVING.load(Ordering::Relaxed) {
            // The host fetches its answer meanwhile, which USB does by itself.
            cortex_m::asm::delay(FETCHED);
            rom_data::reset_to_usb_boot(0, 0);
        }
        // It refuses times that are too long for it; this is not.
        let _ = self.alarm.schedule(PATIENCE);
        self.watchdog.feed();
    }
}

/// Records what the chip knows of the last reset, before the app is told of it.
pub(crate) fn keep_reset() {
    let by_timer = registers().reason().read().timer().bit_is_set();
    let by_watchdog = by_timer && registers().scratch4().read().bits() == OURS;
    reset::keep(match reset::last() {
        // Where it stood has not been recorded.
        Reset::Ordinary if by_watchdog => Reset::Stuck { at: 0 },
        reset => reset,
    });
}

#[allow(unsafe_code)]
fn registers() -> &'static RegisterBlock {
    // SAFETY: nothing else writes the only one that is written here, and `reason` cannot be.
    unsafe { &*pac::WATCHDOG::PTR }
}
