//! Kernels for Armv6-M: Cortex-M0 and M0+.
//!
//! There is a multiplication of 32 bits and nothing wider, it overwrites a factor, and only eight
//! of the registers take part. So a word of codes is multiplied as it is, and again moved or
//! reversed, all of which takes one instruction each; [`lanes`] separates the sums modulo 2³²
//! without a mask. An entry of 8-bit codes takes 19 instructions for 8 products, one of 4-bit codes
//! 18 for 8, one of 2-bit codes 34 for 16, and one more where entries are packed.
#![allow(unsafe_code)]

use core::arch::naked_asm;

use super::entry::Kind;
use super::lanes::{self, ENTRIES_2, ENTRIES_8};
use super::walk::{Assembly, Cell, LANES, Walk, add};
use crate::WeightBits;

/// The kernel of this target.
#[derive(Clone, Copy, Debug)]
pub enum Native {}

impl Assembly for Native {
    #[inline(always)]
    fn blocks(_: WeightBits) -> usize {
        1
    }

    #[inline(always)]
    fn entries(bits: WeightBits) -> usize {
        match bits {
            // Two 4-bit codes are taken for one of 8 bits.
            WeightBits::Eight | WeightBits::Four => ENTRIES_8,
            WeightBits::Two => ENTRIES_2,
        }
    }

    #[inline(always)]
    fn walk(bits: WeightBits, kind: Kind) -> Walk {
        match (bits, kind) {
            (WeightBits::Eight, Kind::Packed) => eight::packed,
            (WeightBits::Eight, Kind::Wide) => eight::wide,
            (WeightBits::Four, Kind::Packed) => four::packed,
            (WeightBits::Four, Kind::Wide) => four::wide,
            (WeightBits::Two, Kind::Packed) => two::packed,
            (WeightBits::Two, Kind::Wide) => two::wide,
        }
    }

    #[inline(always)]
    fn take_apart(bits: WeightBits, lanes: &[u32; LANES], out: &mut [i32]) {
        match bits {
            WeightBits::Eight => take_eight(lanes, out),
            WeightBits::Four => take_four(lanes, out),
            WeightBits::Two => take_two(lanes, out),
        }
    }
}

#[inline(never)]
fn take_eight(lanes: &[u32], mut out: &mut [i32]) {
    let (words, _) = lanes.as_chunks();
    for lanes in words {
        out = add(WeightBits::Eight.step(), out, lanes::eight_by_reversal(*lanes));
    }
}

#[inline(never)]
fn take_four(lanes: &[u32], mut out: &mut [i32]) {
    let (words, _) = lanes.as_chunks();
    for lanes in words {
        let [e0, e1, e2, e3, o0, o1, o2, o3] = lanes::four_by_reversal(*lanes);
        out = add(WeightBits::Four.step(), out, [e0, e1, e2, e3]);
        out = add(WeightBits::Four.step(), out, [o0, o1, o2, o3]);
    }
}

#[inline(never)]
fn take_two(lanes: &[u32], mut out: &mut [i32]) {
    let (pairs, _) = lanes.as_chunks();
    for &[low, high] in pairs {
        let ([s0, s1], [s2, s3]) = (lanes::two_in_32(low), lanes::two_in_32(high));
        out = add(WeightBits::Two.step(), out, [s0, s1, s2, s3]);
    }
}

/// Takes entry number k of those that r0 points to: offset to r1, value to r2. The wide ones are
/// left behind.
macro_rules! fetch {
    (wide) => {
        "ldm r0!, {{r1, r2}}"
    };
    (packed) => {
        "ldrh r1, [r0, #4 * \\k]\nldrb r2, [r0, #4 * \\k + 2]"
    };
}

/// At the end of a pass of the loop, r0 moves on where [`fetch`] has not done it.
macro_rules! advance {
    (wide) => {
        ""
    };
    (packed) => {
        "adds r0, #4 * {unroll}"
    };
}

/// From the bytes in r5 their number of entries, of which the first pass leaves r5 modulo the
/// unrolling out.
macro_rules! count {
    (wide) => {
        "lsrs r5, #3\nands r5, r4"
    };
    (packed) => {
        "lsrs r5, #2\nands r5, r4\nlsls r4, r5, #2\nsubs r0, r4"
    };
}

/// A walk for both kinds of entries, in modules' terms: `$row` multiplies the row at r1 by the
/// value r2 and adds to the registers that `$store` writes to r0. Of these r6, r7, r9 to r12 and lr
/// begin as 0, the others are up to `$prepare`, which finds `end` in r2. It may change r1, r3, r4
/// and r5. `$unroll` is how many entries a pass of the loop takes, `$numbers` counts them, `$wide`
/// and `$packed` are the bytes of code for one. `$ended` compares r0 to `end`, which is at sp as
/// well.
///
/// # Bounds
///
/// The loop is entered so many entries before the end of a pass as are beyond a multiple of
/// `$unroll`, so r0 reaches `end` after the last one, and no entry before the first or behind the
/// last is read.
macro_rules! walks {
    ($unroll:literal, $numbers:literal, $wide:literal, $packed:literal,
        $prepare:literal, $row:literal, $ended:literal, $store:literal) => {
        walks!(wide, $unroll, $numbers, $wide, $prepare, $row, $ended, $store);
        walks!(packed, $unroll, $numbers, $packed, $prepare, $row, $ended, $store);
    };
    ($kind:ident, $unroll:literal, $numbers:literal, $bytes:literal,
        $prepare:literal, $row:literal, $ended:literal, $store:literal) => {
        /// See [`Walk`](super::Walk).
        ///
        /// # Safety
        ///
        /// As there.
        #[unsafe(naked)]
        pub(super) unsafe extern "C" fn $kind(
            codes: *const u32,
            entries: super::Cell,
            end: super::Cell,
            lanes: *mut u32,
            stride: usize,
        ) {
            super::naked_asm!(
                "push {{r4-r7, lr}}",
                "mov r4, r8",
                "mov r5, r9",
                "mov r6, r10",
                "mov r7, r11",
                "push {{r2-r7}}",
                "mov r8, r0",
                "mov r0, r1",
                "movs r6, #0",
                "movs r7, #0",
                "mov r9, r6",
                "mov r10, r6",
                "mov r11, r6",
                "mov r12, r6",
                "mov lr, r6",
                "subs r5, r1, r2",
                "beq 3f",
                "movs r4, #{unroll} - 1",
                count!($kind),
                "movs r1, #{bytes}",
                "muls r1, r5",
                $prepare,
                // Two instructions on from here.
                "add pc, r1",
                "nop",
                "2:",
                concat!(".irp k, ", $numbers),
                fetch!($kind),
                "add r1, r8",
                $row,
                ".endr",
                advance!($kind),
                $ended,
                "bne 2b",
                "3:",
                "pop {{r0}}",
                "pop {{r0}}",
                $store,
                "pop {{r4-r7}}",
                "mov r8, r4",
                "mov r9, r5",
                "mov r10, r6",
                "mov r11, r7",
                "pop {{r4-r7, pc}}",
                bytes = const $bytes,
                unroll = const $unroll,
            )
        }
    };
}

/// 8-bit codes: each word reversed, its upper half, and as it is.
mod eight {
    walks!(
        4,
        "0, 1, 2, 3",
        38,
        40,
        "mov r12, r2
        movs r5, #0",
        "ldm r1, {{r1, r3}}
        rev r4, r1
        muls r4, r2
        adds r5, r4
        lsrs r4, r1, #16
        muls r4, r2
        adds r6, r4
        muls r1, r2
        adds r7, r1
        rev r4, r3
        muls r4, r2
        add r9, r4
        lsrs r4, r3, #16
        muls r4, r2
        add r10, r4
        muls r3, r2
        add r11, r3",
        "cmp r0, r12",
        "stm r0!, {{r5, r6, r7}}
        mov r5, r9
        mov r6, r10
        mov r7, r11
        stm r0!, {{r5, r6, r7}}"
    );
}

/// 4-bit codes: the word as if it had four codes of 8 bits, and its odd nibbles as they are and
/// swapped two by two.
mod four {
    walks!(
        4,
        "0, 1, 2, 3",
        36,
        38,
        "mov r12, r2
        movs r3, #0x0F
        lsls r4, r3, #8
        orrs r3, r4
        lsls r4, r3, #16
        orrs r3, r4",
        "ldr r1, [r1]
        rev r4, r1
        muls r4, r2
        add r9, r4
        lsrs r4, r1, #16
        muls r4, r2
        add r10, r4
        lsrs r4, r1, #4
        ands r4, r3
        rev16 r5, r4
        muls r5, r2
        adds r6, r5
        muls r4, r2
        adds r7, r4
        muls r1, r2
        add r11, r1",
        "cmp r0, r12",
        "mov r3, r9
        mov r4, r10
        mov r5, r11
        stm r0!, {{r3-r7}}"
    );
}

/// 2-bit codes: two lanes of 16 bits in each of eight registers, so `end` is on the stack.
mod two {
    walks!(
        2,
        "0, 1",
        68,
        70,
        "movs r5, #0
        movs r3, #3
        lsls r4, r3, #16
        orrs r3, r4",
        "ldr r1, [r1]
        lsrs r4, r1, #2
        ands r4, r3
        muls r4, r2
        adds r6, r4
        lsrs r4, r1, #4
        ands r4, r3
        muls r4, r2
        adds r7, r4
        lsrs r4, r1, #6
        ands r4, r3
        muls r4, r2
        add r9, r4
        lsrs r4, r1, #8
        ands r4, r3
        muls r4, r2
        add r10, r4
        lsrs r4, r1, #10
        ands r4, r3
        muls r4, r2
        add r11, r4
        lsrs r4, r1, #12
        ands r4, r3
        muls r4, r2
        add r12, r4
        lsrs r4, r1, #14
        ands r4, r3
        muls r4, r2
        add lr, r4
        ands r1, r3
        muls r1, r2
        adds r5, r1",
        "ldr r4, [sp]
        cmp r0, r4",
        "stm r0!, {{r5, r6, r7}}
        mov r3, r9
        mov r4, r10
        mov r5, r11
        mov r6, r12
        mov r7, lr
        stm r0!, {{r3-r7}}"
    );
}
