//! Makes strokes thicker or thinner.

use super::ROUND;

/// Moves outlines out by a fraction of a pixel from -1 to 1: a greyscale dilation, or below 0 an
/// erosion, by a cross of five pixels, blended with the image. Beyond the image nothing is nearer.
///
/// # Panics
///
/// If `from` or `to` does not have `side × side` pixels.
pub fn move_out(side: usize, fraction: f32, from: &[u8], to: &mut [u8]) {
    assert_eq!((from.len(), to.len()), (side * side, side * side), "pixels of images");
    if fraction < 0.0 {
        move_by(side, -fraction, from, to, u8::min);
    } else {
        move_by(side, fraction, from, to, u8::max);
    }
}

/// Blends each pixel with the one that is picked of it and its neighbours. In loops that become SIMD: it would
/// take more time than all that an image goes through before.
#[inline(always)]
fn move_by(side: usize, fraction: f32, from: &[u8], to: &mut [u8], pick: impl Fn(u8, u8) -> u8) {
    let pick_of = |to: &mut [u8], from: &[u8]| {
        to.iter_mut().zip(from).for_each(|(to, &from)| *to = pick(*to, from));
    };
    to.copy_from_slice(from);
    let inner = from.len().saturating_sub(side);
    pick_of(&mut to[side.min(from.len())..], from);
    pick_of(to, &from[from.len() - inner..]);
    if let Some(last) = side.checked_sub(1) {
        for (to, from) in to.chunks_exact_mut(side).zip(from.chunks_exact(side)) {
            pick_of(&mut to[1..], from);
            pick_of(&mut to[..last], &from[1..]);
        }
    }
    for (to, &own) in to.iter_mut().zip(from) {
        let own = f32::from(own);
        let blended = own + fraction * (f32::from(*to) - own);
        // Rounded to even, and from halves up: what `f32::round` gives, which is a call here.
        let even = (blended + ROUND) - ROUND;
        let up = if blended - even == 0.5 { 1.0 } else { 0.0 };
        *to = (even + up + ROUND).to_bits() as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::rng::Rng;

    /// Pixel for pixel, with `f32::round`.
    fn slowly(side: usize, fraction: f32, from: &[u8]) -> Vec<u8> {
        let pick = if fraction < 0.0 { u8::min } else { u8::max };
        let moved = |place: usize| {
            let (row, column) = (place / side, place % side);
            let near = [
                (row, column + 1),
                (row + 1, column),
                (row + 1, column + 2),
                (row + 2, column + 1),
            ];
            let inside = near
                .into_iter()
                .filter(|&(row, column)| (1..=side).contains(&row) && (1..=side).contains(&column));
            let all = inside.map(|(row, column)| from[(row - 1) * side + column - 1]);
            let own = f32::from(from[place]);
            let picked = f32::from(all.fold(from[place], pick));
            (own + fraction.abs() * (picked - own)).round() as u8
        };
        (0..from.len()).map(moved).collect()
    }

    #[test]
    fn pixels_are_blended_with_the_brightest_or_darkest_of_five() {
        let mut rng = Rng::new(1, &[]);
        for side in [0, 1, 2, 3, 28] {
            for fraction in [-1.0, -0.5, -0.3, 0.0, 0.25, 0.5, 0.77, 1.0] {
                let from: Vec<u8> = (0..side * side).map(|_| rng.bits() as u8).collect();
                let mut to = vec![7; from.len()];
                move_out(side, fraction, &from, &mut to);
                assert_eq!(to, slowly(side, fraction, &from), "{side} {fraction}");
            }
        }
    }
}
