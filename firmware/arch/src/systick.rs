//! Time from SysTick, the 24-bit timer that Cortex-M cores have.
#![allow(unsafe_code)]

use inkbit_app::Clock;

use crate::Register;

// SAFETY: SysTick's registers, the same on every Cortex-M; they touch no memory.
const CONTROL: Register = unsafe { Register::at(0xE000_E010) };
// SAFETY: as above.
const RELOAD: Register = unsafe { Register::at(0xE000_E014) };
// SAFETY: as above.
const CURRENT: Register = unsafe { Register::at(0xE000_E018) };

/// Enabled, without interrupt, counting the core's clock.
const RUN: u32 = 0b101;
const MAX: u32 = 0xFF_FFFF;

/// A clock that counts the core's cycles. It loses time if it is not read for 2²⁴ of them (a third
/// of a second at 50 MHz), which the app's loop does far more often.
#[derive(Debug)]
pub struct SysTick {
    nanoseconds_per_cycle: u32,
    current: u32,
    cycles: u64,
}

impl SysTick {
    /// Starts SysTick. A cycle of the core takes this many nanoseconds.
    pub fn start(nanoseconds_per_cycle: u32) -> Self {
        RELOAD.write(MAX);
        CURRENT.write(0);
        CONTROL.write(RUN);
        Self { nanoseconds_per_cycle, current: 0, cycles: 0 }
    }
}

impl Clock for SysTick {
    fn nanoseconds(&mut self) -> u64 {
        let current = CURRENT.read();
        // It counts down, and from 0 to the greatest value.
        let passed = self.current.wrapping_sub(current) & MAX;
        self.current = current;
        self.cycles += u64::from(passed);
        self.cycles * u64::from(self.nanoseconds_per_cycle)
    }
}
