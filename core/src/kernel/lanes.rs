//! Taking sums apart that a kernel has accumulated side by side.
//!
//! A register holds several sums, each 2ⁿ times a power of two away from its neighbours and so in a
//! *lane* of its own as long as it stays below the lane's width. Kernels walk so few entries at a
//! time that it does, whatever the model: the constants here say how many.

/// Entries after which a sum of 8-bit codes still fits 24 bits: 256 · 255 · 255 < 2²⁴.
pub const ENTRIES_8: usize = 256;
/// Entries after which a sum of 4-bit codes still fits 24 bits: 4096 · 15 · 255 < 2²⁴. No layer has
/// more.
pub const ENTRIES_4: usize = crate::MAX_WIDTH;
/// Entries after which a sum of 2-bit codes still fits 16 bits: 85 · 3 · 255 < 2¹⁶.
pub const ENTRIES_2: usize = 85;

const LANE: u32 = 0xFF_FFFF;

/// The two 64-bit accumulators of one word w of four 8-bit codes c₀…c₃: `p` = Σ w·v and `q` =
/// Σ (c₂ + c₁·2²⁴)·v. Returns Σ cₖ·v.
#[inline(always)]
#[must_use]
pub const fn eight_in_64(p: u64, q: u64) -> [u32; 4] {
    let (s1, s2) = ((q >> 24) as u32, q as u32 & LANE);
    let p = p.wrapping_sub((s1 as u64) << 8).wrapping_sub((s2 as u64) << 16);
    [p as u32 & LANE, s1, s2, (p >> 24) as u32]
}

/// The three 32-bit accumulators of one word of four 8-bit codes, modulo 2³²: `a` = Σ (c₀ +
/// c₃·2²⁴)·v, `b` = Σ (c₁ + c₃·2¹⁶)·v, `c` = Σ (c₂ + c₃·2⁸)·v. Returns Σ cₖ·v.
///
/// Each register's upper lane gives eight more bits of the fourth sum, which the next one's lower
/// lane is then freed of.
#[inline(always)]
#[must_use]
pub const fn eight_in_32(a: u32, b: u32, c: u32) -> [u32; 4] {
    let (s0, s3) = (a & LANE, a >> 24);
    let b = b.wrapping_sub(s3 << 16);
    let (s1, s3) = (b & LANE, s3 | b >> 24 << 8);
    let c = c.wrapping_sub(s3 << 8);
    [s0, s1, c & LANE, s3 | c >> 24 << 16]
}

/// The four 64-bit accumulators of a word w of eight 4-bit codes, n₀ lowest: `p` = Σ w·v and in `q`
/// Σ (nᵢ + nⱼ·2²⁴)·v for (i, j) = (1, 7), (4, 2), (5, 3). Returns the sums in the order of the
/// block's outputs: of n₀, n₂, n₄, n₆, n₁, n₃, n₅, n₇.
#[inline(always)]
#[must_use]
pub const fn four_in_64(p: u64, q: [u64; 3]) -> [u32; 8] {
    const fn pair(q: u64) -> [u64; 2] {
        [q & LANE as u64, q >> 24]
    }
    let ([n1, n7], [n4, n2], [n5, n3]) = (pair(q[0]), pair(q[1]), pair(q[2]));
    let others = (n1 << 4) + (n2 << 8) + (n3 << 12) + (n4 << 16) + (n5 << 20) + (n7 << 28);
    let [n0, n6] = pair(p.wrapping_sub(others));
    [n0 as u32, n2 as u32, n4 as u32, n6 as u32, n1 as u32, n3 as u32, n5 as u32, n7 as u32]
}

/// An accumulator of two 16-bit lanes, as the kernels for 2-bit codes fill eight of.
#[inline(always)]
#[must_use]
pub const fn two_in_32(lanes: u32) -> [u32; 2] {
    [lanes & 0xFFFF, lanes >> 16]
}
