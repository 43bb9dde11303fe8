//! As much of the instruction sets as the call graph needs: calls, jumps, and how far an instruction
//! lowers the stack pointer.

/// What an instruction does to the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// A call of the function at this address.
    Call(u32),
    /// A jump to this address, which is a call if it leaves the function.
    Jump(u32),
    /// A call to an address in a register.
    Indirect,
    /// The stack grows by so many bytes.
    Grows(u32),
    /// Nothing of interest.
    None,
}

/// A half word at an offset.
fn half(code: &[u8], at: usize) -> u32 {
    code.get(at..at + 2).map_or(0, |bytes| u32::from(bytes[0]) | u32::from(bytes[1]) << 8)
}

/// The low `bits` bits of a number as a signed one.
const fn signed(value: u32, bits: u32) -> u32 {
    (((value << (32 - bits)) as i32) >> (32 - bits)) as u32
}

/// A jump, or the call that it is.
const fn called(effect: Effect, is_call: bool) -> Effect {
    match effect {
        Effect::Jump(to) if is_call => Effect::Call(to),
        effect => effect,
    }
}

/// The Thumb instruction at an offset of `code`, which lies at `address`: its length and effect.
pub(crate) fn thumb(code: &[u8], at: usize, address: u32) -> (usize, Effect) {
    let (first, here) = (half(code, at), address.wrapping_add(at as u32 + 4));
    let to = |offset: u32| Effect::Jump(here.wrapping_add(offset));
    if first >> 11 < 0b11101 {
        return (
            2,
            match first {
                _ if first & 0xFF87 == 0x4780 => Effect::Indirect, // blx
                _ if first & 0xFF80 == 0xB080 => Effect::Grows((first & 0x7F) * 4), // sub sp
                _ if first & 0xFE00 == 0xB400 => Effect::Grows((first & 0x1FF).count_ones() * 4), // push
                _ if first & 0xF800 == 0xE000 => to(signed((first & 0x7FF) << 1, 12)), // b
                _ if first & 0xF000 == 0xD000 && first & 0xE00 != 0xE00 => {
                    to(signed((first & 0xFF) << 1, 9)) // b with a condition
                }
                _ => Effect::None,
            },
        );
    }
    let second = half(code, at + 2);
    let sign = first >> 10 & 1;
    let bits = |place: u32| (second >> place & 1 ^ sign) ^ 1;
    let far = sign << 24
        | bits(13) << 23
        | bits(11) << 22
        | (first & 0x3FF) << 12
        | (second & 0x7FF) << 1;
    (
        4,
        match (first, second) {
            // bl, b.w
            _ if first & 0xF800 == 0xF000 && second & 0xD000 == 0xD000 => {
                called(to(signed(far, 25)), true)
            }
            _ if first & 0xF800 == 0xF000 && second & 0xD000 == 0x9000 => to(signed(far, 25)),
            // b.w with a condition
            _ if first & 0xF800 == 0xF000
                && second & 0xD000 == 0x8000
                && first & 0x380 != 0x380 =>
            {
                let near = sign << 20 | (second >> 11 & 1) << 19 | (second >> 13 & 1) << 18;
                to(signed(near | (first & 0x3F) << 12 | (second & 0x7FF) << 1, 21))
            }
            (0xE92D, list) => Effect::Grows(list.count_ones() * 4), // push.w
            _ if first & 0xFFBF == 0xED2D && second & 0xE00 == 0xA00 => {
                Effect::Grows((second & 0xFF) * 4)
            } // vpush
            // sub.w sp, of constants that need no rotation
            _ if first & 0xFBFF == 0xF1AD && second & 0x8F00 == 0x0D00 => {
                let (high, low) = ((first >> 10 & 1) << 3 | second >> 12 & 7, second & 0xFF);
                Effect::Grows(match high {
                    0 => low,
                    _ => (0x80 | low & 0x7F).rotate_right(high << 1 | low >> 7),
                })
            }
            _ => Effect::None,
        },
    )
}

/// The RISC-V instruction at an offset of `code`, which lies at `address`.
pub(crate) fn riscv(code: &[u8], at: usize, address: u32) -> (usize, Effect) {
    let (first, here) = (half(code, at), address.wrapping_add(at as u32));
    let to = |offset: u32| Effect::Jump(here.wrapping_add(offset));
    let bit = |value: u32, from: u32, to: u32| (value >> from & 1) << to;
    let grows = |offset: u32| match offset as i32 {
        lower @ ..0 => Effect::Grows(lower.unsigned_abs()),
        _ => Effect::None,
    };
    if first & 3 != 3 {
        return (
            2,
            match (first & 3, first >> 13) {
                (1, 1 | 5) => {
                    // c.jal, c.j
                    let offset = bit(first, 12, 11)
                        | bit(first, 11, 4)
                        | (first >> 9 & 3) << 8
                        | bit(first, 8, 10)
                        | bit(first, 7, 6)
                        | bit(first, 6, 7)
                        | (first >> 3 & 7) << 1
                        | bit(first, 2, 5);
                    called(to(signed(offset, 12)), first >> 13 == 1)
                }
                (1, 6 | 7) => {
                    // c.beqz, c.bnez
                    let offset = bit(first, 12, 8)
                        | (first >> 10 & 3) << 3
                        | (first >> 5 & 3) << 6
                        | (first >> 3 & 3) << 1
                        | bit(first, 2, 5);
                    to(signed(offset, 9))
                }
                (1, 0) if first >> 7 & 31 == 2 => {
                    grows(signed(bit(first, 12, 5) | first >> 2 & 31, 6))
                }
                (1, 3) if first >> 7 & 31 == 2 => {
                    // c.addi16sp
                    let offset = bit(first, 12, 9)
                        | bit(first, 6, 4)
                        | bit(first, 5, 6)
                        | (first >> 3 & 3) << 7
                        | bit(first, 2, 5);
                    grows(signed(offset, 10))
                }
                // c.jalr
                (2, 4) if first >> 12 & 1 == 1 && first >> 7 & 31 != 0 && first >> 2 & 31 == 0 => {
                    Effect::Indirect
                }
                _ => Effect::None,
            },
        );
    }
    let word = first | half(code, at + 2) << 16;
    let effect = match word & 0x7F {
        0x6F => {
            // jal
            let offset = bit(word, 31, 20)
                | (word >> 12 & 0xFF) << 12
                | bit(word, 20, 11)
                | (word >> 21 & 0x3FF) << 1;
            called(to(signed(offset, 21)), word >> 7 & 31 == 1)
        }
        0x63 => {
            // branches
            let offset = bit(word, 31, 12)
                | bit(word, 7, 11)
                | (word >> 25 & 0x3F) << 5
                | (word >> 8 & 0xF) << 1;
            to(signed(offset, 13))
        }
        0x17 => {
            // auipc, and the jalr that goes with it
            let next = half(code, at + 4) | half(code, at + 6) << 16;
            let pair = next & 0x707F == 0x67 && next >> 15 & 31 == word >> 7 & 31;
            if pair {
                let offset = (word & !0xFFF).wrapping_add(signed(next >> 20, 12));
                return (8, called(to(offset), next >> 7 & 31 == 1));
            }
            Effect::None
        }
        0x67 if word >> 7 & 31 == 1 => Effect::Indirect, // jalr
        0x13 if word >> 7 & 0x1FFF == 2 << 8 | 2 => grows(signed(word >> 20, 12)), // addi sp, sp
        _ => Effect::None,
    };
    (4, effect)
}
