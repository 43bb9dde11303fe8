//! How a RISC-V machine starts anew: by itself after a fault.
#![allow(unsafe_code)]

use inkbit_core::link::Reset;
use riscv_rt::TrapFrame;

use crate::reset::keep;

// SAFETY: the name that riscv-rt calls after a fault.
#[unsafe(export_name = "ExceptionHandler")]
fn exception(_: &TrapFrame) -> ! {
    let at: u32;
    // SAFETY: reads a register of the core.
    unsafe { core::arch::asm!("csrr {at}, mepc", at = out(reg) at) };
    restart(Reset::Fault { at })
}

unsafe extern "C" {
    /// What resets the machine: `firmware!` defines it.
    safe fn inkbit_reset();
}

/// Starts the firmware anew, and leaves it the reason.
pub fn restart(reset: Reset) -> ! {
    keep(reset);
    inkbit_reset();
    loop {
        core::hint::spin_loop();
    }
}
