//! How much ink a pixel has.

use super::Nothing;
use super::counts::Counts;

/// The least ink that is meant, in parts of 255.
const FAINT: u8 = 20;

/// The darkest paper that ink is a fraction of, in levels: noise on what is darker would be ink.
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
    let darker = picture.iter().zip(ground).map(|(&level, &paper)| paper.saturating_sub(level));
    let above = Counts::<256>::of(darker).quantile(1, 2) as u8;
    for ((to, &level), &paper) in ink.iter_mut().zip(picture).zip(ground) {
        let paper = paper.saturating_sub(above);
        let darker = u16::from(paper.saturating_sub(level));
        *to = (darker * 255 / u16::from(paper).max(DARKEST)).min(255) as u8;
    }
    let counts = Counts::<256>::of(ink.iter().copied());
    let most = counts.quantile(9_999, 10_000) as u8;
    let sure = otsu(&counts).ok_or(Nothing::Blank)?;
    // As a fraction of the paper, as the ink is.
    let paper = Counts::<256>::of(ground.iter().map(|paper| paper.saturating_sub(above)));
    let paper = (paper.quantile(1, 2) as u16).max(DARKEST);
    let noise = (u16::from(noise) * 255 / paper).min(255) as u8;
    let sure = sure.max(FAINT).max(noise.saturating_mul(6));
    if most < sure {
        return Err(Nothing::Blank);
    }
    Ok(Ink { sure, faint: (sure / 3).max(noise.saturating_mul(3)).max(8) })
}

/// The threshold that separates ink from paper best (Otsu, *A threshold selection method from gray-level
/// histograms*, 1979); `None` if there are not two levels.
fn otsu(counts: &Counts<256>) -> Option<u8> {
    let total = counts.total();
    let all: u64 = counts.iter().map(|(level, count)| level as u64 * count).sum();
    let (mut below, mut sum) = (0_u64, 0_u64);
    let mut best: Option<(u128, u8)> = None;
    for (level, count) in counts.iter().take(255) {
        below += count;
        sum += level as u64 * count;
        let above = total - below;
        if below == 0 || above == 0 {
            continue;
        }
        // The variance between the two, times the square of the total and a constant.
        let apart = u128::from((all * below).abs_diff(sum * total));
        let variance = apart * apart / u128::from(below) / u128::from(above);
        if best.is_none_or(|(most, _)| variance > most) {
            best = Some((variance, level as u8 + 1));
        }
    }
    best.map(|(_, level)| level)
}
