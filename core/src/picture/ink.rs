//! How much ink a pixel has.

use super::Nothing;
use super::ground::{count, quantile};

/// The least ink that is meant, in parts of 255.
const FAINT: u8 = 20;

/// The darkest paper that a share of ink is taken of, in levels: noise on what is darker would be ink.
const DARKEST: u16 = 48;

/// The levels of ink that count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ink {
    /// What is surely ink.
    pub(super) sure: u8,
    /// What belongs to it if it is connected with it.
    pub(super) faint: u8,
}

/// Writes the ink of a picture: by how much of its ground's brightness a pixel is darker, in parts of 255.
pub(super) fn levels(
    picture: &[u8],
    ground: &[u8],
    ink: &mut [u8],
    noise: u8,
) -> Result<Ink, Nothing> {
    // With noise, the ground lies above the paper, as far as in the median pixel.
    let mut counts = [0_u32; 256];
    for (&level, &paper) in picture.iter().zip(ground) {
        count(&mut counts, paper.saturating_sub(level));
    }
    let above = quantile(&counts, 1, 2);
    counts.fill(0);
    for ((to, &level), &paper) in ink.iter_mut().zip(picture).zip(ground) {
        let paper = paper.saturating_sub(above);
        let darker = u16::from(paper.saturating_sub(level));
        *to = (darker * 255 / u16::from(paper).max(DARKEST)).min(255) as u8;
        count(&mut counts, *to);
    }
    let most = quantile(&counts, 9_999, 10_000);
    let sure = otsu(&counts).ok_or(Nothing::Blank)?;
    // In parts of the paper, as the ink is.
    counts.fill(0);
    ground.iter().for_each(|&paper| count(&mut counts, paper.saturating_sub(above)));
    let paper = u16::from(quantile(&counts, 1, 2)).max(DARKEST);
    let noise = (u16::from(noise) * 255 / paper).min(255) as u8;
    let sure = sure.max(FAINT).max(noise.saturating_mul(6));
    if most < sure {
        return Err(Nothing::Blank);
    }
    Ok(Ink { sure, faint: (sure / 3).max(noise.saturating_mul(3)).max(8) })
}

/// The threshold that separates ink from paper best (Otsu, *A threshold selection method from gray-level
/// histograms*, 1979); `None` if there are not two levels.
fn otsu(counts: &[u32; 256]) -> Option<u8> {
    let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    let all: u64 = (0_u64..).zip(counts).map(|(level, &count)| level * u64::from(count)).sum();
    let (mut below, mut sum) = (0_u64, 0_u64);
    let mut best: Option<(u128, u8)> = None;
    for (level, &count) in (0_u8..255).zip(counts) {
        below += u64::from(count);
        sum += u64::from(level) * u64::from(count);
        let above = total - below;
        if below == 0 || above == 0 {
            continue;
        }
        // The variance between the two, times the square of the total and a constant.
        let apart = u128::from((all * below).abs_diff(sum * total));
        let variance = apart * apart / u128::from(below) / u128::from(above);
        if best.is_none_or(|(most, _)| variance > most) {
            best = Some((variance, level + 1));
        }
    }
    best.map(|(_, level)| level)
}
