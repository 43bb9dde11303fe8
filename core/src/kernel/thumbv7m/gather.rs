//! From pixels to a list, where each pixel is an input.

/// Eights of zeros take 7 instructions, zeros among other bytes 3.
///
/// # Safety
///
/// As [`Gather`](super::super::lists::Gather).
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
        "push {{r4-r9, lr}}",
        "mov r9, r3",
        "ldr r4, [sp, #28]",
        "mov r8, #0",
        "2:",
        // Not `ldrd`: pixels may begin anywhere.
        "ldr r5, [r0], #4",
        "ldr r6, [r0], #4",
        "orrs r7, r5, r6",
        "bne 4f",
        "3:",
        "add r4, r4, r9, lsl #3",
        "cmp r0, r1",
        "bne 2b",
        "mov r0, r2",
        "mov r1, r8",
        "pop {{r4-r9, pc}}",
        "4:",
        // r7 counts: r4 must not move before both words are done.
        "mov r7, r4",
        ".irp word, r5, r6",
        "cbz \\word, 6f",
        ".irp shift, 0, 8, 16, 24",
        "ubfx r3, \\word, #\\shift, #8",
        "cbz r3, 5f",
        "orr r12, r7, r3, lsl #16",
        "str r12, [r2], #4",
        "add r8, r3",
        "5:",
        "add r7, r9",
        ".endr",
        "b 7f",
        "6:",
        "add r7, r7, r9, lsl #2",
        "7:",
        ".endr",
        "b 3b",
    )
}
