//! The two ends of RAM. Beyond them no memory can be read or written: there is none, or the
//! processor protects it, where an emulator would give zeros. So a kernel that leaves a buffer which
//! touches an end has a fault.
#![allow(unsafe_code)]

use core::slice;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::host;

include!(concat!(env!("OUT_DIR"), "/edges.rs"));

/// Buffers lie in these.
pub(crate) struct Edges {
    /// From the first byte of RAM on.
    pub(crate) start: &'static mut [u8],
    /// Up to the last byte of RAM.
    pub(crate) end: &'static mut [u8],
}

/// Whether the next fault is one that [`is_guarded`] has caused.
static EXPECTED: AtomicBool = AtomicBool::new(false);

impl Edges {
    /// The ends of RAM, after a try that each is one.
    ///
    /// # Safety
    ///
    /// It is called once.
    pub(crate) unsafe fn take() -> Self {
        #[cfg(any(target_arch = "riscv32", inkbit_mpu))]
        protect();
        if !is_guarded(START - 4) || !is_guarded(END) {
            host::say(&[("memory goes on before", START as u32), ("or at", END as u32)]);
            host::exit(3)
        }
        // SAFETY: the linker knows nothing of these bytes, and nobody else has them.
        unsafe {
            Self {
                start: slice::from_raw_parts_mut(START as *mut u8, EDGE),
                end: slice::from_raw_parts_mut((END - EDGE) as *mut u8, EDGE),
            }
        }
    }
}

/// Whether reading a word is a fault.
fn is_guarded(address: usize) -> bool {
    EXPECTED.store(true, Ordering::Relaxed);
    // SAFETY: a fault is handled; there is no device with registers there.
    #[cfg(target_arch = "arm")]
    unsafe {
        core::arch::asm!("ldr {0}, [{0}]", inout(reg) address => _);
    }
    // SAFETY: as above.
    #[cfg(target_arch = "riscv32")]
    unsafe {
        core::arch::asm!(
            ".option push",
            ".option norvc",
            "lw {0}, ({0})",
            ".option pop",
            inout(reg) address => _
        );
    }
    !was_expected()
}

/// Whether a fault is expected, and from now on not. Not all processors exchange atomically.
fn was_expected() -> bool {
    let expected = EXPECTED.load(Ordering::Relaxed);
    EXPECTED.store(false, Ordering::Relaxed);
    expected
}

fn unexpected() -> ! {
    host::say(&[("read or wrote outside of its buffers", 1)]);
    host::exit(4)
}

/// Skips the instruction that was expected to fail.
// SAFETY: the name is that of cortex-m-rt's vector.
#[cfg(target_arch = "arm")]
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn HardFault() {
    core::arch::naked_asm!(
        "ldr r0, 2f",
        "ldrb r1, [r0]",
        "cmp r1, #0",
        "beq 1f",
        "movs r1, #0",
        "strb r1, [r0]",
        // The stacked program counter; `ldr` has two bytes.
        "ldr r1, [sp, #24]",
        "adds r1, #2",
        "str r1, [sp, #24]",
        "bx lr",
        "1:",
        "ldr r0, 3f",
        "bx r0",
        ".p2align 2",
        "2:",
        ".word {expected}",
        "3:",
        ".word {unexpected}",
        expected = sym EXPECTED,
        unexpected = sym faulted,
    )
}

#[cfg(target_arch = "arm")]
extern "C" fn faulted() -> ! {
    unexpected()
}

/// Skips the instruction that was expected to fail.
// SAFETY: the name is that of riscv-rt's handler.
#[cfg(target_arch = "riscv32")]
#[unsafe(export_name = "ExceptionHandler")]
fn exception(_: &riscv_rt::TrapFrame) {
    if !was_expected() {
        unexpected();
    }
    // SAFETY: the instruction has four bytes.
    unsafe {
        core::arch::asm!("csrr {0}, mepc", "addi {0}, {0}, 4", "csrw mepc, {0}", out(reg) _);
    }
}

/// What is protected at each end.
#[cfg(any(target_arch = "riscv32", inkbit_mpu))]
const PAGE: usize = 4096;

/// Gives a page before RAM and one behind it to nobody, by Armv7-M's protection of memory.
#[cfg(inkbit_mpu)]
fn protect() {
    const CONTROL: *mut u32 = 0xE000_ED94 as *mut u32;
    const BASE: *mut u32 = 0xE000_ED9C as *mut u32;
    const ATTRIBUTES: *mut u32 = 0xE000_EDA0 as *mut u32;
    const CHOOSES_REGION: u32 = 1 << 4;
    // No access, no execution.
    let attributes = 1 << 28 | (PAGE.ilog2() - 1) << 1 | 1;
    for (region, base) in [START - PAGE, END].into_iter().enumerate() {
        // SAFETY: the unit's registers, and nothing lies in the page.
        unsafe {
            BASE.write_volatile(base as u32 | CHOOSES_REGION | region as u32);
            ATTRIBUTES.write_volatile(attributes);
        }
    }
    // SAFETY: as above; all the rest is as it would be without the unit.
    unsafe { CONTROL.write_volatile(0b101) };
}

/// Locks a page before RAM and one behind it, also for this program.
#[cfg(target_arch = "riscv32")]
fn protect() {
    const ONES: usize = PAGE / 8 - 1;
    // SAFETY: nothing lies there.
    unsafe {
        core::arch::asm!(
            "csrw pmpaddr0, {before}",
            "csrw pmpaddr1, {behind}",
            "csrw pmpcfg0, {locked}",
            before = in(reg) (START - PAGE) >> 2 | ONES,
            behind = in(reg) END >> 2 | ONES,
            // Both are naturally aligned powers of two, without any permission.
            locked = in(reg) 0x9898,
        );
    }
}
