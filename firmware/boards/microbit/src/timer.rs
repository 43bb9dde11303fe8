//! Time from TIMER0: the nRF51 has no SysTick.
#![allow(unsafe_code)]

use inkbit_app::Clock;
use inkbit_arch::Register;

const fn register(offset: usize) -> Register {
    // SAFETY: registers of TIMER0; they touch no memory.
    unsafe { Register::at(0x4000_8000 + offset) }
}

const START: Register = register(0x000);
const CAPTURE: Register = register(0x040);
const WIDTH: Register = register(0x508);
const PRESCALER: Register = register(0x510);
const CAPTURED: Register = register(0x540);

/// A clock of 16 MHz. It loses time if it is not read for 2³² of its ticks, four minutes.
pub(crate) struct Timer {
    last: u32,
    ticks: u64,
}

impl Timer {
    pub(crate) fn start() -> Self {
        WIDTH.write(3); // 32 bits
        PRESCALER.write(0);
        START.write(1);
        Self { last: 0, ticks: 0 }
    }
}

impl Clock for Timer {
    fn nanoseconds(&mut self) -> u64 {
        CAPTURE.write(1);
        let now = CAPTURED.read();
        self.ticks += u64::from(now.wrapping_sub(self.last));
        self.last = now;
        self.ticks * 125 / 2
    }
}
