//! Kernels for RV32IM, with or without compressed instructions.
//!
//! There is no multiplication that accumulates, but a masked lane need not be shifted down before
//! it is multiplied: `mulhu` by the value times 2ⁿ does both. With registers for two blocks, one
//! fetch of an entry serves 16 sums: 41 instructions for 16 products of 8-bit codes, 38 of 4-bit
//! codes, and 35 of 2-bit codes, whose one block has 16 outputs. Packed or wide entries cost the
//! same.
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
    fn blocks(bits: WeightBits) -> usize {
        match bits {
            WeightBits::Eight | WeightBits::Four => 2,
            WeightBits::Two => 1,
        }
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
    for [r, h, b] in words {
        out = add(WeightBits::Eight.step(), out, lanes::eight_in_32(*r, *h, *b));
    }
}

#[inline(never)]
fn take_four(lanes: &[u32], mut out: &mut [i32]) {
    let (words, _) = lanes.as_chunks();
    for lanes in words {
        let [e0, e1, e2, e3, o0, o1, o2, o3] = lanes::four_in_32(*lanes);
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

/// The assembler has to be told what the target has.
#[cfg(target_feature = "c")]
macro_rules! extensions {
    () => {
        ".option arch, +m, +c"
    };
}
#[cfg(not(target_feature = "c"))]
macro_rules! extensions {
    () => {
        ".option arch, +m"
    };
}

/// Takes entry number k of those that a1 points to: the address of its row to a5, its value to a6.
macro_rules! fetch {
    (wide, $k:literal) => {
        concat!("lw a5, 8 * ", $k, "(a1)\nlw a6, 8 * ", $k, " + 4(a1)\nadd a5, a5, a0")
    };
    (packed, $k:literal) => {
        concat!("lhu a5, 4 * ", $k, "(a1)\nlbu a6, 4 * ", $k, " + 2(a1)\nadd a5, a5, a0")
    };
}

/// A walk for both kinds of entries, in modules' terms: `$row` multiplies the row at a5, and that
/// `stride` (a4) behind it, by the value a6 and adds to the registers `$lane`. It may change a5, a7
/// and the `$saved` registers; `$constant` registers keep their `$value`. The stack is not used:
/// where lanes will be written, at the word `$at` or `$there`, lies until then what the caller has
/// in the `$swapped` lanes and, at `$place`, in the `$saved` registers.
///
/// # Bounds
///
/// A pass of the loop takes four entries. It is entered so many before its end as are beyond a
/// multiple of four, so a1 reaches `end` after the last one, and no entry before the first or
/// behind the last is read.
macro_rules! walks {
    ([$($constant:literal: $value:literal)*], [$($lane:literal: $at:literal)*],
        [$($swapped:literal: $there:literal)*], [$($saved:literal: $place:literal)*],
        $($row:expr),+) => {
        walks!(wide, 8, [$($constant: $value)*], [$($lane: $at)*], [$($swapped: $there)*],
            [$($saved: $place)*], concat!($($row, "\n"),+));
        walks!(packed, 4, [$($constant: $value)*], [$($lane: $at)*], [$($swapped: $there)*],
            [$($saved: $place)*], concat!($($row, "\n"),+));
    };
    ($kind:ident, $cell:literal, [$($constant:literal: $value:literal)*],
        [$($lane:literal: $at:literal)*], [$($swapped:literal: $there:literal)*],
        [$($saved:literal: $place:literal)*], $row:expr) => {
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
                ".option push",
                extensions!(),
                $(concat!("sw ", $swapped, ", 4 * ", $there, "(a3)"),)*
                $(concat!("sw ", $saved, ", 4 * ", $place, "(a3)"),)*
                $(concat!("li ", $constant, ", ", $value),)*
                $(concat!("li ", $lane, ", 0"),)*
                $(concat!("li ", $swapped, ", 0"),)*
                "sub a5, a2, a1",
                "beqz a5, 5f",
                "andi a5, a5, 3 * {cell}",
                "beqz a5, 1f",
                "add a1, a1, a5",
                "addi a1, a1, -4 * {cell}",
                "addi a5, a5, -2 * {cell}",
                "bltz a5, 4f",
                "beqz a5, 3f",
                "j 2f",
                "1:",
                fetch!($kind, 0),
                $row,
                "2:",
                fetch!($kind, 1),
                $row,
                "3:",
                fetch!($kind, 2),
                $row,
                "4:",
                fetch!($kind, 3),
                $row,
                "addi a1, a1, 4 * {cell}",
                "bne a1, a2, 1b",
                "5:",
                $(
                    concat!("lw a5, 4 * ", $there, "(a3)"),
                    concat!("sw ", $swapped, ", 4 * ", $there, "(a3)"),
                    concat!("mv ", $swapped, ", a5"),
                )*
                $(concat!("lw ", $saved, ", 4 * ", $place, "(a3)"),)*
                $(concat!("sw ", $lane, ", 4 * ", $at, "(a3)"),)*
                "ret",
                ".option pop",
                cell = const $cell,
            )
        }
    };
}

/// `$lane` += (`$word` & `$mask`) · a7 / 2³²: a7 is the value times 2³²⁻ⁿ, n the mask's lowest bit.
macro_rules! masked {
    ($lane:literal, $word:literal, $mask:literal) => {
        concat!(
            "and a5, ",
            $word,
            ", ",
            $mask,
            "\nmulhu a5, a5, a7\nadd ",
            $lane,
            ", ",
            $lane,
            ", a5"
        )
    };
}

/// `$lane` += (`$word` >> `$bits` & `$mask`) · value.
macro_rules! shifted {
    ($lane:literal, $word:literal, $bits:literal, $mask:literal) => {
        concat!(
            "srli a7, ",
            $word,
            ", ",
            $bits,
            "\nand a7, a7, ",
            $mask,
            "\nmul a7, a7, a6\nadd ",
            $lane,
            ", ",
            $lane,
            ", a7"
        )
    };
}

/// `$lane` += (`$word` >> 16) · value.
macro_rules! upper {
    ($lane:literal, $word:literal) => {
        concat!("srli a5, ", $word, ", 16\nmul a5, a5, a6\nadd ", $lane, ", ", $lane, ", a5")
    };
}

/// `$lane` += `$word` · value, and the word is lost.
macro_rules! whole {
    ($lane:literal, $word:literal) => {
        concat!("mul ", $word, ", ", $word, ", a6\nadd ", $lane, ", ", $lane, ", ", $word)
    };
}

/// 8-bit codes: of each word two of its bytes, its upper half, and all of it.
mod eight {
    walks!(
        ["t0": "0xFF00FF00"],
        ["t1": 0 "t2": 1 "t3": 2 "t4": 3 "t5": 4 "t6": 5],
        ["s0": 6 "s1": 7 "s2": 8 "s3": 9 "s4": 10 "s5": 11],
        ["s6": 0 "s7": 1 "s8": 2 "s9": 3],
        "add s9, a5, a4\nlw s6, (a5)\nlw s7, 4(a5)\nlw s8, (s9)\nlw s9, 4(s9)",
        "slli a7, a6, 24",
        masked!("t3", "s6", "t0"),
        upper!("t2", "s6"),
        whole!("t1", "s6"),
        masked!("t6", "s7", "t0"),
        upper!("t5", "s7"),
        whole!("t4", "s7"),
        masked!("s2", "s8", "t0"),
        upper!("s1", "s8"),
        whole!("s0", "s8"),
        masked!("s5", "s9", "t0"),
        upper!("s4", "s9"),
        whole!("s3", "s9")
    );
}

/// 4-bit codes: the word as if it had four codes of 8 bits, and its odd nibbles two by two.
mod four {
    walks!(
        ["t0": "0xFF00FF00" "t1": "0x000F000F" "t2": "0xF000F000"],
        ["t3": 0 "t4": 1 "t5": 2 "t6": 3],
        ["s0": 4 "s1": 5 "s2": 6 "s3": 7 "s4": 8 "s5": 9],
        ["s6": 0 "s7": 1],
        "add s7, a5, a4\nlw s6, (a5)\nlw s7, (s7)",
        shifted!("t6", "s6", 4, "t1"),
        shifted!("s4", "s7", 4, "t1"),
        "slli a7, a6, 24",
        masked!("t5", "s6", "t0"),
        masked!("s3", "s7", "t0"),
        "slli a7, a6, 20",
        masked!("s0", "s6", "t2"),
        masked!("s5", "s7", "t2"),
        upper!("t4", "s6"),
        upper!("s2", "s7"),
        whole!("t3", "s6"),
        whole!("s1", "s7")
    );
}

/// 2-bit codes: two lanes of 16 bits in each of eight registers. There is no second block, so a4 is
/// one of them.
mod two {
    walks!(
        ["t0": "0x00030003"],
        ["a4": 0 "t1": 1 "t2": 2 "t3": 3 "t4": 4 "t5": 5 "t6": 6],
        ["s0": 7],
        [],
        "lw a5, (a5)",
        shifted!("t1", "a5", 2, "t0"),
        shifted!("t2", "a5", 4, "t0"),
        shifted!("t3", "a5", 6, "t0"),
        shifted!("t4", "a5", 8, "t0"),
        shifted!("t5", "a5", 10, "t0"),
        shifted!("t6", "a5", 12, "t0"),
        shifted!("s0", "a5", 14, "t0"),
        "and a5, a5, t0\nmul a5, a5, a6\nadd a4, a4, a5"
    );
}
