//! How QEMU's RISC-V machine starts anew: by itself after a fault.
#![allow(unsafe_code)]

use inkbit_core::link::Reset;
use riscv_rt::TrapFrame;

use crate::Register;
use crate::reset::keep;

// SAFETY: the name that riscv-rt calls after a fault.
#[unsafe(export_name = "ExceptionHandler")]
fn exception(_: &TrapFrame) -> ! {
    let at: u32;
    // SAFETY: reads a register of the core.
    unsafe { core::arch::asm!("csrr {at}, mepc", at = out(reg) at) };
    restart(Reset::Fault { at })
}

/// Starts the firmware anew, and leaves it the reason.
pub fn restart(reset: Reset) -> ! {
    // SAFETY: the register of the machine that ends or resets it; it touches no memory.
    const FINISHER: Register = unsafe { Register::at(0x0010_0000) };
    const RESET: u32 = 0x7777;
    keep(reset);
    FINISHER.write(RESET);
    loop {
        core::hint::spin_loop();
    }
}
