//! From sums to activations.

/// What [`requantize`](crate::requant::requantize) does, in place, by products of halves: 8
/// instructions for a sum that is not positive, up to 33 for others; 11 and 30 with narrow numbers.
///
/// # Bounds
///
/// Each round reads one sum, so r0 reaches `end`; at most one entry is written for it.
///
/// # Safety
///
/// As [`Activate`](super::super::lists::Activate).
macro_rules! activate {
    ($name:ident, [$($shifts:literal),*], [$($bias:literal),+], [$($scale:literal),+]) => {
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
                "push {{r4-r7, lr}}",
                "mov r4, r8",
                "mov r5, r9",
                "mov r6, r10",
                "mov r7, r11",
                "push {{r4-r7}}",
                "mov r8, r1",
                "mov r9, r3",
                "mov lr, r2",
                "ldr r1, [sp, #36]",
                "ldr r3, [sp, #40]",
                "ldr r4, [sp, #44]",
                "mov r10, r4",
                "movs r4, #0",
                "mov r11, r4",
                "mov r12, r4",
                $($shifts,)*
                "2:",
                "ldm r0!, {{r4}}",
                $($bias,)+
                "adds r4, r5",
                "ble 5f",
                $($scale,)+
                "beq 5f",
                "cmp r4, #255",
                "bls 4f",
                "3:",
                "movs r4, #255",
                "4:",
                "add r12, r4",
                "mov r2, r11",
                "mov r5, lr",
                "lsls r4, r4, #16",
                "orrs r4, r2",
                "stm r5!, {{r4}}",
                "mov lr, r5",
                "5:",
                "add r3, r10",
                "add r11, r9",
                "cmp r0, r8",
                "bne 2b",
                "mov r0, lr",
                "mov r1, r12",
                "pop {{r4-r7}}",
                "mov r8, r4",
                "mov r9, r5",
                "mov r10, r6",
                "mov r11, r7",
                "pop {{r4-r7, pc}}",
            )
        }
    };
}

activate!(
    wide,
    [],
    ["ldm r1!, {{r5}}"],
    // The halves of r4 are r6 and r4, those of the multiplier r7 and r5.
    [
        "ldr r5, [r3]",
        "lsrs r7, r5, #16",
        "uxth r5, r5",
        "lsrs r6, r4, #16",
        "uxth r4, r4",
        "mov r2, r6",
        "muls r2, r7",
        "cmp r2, #255",
        "bhi 3f",
        "muls r6, r5",
        "muls r7, r4",
        "muls r4, r5",
        "lsrs r4, r4, #16",
        "adds r4, r4, r6",
        "adds r4, r4, r7",
        "lsrs r4, r4, #16",
        "adds r4, r4, r2"
    ]
);
activate!(
    narrow,
    // A bias is shifted up by its sign's distance less r7, a product down by r6.
    [
        "mov r5, r9",
        "uxtb r4, r5",
        "mov r9, r4",
        "movs r4, #16",
        "lsrs r6, r5, #16",
        "subs r6, r4, r6",
        "lsrs r5, r5, #8",
        "uxtb r5, r5",
        "subs r7, r4, r5"
    ],
    ["ldrh r5, [r1]", "adds r1, #2", "lsls r5, r5, #16", "asrs r5, r7"],
    // The halves of r4 are r2 and r4. Their products have 31 and 32 bits: n · 2ˢ · acc / 2³² is
    // (n · upper + n · lower / 2¹⁶) / 2¹⁶⁻ˢ, rounded down twice.
    [
        "ldrh r5, [r3]",
        "lsrs r2, r4, #16",
        "uxth r4, r4",
        "muls r2, r5",
        "muls r4, r5",
        "lsrs r4, r4, #16",
        "adds r4, r4, r2",
        "lsrs r4, r6"
    ]
);
