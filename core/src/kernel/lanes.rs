//! Takes apart the sums that a kernel has accumulated in one register.
//!
//! A register holds several sums, each shifted left to a *lane* of its own, and they stay apart as long
//! as each fits the width of its lane. Kernels walk so few entries at a time that they do, whatever the
//! model: the constants here are the limits.
//!
//! The assembly takes its registers apart itself; the functions here are the tested definition of what
//! it does.

/// Entries after which a sum of 8-bit codes still fits 24 bits, and one of weights with its sign:
/// 256 · 255 · 255 < 2²⁴ and 256 · 128 · 255 < 2²³. The more so with 4 bits.
pub const ENTRIES_8: usize = 256;
/// Entries after which a sum of 2-bit codes still fits 16 bits: 85 · 3 · 255 < 2¹⁶.
pub const ENTRIES_2: usize = 85;

const LANE: u32 = 0xFF_FFFF;

/// The two lanes of a 64-bit accumulator, 24 bits apart. The lower one fits 24 bits with its sign.
const fn pair(lanes: i64) -> [i32; 2] {
    let low = lanes << 40 >> 40;
    [low as i32, (lanes.wrapping_sub(low) >> 24) as i32]
}

/// The two 64-bit accumulators of one word w of four 8-bit codes c₀…c₃: `p` = Σ w·v and `q` =
/// Σ (c₂ + c₁·2²⁴)·v, less [`EIGHT_IN_64`] times Σ v. Returns the sums of weights, Σ (cₖ − 128)·v.
#[inline(always)]
pub const fn eight_in_64(p: i64, q: i64) -> [i32; 4] {
    let [s2, s1] = pair(q);
    let [s0, s3] = pair(p.wrapping_sub((s1.wrapping_add(s2 << 8) as i64) << 8));
    [s0, s1, s2, s3]
}

/// What turns codes into weights, −128, in all lanes of `p` and of `q`.
pub const EIGHT_IN_64: [u32; 2] = [0x8080_8080, 0x8000_0080];

/// What [`eight_in_32`] takes, less [`EIGHT_IN_32`] times Σ v. Returns the sums of weights,
/// Σ (cₖ − 128)·v.
#[inline(always)]
pub const fn signed_eight_in_32(r: i32, h: i32, b: i32) -> [i32; 4] {
    let low = r.wrapping_sub(h << 16);
    let s0 = (low << 8).wrapping_sub(b << 16) >> 8;
    let s1 = low.wrapping_sub(s0) >> 8;
    let s2 = (h << 8).wrapping_sub(b.wrapping_sub(s1)) >> 8;
    [s0, s1, s2, h.wrapping_sub(s2) >> 8]
}

/// What turns codes into weights, −128, in all lanes of `r`, `h` and `b`.
pub const EIGHT_IN_32: [u32; 3] = [0x8080_8080, 0x8080, 0x80_0080];

/// The three 32-bit accumulators of one word w of four 8-bit codes, modulo 2³²: `r` = Σ w·v, `h` =
/// Σ (w >> 16)·v, `b` = Σ (c₁ + c₃·2¹⁶)·v. Returns Σ cₖ·v.
#[inline(always)]
pub const fn eight_in_32(r: u32, h: u32, b: u32) -> [u32; 4] {
    let low = r.wrapping_sub(h << 16); // s₀ + s₁·2⁸
    let s0 = (low << 8).wrapping_sub(b << 16) >> 8;
    let s1 = low.wrapping_sub(s0) >> 8;
    let s2 = (h << 8).wrapping_sub(b.wrapping_sub(s1)) >> 8;
    [s0, s1, s2, h.wrapping_sub(s2) >> 8]
}

/// Three sums modulo 2³² of one word w of four 8-bit codes: `reversed` = Σ (c₃ + c₂·2⁸ + c₁·2¹⁶ +
/// c₀·2²⁴)·v, `upper` = Σ (w >> 16)·v, `whole` = Σ w·v. Returns Σ cₖ·v.
///
/// The lanes overlap, but the map is injective: no two sets of sums below 2²⁴, 96 bits, give the same
/// three registers, 96 bits.
#[inline(always)]
pub const fn eight_by_reversal([reversed, upper, whole]: [u32; 3]) -> [u32; 4] {
    // s₀ + s₁·2⁸, as `upper` is s₂ + s₃·2⁸.
    let lower = whole.wrapping_sub(upper << 16);
    // All but the lower 16 bits of s₃ falls out of `reversed` − `upper`·2⁸.
    let s3_low = reversed.wrapping_sub(upper << 8);
    let s2 = upper.wrapping_sub(s3_low << 8) & LANE;
    let s3 = upper.wrapping_sub(s2) >> 8;
    // s₁ + s₀·2⁸, in the upper half.
    let swapped = reversed.wrapping_sub(s3).wrapping_sub(s2 << 8);
    let s1_low = (swapped >> 16).wrapping_sub(lower << 8);
    let s0 = lower.wrapping_sub(s1_low << 8) & LANE;
    let s1 = lower.wrapping_sub(s0) >> 8;
    [s0, s1, s2, s3]
}

/// Sums of one word of eight 4-bit codes: those of its bytes as [`eight_by_reversal`] takes them,
/// and of the odd nibbles o₀…o₃ `swapped` = Σ (o₁ + o₀·2⁸ + o₃·2¹⁶ + o₂·2²⁴)·v and `odd` = Σ (o₀ +
/// o₁·2⁸ + o₂·2¹⁶ + o₃·2²⁴)·v modulo 2³². Returns the sums of the even nibbles and of the odd ones,
/// in order, if none is 2²⁰ or more.
#[inline(always)]
pub const fn four_by_reversal([reversed, upper, whole, swapped, odd]: [u32; 5]) -> [u32; 8] {
    let [b0, b1, b2, b3] = eight_by_reversal([reversed, upper, whole]);
    let (e0, o0) = nibbles(b0, odd.wrapping_sub(swapped << 8));
    let (e1, o1) = nibbles(b1, swapped.wrapping_sub(odd << 8));
    let odd = odd.wrapping_sub(o0).wrapping_sub(o1 << 8) >> 16;
    let swapped = swapped.wrapping_sub(o1).wrapping_sub(o0 << 8) >> 16;
    let (e2, o2) = nibbles(b2, odd.wrapping_sub(swapped << 8));
    let (e3, o3) = nibbles(b3, swapped.wrapping_sub(odd << 8));
    [e0, e1, e2, e3, o0, o1, o2, o3]
}

/// The same with the sums of bytes as [`eight_in_32`] takes them, and of the odd nibbles `odd02` =
/// Σ (o₀ + o₂·2¹⁶)·v and `odd13` = Σ (o₁ + o₃·2¹⁶)·v.
#[inline(always)]
pub const fn four_in_32([r, h, b, odd02, odd13]: [u32; 5]) -> [u32; 8] {
    let [b0, b1, b2, b3] = eight_in_32(r, h, b);
    let (e0, o0) = nibbles(b0, odd02);
    let (e1, o1) = nibbles(b1, odd13);
    let (e2, o2) = nibbles(b2, odd02.wrapping_sub(o0) >> 16);
    let (e3, o3) = nibbles(b3, odd13.wrapping_sub(o1) >> 16);
    [e0, e1, e2, e3, o0, o1, o2, o3]
}

/// The sums of a byte's two nibbles, from that of the byte and the 16 lowest bits of the upper
/// one's.
#[inline(always)]
const fn nibbles(byte: u32, upper_low: u32) -> (u32, u32) {
    let lower = byte.wrapping_sub(upper_low << 4) & 0xF_FFFF;
    (lower, byte.wrapping_sub(lower) >> 4)
}

/// The four 64-bit accumulators of a word w of eight 4-bit codes, n₀ lowest: `p` = Σ w·v and in `q`
/// 2 Σ (nᵢ + nⱼ·2²⁴)·v for (i, j) = (1, 7), (4, 2), (5, 3), less [`FOUR_IN_64`] times `total` = Σ v.
/// Returns the sums of weights, Σ (2nₖ − 15)·v, in the order of the block's outputs: of n₀, n₂, n₄,
/// n₆, n₁, n₃, n₅, n₇.
#[inline(always)]
pub const fn four_in_64(p: i64, q: [i64; 3], total: i32) -> [i32; 8] {
    let ([n1, n7], [n4, n2], [n5, n3]) = (pair(q[0]), pair(q[1]), pair(q[2]));
    let (n2_n3, n4_n5) = ((n2 + (n3 << 4)) as i64, (n4 + (n5 << 4)) as i64);
    let [n0, n6] = pair(p - (q[0] << 3) - (n2_n3 << 7) - (n4_n5 << 15));
    [2 * n0 + total, n2, n4, 2 * n6 + total, n1, n3, n5, n7]
}

/// What turns codes into weights: −15 in the lanes of `q`; in `p` what these leave of −8 · (1 + 2²⁴) when
/// they are taken off, so that n₀ − 8 and n₆ − 8 remain.
pub const FOUR_IN_64: [u32; 2] = [0x8080_0000, 0x0F00_000F];

/// An accumulator of two 16-bit lanes, as the kernels for 2-bit codes fill eight of.
#[inline(always)]
pub const fn two_in_32(lanes: u32) -> [u32; 2] {
    [lanes & 0xFFFF, lanes >> 16]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every choice of `N` sums from 0, the greatest, and those whose carries are awkward.
    fn choices<const N: usize>(greatest: u32, mut test: impl FnMut([u32; N])) {
        let sums = [0, 1, 0xFF, 0x100, 0xFFFF, 0x1_0000, greatest / 2 + 1, greatest - 1, greatest];
        for choice in 0..sums.len().pow(N as u32) {
            let mut rest = choice;
            test([(); N].map(|()| {
                let sum = sums[rest % sums.len()];
                rest /= sums.len();
                sum
            }));
        }
        // And some that are not so regular: Knuth's multiplicative hash.
        for round in 0..100_000_u32 {
            let mut number = round;
            test([(); N].map(|()| {
                number = number.wrapping_add(1).wrapping_mul(2_654_435_769);
                ((u64::from(number) * u64::from(greatest + 1)) >> 32) as u32
            }));
        }
    }

    const GREATEST_8: u32 = ENTRIES_8 as u32 * 255 * 255;
    const GREATEST_4: u32 = ENTRIES_8 as u32 * 15 * 255;

    /// Σ sum · 2^shift, modulo 2³².
    fn register<const N: usize>(sums: [u32; N], shifts: [u32; N]) -> u32 {
        let sums = sums.into_iter().zip(shifts);
        sums.fold(0, |register, (sum, shift)| register.wrapping_add(sum << shift))
    }

    #[test]
    fn sums_of_8_bit_codes_come_out_of_three_registers() {
        choices(GREATEST_8, |sums: [u32; 4]| {
            let [_, s1, s2, s3] = sums;
            let whole = register(sums, [0, 8, 16, 24]);
            let upper = register([s2, s3], [0, 8]);
            let reversed = register(sums, [24, 16, 8, 0]);
            assert_eq!(eight_by_reversal([reversed, upper, whole]), sums);
            let pair = register([s1, s3], [0, 16]);
            assert_eq!(eight_in_32(whole, upper, pair), sums);
        });
    }

    #[test]
    fn sums_of_4_bit_codes_come_out_of_five_registers() {
        choices(GREATEST_4, |[e0, o0, e2, o2]: [u32; 4]| {
            // Eight independent sums would be too many choices; these two pairs are as good as any.
            let (e1, o1, e3, o3) = (o2, e2, GREATEST_4 - e0, GREATEST_4 - o0);
            let bytes = [(e0, o0), (e1, o1), (e2, o2), (e3, o3)].map(|(e, o)| e + (o << 4));
            let odd = [o0, o1, o2, o3];
            let sums = [e0, e1, e2, e3, o0, o1, o2, o3];
            let whole = register(bytes, [0, 8, 16, 24]);
            let upper = register([bytes[2], bytes[3]], [0, 8]);
            let reversed = register(bytes, [24, 16, 8, 0]);
            let swapped = register(odd, [8, 0, 24, 16]);
            let straight = register(odd, [0, 8, 16, 24]);
            assert_eq!(four_by_reversal([reversed, upper, whole, swapped, straight]), sums);
            let pair = register([bytes[1], bytes[3]], [0, 16]);
            let (odd02, odd13) = (register([o0, o2], [0, 16]), register([o1, o3], [0, 16]));
            assert_eq!(four_in_32([whole, upper, pair, odd02, odd13]), sums);
        });
    }

    /// What lanes hold that have begun below zero.
    fn less(lanes: u64, factor: u32, total: u32) -> i64 {
        lanes.wrapping_sub(u64::from(factor) * u64::from(total)).cast_signed()
    }

    #[test]
    fn sums_of_8_bit_weights_come_out_of_two_long_registers_or_three() {
        const TOTAL: u32 = ENTRIES_8 as u32 * 255;
        choices(GREATEST_8, |sums: [u32; 4]| {
            let expected = sums.map(|sum| sum.cast_signed() - 128 * TOTAL.cast_signed());
            let [s0, s1, s2, s3] = sums.map(u64::from);
            let [p, q] = [s0 + (s1 << 8) + (s2 << 16) + (s3 << 24), s2 + (s1 << 24)];
            let [p_factor, q_factor] = EIGHT_IN_64;
            assert_eq!(eight_in_64(less(p, p_factor, TOTAL), less(q, q_factor, TOTAL)), expected);
            let lanes = [p, s2 + (s3 << 8), s1 + (s3 << 16)].into_iter().zip(EIGHT_IN_32);
            let lanes: [i32; 3] = core::array::from_fn(|lane| {
                let (sum, factor) = lanes.clone().nth(lane).unwrap();
                less(sum, factor, TOTAL) as i32
            });
            assert_eq!(signed_eight_in_32(lanes[0], lanes[1], lanes[2]), expected);
        });
    }

    #[test]
    fn sums_of_4_bit_weights_come_out_of_four_long_registers() {
        const TOTAL: u32 = ENTRIES_8 as u32 * 255;
        const GREATEST: u32 = 15 * TOTAL;
        choices(GREATEST, |[a, b, c, d]: [u32; 4]| {
            let sums = [a, b, c, d, GREATEST - c, GREATEST - d, GREATEST - a, GREATEST - b];
            let [n0, n2, n4, n6, n1, n3, n5, n7] = sums.map(u64::from);
            let nibbles = [n0, n1, n2, n3, n4, n5, n6, n7];
            let whole = nibbles.iter().zip(0..).map(|(sum, place)| sum << (4 * place)).sum();
            let pairs = [n1 + (n7 << 24), n4 + (n2 << 24), n5 + (n3 << 24)];
            let [p_factor, q_factor] = FOUR_IN_64;
            let pairs = pairs.map(|lanes| less(2 * lanes, q_factor, TOTAL));
            let found = four_in_64(less(whole, p_factor, TOTAL), pairs, TOTAL.cast_signed());
            let expected = sums.map(|sum| 2 * sum.cast_signed() - 15 * TOTAL.cast_signed());
            assert_eq!(found, expected);
        });
    }

    /// What a walk along so many entries leaves in the long registers, and what it should find.
    fn walk(codes: [u8; 4], value: u32, entries: usize) -> ([i32; 4], [i32; 4]) {
        let [c0, c1, c2, c3] = codes.map(u64::from);
        let times = u64::from(value) * entries as u64;
        let whole = u64::from(u32::from_le_bytes(codes)) * times;
        let pair = (c2 | c1 << 24) * times;
        let [p_factor, q_factor] = EIGHT_IN_64;
        let total = times as u32;
        let found = eight_in_64(less(whole, p_factor, total), less(pair, q_factor, total));
        (found, [c0, c1, c2, c3].map(|code| (code as i32 - 128) * total.cast_signed()))
    }

    #[test]
    fn a_list_too_long_for_its_lanes_is_right_only_if_it_is_split() {
        let codes = [255, 255, 254, 1];
        let (found, expected) = walk(codes, 255, 2 * ENTRIES_8);
        assert_ne!(found, expected);
        let (half, _) = walk(codes, 255, ENTRIES_8);
        assert_eq!(half.map(|sum| 2 * sum), expected);
    }

    #[test]
    fn a_sum_that_has_run_over_its_lane_is_wrong() {
        let sum = 259 * 255 * 255;
        assert!(GREATEST_8 <= LANE && sum > LANE);
        assert_ne!(eight_by_reversal([sum << 24, 0, sum]), [sum, 0, 0, 0]);
        assert_ne!(eight_in_32(sum, 0, 0), [sum, 0, 0, 0]);
    }
}
