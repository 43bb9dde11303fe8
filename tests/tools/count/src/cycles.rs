//! Estimates Cortex-M3 cycles from the instructions that ran.
//!
//! Timing is that of Arm's Cortex-M3 Technical Reference Manual (DDI 0337, "Instruction set
//! summary"), for memory without wait states. Where it gives a range, both ends are kept.

use std::iter::Sum;
use std::ops::{Add, Mul};

/// A range of cycles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cycles {
    /// The fewest.
    pub least: u64,
    /// The most.
    pub most: u64,
}

const fn cycles(least: u64, most: u64) -> Cycles {
    Cycles { least, most }
}

/// Cost of a jump besides its instruction: the pipeline is refilled.
pub const REFILL: Cycles = cycles(1, 3);

impl Cycles {
    /// The mean, if `count` inferences took this together.
    pub fn mean(self, count: usize) -> [f64; 2] {
        [self.least, self.most].map(|sum| sum as f64 / count as f64)
    }
}

impl Add for Cycles {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        cycles(self.least + other.least, self.most + other.most)
    }
}

impl Sum for Cycles {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), Add::add)
    }
}

impl Mul<u64> for Cycles {
    type Output = Self;

    fn mul(self, times: u64) -> Self {
        cycles(self.least * times, self.most * times)
    }
}

/// Cycles of consecutive Thumb instructions, without jumps. An instruction of four bytes has its
/// first halfword in the upper half.
pub fn of_block(instructions: impl IntoIterator<Item = u32>) -> Cycles {
    let mut total = Cycles::default();
    let mut after_access = false;
    for instruction in instructions {
        let (cost, is_access) = if instruction > 0xFFFF {
            wide(instruction >> 16, instruction & 0xFFFF)
        } else {
            narrow(instruction)
        };
        // A load or store overlaps with the one before it.
        let overlap = u64::from(is_access && after_access && cost.least > 1);
        total = total + cycles(cost.least - overlap, cost.most);
        after_access = is_access;
    }
    total
}

const LOAD: (Cycles, bool) = (cycles(2, 2), true);
/// The write buffer takes it, unless it is full.
const STORE: (Cycles, bool) = (cycles(1, 2), true);
const ONE: (Cycles, bool) = (cycles(1, 1), false);

fn several(registers: u32) -> (Cycles, bool) {
    let count = u64::from(registers.count_ones());
    (cycles(1 + count, 1 + count), false)
}

fn narrow(op: u32) -> (Cycles, bool) {
    match op >> 11 {
        // LDR of a literal.
        0b01001 => LOAD,
        // STR, STRH and STRB by a register; the other five load.
        0b01010 | 0b01011 => {
            if (op >> 9) & 7 < 3 {
                STORE
            } else {
                LOAD
            }
        }
        // By an immediate: words, bytes, halfwords, and words on the stack.
        0b01100 | 0b01110 | 0b10000 | 0b10010 => STORE,
        0b01101 | 0b01111 | 0b10001 | 0b10011 => LOAD,
        // PUSH and POP; other instructions with these codes take one cycle.
        0b10110 | 0b10111 if op & 0x0600 == 0x0400 => several(op & 0x1FF),
        // IT, which is folded into the instruction before it where that is narrow.
        0b10111 if op & 0xFF00 == 0xBF00 && op & 0xF != 0 => (cycles(0, 1), false),
        // STM and LDM.
        0b11000 | 0b11001 => several(op & 0xFF),
        _ => ONE,
    }
}

fn wide(first: u32, second: u32) -> (Cycles, bool) {
    let loads = first & 0x10 != 0;
    if first & 0xFE40 == 0xE800 {
        return several(second);
    }
    if first & 0xFE40 == 0xE840 {
        // LDRD and STRD, and among them TBB and TBH, which load one value.
        let table = first & 0xFFF0 == 0xE8D0;
        return if table { LOAD } else { (cycles(3, 3), false) };
    }
    if first & 0xFE00 == 0xF800 {
        return if loads { LOAD } else { STORE };
    }
    let cost = match (first >> 4, second >> 12) {
        (0xFB0, 0xF) => cycles(1, 1),        // MUL
        (0xFB0, _) => cycles(2, 2),          // MLA, MLS
        (0xFB8 | 0xFBA, _) => cycles(3, 5),  // SMULL, UMULL
        (0xFB9 | 0xFBB, _) => cycles(2, 12), // SDIV, UDIV
        (0xFBC | 0xFBE, _) => cycles(4, 7),  // SMLAL, UMLAL
        _ => cycles(1, 1),
    };
    (cost, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_take_what_the_manual_says() {
        for (name, instruction, expected) in [
            ("adds r0, r0, r1", 0x1840, cycles(1, 1)),
            ("ldr r0, [r1]", 0x6808, cycles(2, 2)),
            ("str r0, [r1]", 0x6008, cycles(1, 2)),
            ("push {r4, r5, lr}", 0xB530, cycles(4, 4)),
            ("pop {r4, pc}", 0xBD10, cycles(3, 3)),
            ("it eq", 0xBF08, cycles(0, 1)),
            ("nop", 0xBF00, cycles(1, 1)),
            ("uxtb r0, r0", 0xB2C0, cycles(1, 1)),
            ("ldmia r0!, {r1, r2}", 0xC806, cycles(3, 3)),
            ("ldrd r4, r5, [r0], #8", 0xE8F0_4502, cycles(3, 3)),
            ("ldrb.w r4, [r0, #-2]", 0xF810_4C02, cycles(2, 2)),
            ("mul r0, r1, r2", 0xFB01_F002, cycles(1, 1)),
            ("mla r0, r1, r2, r3", 0xFB01_3002, cycles(2, 2)),
            ("umull r0, r1, r2, r3", 0xFBA2_0103, cycles(3, 5)),
            ("umlal r0, r1, r2, r3", 0xFBE2_0103, cycles(4, 7)),
            ("udiv r0, r1, r2", 0xFBB1_F0F2, cycles(2, 12)),
            ("and.w r0, r1, r2, ror #16", 0xEA01_4032, cycles(1, 1)),
        ] {
            assert_eq!(of_block([instruction]), expected, "{name}");
        }
    }

    #[test]
    fn a_load_overlaps_with_the_access_before_it() {
        assert_eq!(of_block([0x6808, 0x6849, 0x1840, 0x6808]), cycles(2 + 1 + 1 + 2, 7));
    }
}
