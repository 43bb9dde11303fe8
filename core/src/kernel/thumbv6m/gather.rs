//! From pixels to a list, where each pixel is an input.

/// Eights of zeros take 7 instructions, zeros among other bytes 4.
///
/// # Safety
///
/// As [`Gather`](super::super::lists::Gather), from a multiple of 4 on.
///
/// # Bounds
///
/// Each round reads 8 bytes, so r0 reaches `end`, a multiple of 8 away; a byte is written once at
/// most.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn gather(
    pixels: *const [u8; 8],
    end: *const [u8; 8],
    list: *mut i32,
    row: u32,
    offset: u32,
) -> u64 {
    core::arch::naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r12, r1",
        "ldr r1, [sp, #20]",
        "movs r4, #0",
        "mov lr, r4",
        "2:",
        "ldm r0!, {{r4, r5}}",
        "mov r6, r4",
        "orrs r6, r5",
        "bne 4f",
        "lsls r6, r3, #3",
        "adds r1, r6",
        "3:",
        "cmp r0, r12",
        "bne 2b",
        "mov r0, r2",
        "mov r1, lr",
        "pop {{r4-r7, pc}}",
        "4:",
        ".irp word, r4, r5",
        "cmp \\word, #0",
        "beq 6f",
        ".rept 4",
        "lsls r6, \\word, #24",
        "beq 5f",
        "lsrs r6, r6, #24",
        "add lr, r6",
        "lsls r6, r6, #16",
        "orrs r6, r1",
        "stm r2!, {{r6}}",
        "5:",
        "adds r1, r3",
        "lsrs \\word, \\word, #8",
        ".endr",
        "b 7f",
        "6:",
        "lsls r6, r3, #2",
        "adds r1, r6",
        "7:",
        ".endr",
        "b 3b",
    )
}
