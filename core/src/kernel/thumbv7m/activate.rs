//! From sums to activations.

/// What [`requantize`](crate::requant::requantize) does, in place: 8 instructions for an activation
/// of 0, up to 15 for others, and with narrow numbers 1 and 2 more.
///
/// # Bounds
///
/// Each round reads one sum, so r0 reaches `end`; at most one entry is written for it.
///
/// # Safety
///
/// As [`Activate`](super::super::lists::Activate).
macro_rules! activate {
    ($name:ident, [$($shifts:literal),*], [$($bias:literal),+], [$($multiplier:literal),+]) => {
        #[unsafe(naked)]
        pub(super) unsafe extern "C" fn $name(
            sums: *const i32,
            end: *const i32,
            list: *mut i32,
            row_and_shifts: u32,
            bias: *const u32,
            multipliers: *const u32,
            step: usize,
        ) -> u64 {
            core::arch::naked_asm!(
                "push {{r4-r11}}",
                "ldrd r4, r5, [sp, #32]",
                "ldr r9, [sp, #40]",
                $($shifts,)*
                "movs r7, #0",
                "mov r8, #0",
                "2:",
                "ldr r6, [r0], #4",
                $($bias,)+
                "adds r6, r12",
                "ble 3f",
                $($multiplier,)+
                "umull r12, r6, r6, r12",
                "usat r6, #8, r6",
                "cbz r6, 3f",
                "orr r12, r7, r6, lsl #16",
                "str r12, [r2], #4",
                "add r8, r6",
                "3:",
                "add r5, r9",
                "add r7, r3",
                "cmp r0, r1",
                "bne 2b",
                "mov r0, r2",
                "mov r1, r8",
                "pop {{r4-r11}}",
                "bx lr",
            )
        }
    };
}

activate!(wide, [], ["ldr r12, [r4], #4"], ["ldr r12, [r5]"]);
activate!(
    narrow,
    ["ubfx r10, r3, #8, #8", "lsrs r11, r3, #16", "uxtb r3, r3"],
    ["ldrsh r12, [r4], #2", "lsl r12, r12, r10"],
    ["ldrh r12, [r5]", "lsl r12, r12, r11"]
);
