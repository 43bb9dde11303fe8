//! The stack's deepest use: its memory is painted before `main`, and a word that has lost its paint
//! has been in use.
#![allow(unsafe_code)]

/// What cortex-m-rt paints the stack with; RISC-V boards paint the same in [`paint`].
const PAINT: u32 = 0xCCCC_CCCC;

unsafe extern "C" {
    /// One past the stack's highest word (given by the runtime's linker script).
    static _stack_start: u32;
    /// The first word above the static variables, where the stack must end.
    #[cfg_attr(target_arch = "riscv32", link_name = "__euninit")]
    static _stack_end: u32;
}

/// Deepest use of the stack so far and its room, in bytes.
pub fn used() -> (u32, u32) {
    let (low, high) = (&raw const _stack_end, &raw const _stack_start);
    let mut word = low;
    // SAFETY: the words between the two are RAM; those that are read here are below the paint's
    // end, which no live variable has ever reached.
    while word < high && unsafe { word.read_volatile() } == PAINT {
        word = word.wrapping_add(1);
    }
    ((high.addr() - word.addr()) as u32, (high.addr() - low.addr()) as u32)
}

/// Paints the stack below the caller's words.
///
/// # Safety
///
/// Called at the beginning of `main`, where nothing below the stack pointer is in use.
#[cfg(target_arch = "riscv32")]
#[inline(always)]
pub unsafe fn paint() {
    // SAFETY: writes to RAM between the static variables and the stack pointer only; it keeps what
    // it needs in registers.
    unsafe {
        core::arch::asm!(
            "1: bgeu {word}, sp, 2f",
            "sw {paint}, 0({word})",
            "addi {word}, {word}, 4",
            "j 1b",
            "2:",
            word = inout(reg) &raw const _stack_end => _,
            paint = in(reg) PAINT,
        );
    }
}
