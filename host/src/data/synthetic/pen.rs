//! Turns a skeleton into the path of one writer's pen: which style, how shaky, how slanted, how wide.

use super::random::Random;
use super::skeletons::{DIGITS, Point, Style};

/// A point of the pen's path; any unit, y downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spot {
    pub(super) x: f32,
    pub(super) y: f32,
}

/// Straight lines between two points of a smooth curve.
const PIECES: usize = 6;

/// Knots along each side of the field that bends the sheet.
const KNOTS: usize = 3;

/// Draws the strokes of one digit: polylines, about 100 units tall.
pub(super) fn write(digit: usize, random: &mut Random) -> Vec<Vec<Spot>> {
    let style = choose(DIGITS[digit], random);
    let shake = random.uniform(0.5, 4.0);
    let bend = Bend::new(random);
    let proportions = Proportions::new(random);
    let lean = Lean::new(random);
    let stroke = |points: &&[Point]| {
        let mut knots: Vec<Spot> = Vec::with_capacity(points.len());
        for (index, &(x, y)) in points.iter().enumerate() {
            // Both points of a corner stay one.
            knots.push(if index > 0 && points[index - 1] == (x, y) {
                knots[index - 1]
            } else {
                let (x, y) = (f32::from(x), f32::from(y));
                Spot { x: x + random.bell(shake), y: y + random.bell(shake) }
            });
        }
        let path = smooth(&knots).into_iter();
        path.map(|spot| lean.apply(bend.apply(proportions.apply(spot)))).collect()
    };
    style.strokes.iter().map(stroke).collect()
}

fn choose(styles: &'static [Style], random: &mut Random) -> &'static Style {
    let mut left = random.below(styles.iter().map(|style| style.weight).sum());
    for style in styles {
        if left < style.weight {
            return style;
        }
        left -= style.weight;
    }
    unreachable!("the draw is below the sum of the weights")
}

/// A Catmull-Rom curve through the knots; a knot given twice is a corner.
fn smooth(knots: &[Spot]) -> Vec<Spot> {
    let mut path = vec![knots[0]];
    for (index, pair) in knots.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        if from == to {
            continue;
        }
        let before = if index > 0 { knots[index - 1] } else { from };
        let after = *knots.get(index + 2).unwrap_or(&to);
        for piece in 1..=PIECES {
            let t = piece as f32 / PIECES as f32;
            let blend = |a: f32, b: f32, c: f32, d: f32| {
                let slope = c - a;
                let curve = 2.0 * a - 5.0 * b + 4.0 * c - d;
                let twist = 3.0 * (b - c) + d - a;
                b + 0.5 * t * (slope + t * (curve + t * twist))
            };
            path.push(Spot {
                x: blend(before.x, from.x, to.x, after.x),
                y: blend(before.y, from.y, to.y, after.y),
            });
        }
    }
    path
}

/// A smooth bend of the sheet: shifts at a grid of knots, blended between them.
struct Bend([[(f32, f32); KNOTS]; KNOTS]);

impl Bend {
    fn new(random: &mut Random) -> Self {
        let strength = random.uniform(3.0, 13.0);
        let mut shifts = [[(0.0, 0.0); KNOTS]; KNOTS];
        for shift in shifts.as_flattened_mut() {
            *shift = (random.bell(strength), random.bell(strength));
        }
        Self(shifts)
    }

    fn apply(&self, spot: Spot) -> Spot {
        // The sheet reaches from -30 to 90 across and from -10 to 110 down.
        let (column, right) = cell((spot.x + 30.0) / 120.0);
        let (row, low) = cell((spot.y + 10.0) / 120.0);
        let mix =
            |a: (f32, f32), b: (f32, f32), t: f32| (a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t);
        let upper = mix(self.0[row][column], self.0[row][column + 1], right);
        let lower = mix(self.0[row + 1][column], self.0[row + 1][column + 1], right);
        let (dx, dy) = mix(upper, lower, low);
        Spot { x: spot.x + dx, y: spot.y + dy }
    }
}

/// The cell of a position from 0 to 1 among the knots, and the fraction of the cell before it, eased so
/// that the sheet has no creases.
fn cell(position: f32) -> (usize, f32) {
    let scaled = position.clamp(0.0, 1.0) * (KNOTS - 1) as f32;
    let index = (scaled as usize).min(KNOTS - 2);
    let t = scaled - index as f32;
    (index, t * t * (3.0 - 2.0 * t))
}

/// The proportions of height and width: a large head over a small foot, or the reverse.
struct Proportions {
    down: f32,
    across: f32,
}

impl Proportions {
    fn new(random: &mut Random) -> Self {
        Self { down: random.bell(0.25), across: random.bell(0.25) }
    }

    fn apply(&self, spot: Spot) -> Spot {
        // Parabolas that leave the ends of a digit 100 tall and 60 wide where they are.
        let down = self.down * spot.y * (100.0 - spot.y) / 100.0;
        let across = self.across * spot.x * (60.0 - spot.x) / 60.0;
        Spot { x: spot.x + across, y: spot.y + down }
    }
}

/// Slant, stretch and rotation.
struct Lean {
    slant: f32,
    stretch: f32,
    cos: f32,
    sin: f32,
}

impl Lean {
    fn new(random: &mut Random) -> Self {
        // The tangent of half the angle gives sine and cosine without a library's rounding.
        let half = random.bell(0.05);
        let scale = 1.0 / (1.0 + half * half);
        Self {
            slant: 0.2 + random.bell(0.32),
            stretch: random.uniform(0.65, 1.5),
            cos: (1.0 - half * half) * scale,
            sin: 2.0 * half * scale,
        }
    }

    fn apply(&self, spot: Spot) -> Spot {
        let x = spot.x * self.stretch - spot.y * self.slant;
        Spot { x: x * self.cos - spot.y * self.sin, y: x * self.sin + spot.y * self.cos }
    }
}
