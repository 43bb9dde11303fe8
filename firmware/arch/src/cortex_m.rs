//! How a Cortex-M starts anew: by itself after a fault, and where its watchdog asks for it.
#![allow(unsafe_code)]

// Linked for what calls `main`.
use cortex_m_rt as _;
use inkbit_core::link::Reset;

use crate::Register;
use crate::reset::keep;

// The processor has pushed eight words before it comes here, the seventh of which is the address of
// the instruction that was next. A watchdog's first warning is the exception NMI, or an interrupt
// whose vector is `inkbit_stuck`.
core::arch::global_asm!(
    ".syntax unified",
    ".section .text.inkbit_reset, \"ax\", %progbits",
    ".global NonMaskableInt, inkbit_stuck, HardFault",
    ".thumb_func",
    "NonMaskableInt:",
    ".thumb_func",
    "inkbit_stuck:",
    "movs r1, #0",
    "b 1f",
    ".thumb_func",
    "HardFault:",
    "movs r1, #1",
    "1: ldr r0, [sp, #24]",
    "bl {halted}",
    halted = sym halted,
);

unsafe extern "C" {
    /// The handler of a watchdog's interrupt.
    #[link_name = "inkbit_stuck"]
    pub fn stuck();
}

extern "C" fn halted(at: u32, fault: u32) -> ! {
    restart(if fault == 0 { Reset::Stuck { at } } else { Reset::Fault { at } })
}

/// Starts the firmware anew, and leaves it the reason.
pub fn restart(reset: Reset) -> ! {
    // SAFETY: a register of the core, the same on every Cortex-M; it touches no memory.
    const CONTROL: Register = unsafe { Register::at(0xE000_ED0C) };
    const REQUEST: u32 = 0x05FA << 16 | 1 << 2;
    keep(reset);
    CONTROL.write(REQUEST);
    loop {
        core::hint::spin_loop();
    }
}
