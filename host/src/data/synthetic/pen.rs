//! Turns a skeleton into the path of one writer's pen: how shaky, how slanted, how wide.

use super::hand::Hand;
use super::random::Random;
use super::skeletons::{Form, Point};

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
pub(super) fn write(form: &Form, hand: &Hand, random: &mut Random) -> Vec<Vec<Spot>> {
    let shake = random.uniform(hand.shake.0, hand.shake.1);
    let bend = bend(hand, random);
    let proportions = proportions(hand, random);
    let lean = lean(hand, random);
    let stroke = |points: &Vec<Point>| {
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
        path.map(|spot| lean(bend(proportions(spot)))).collect()
    };
    form.strokes.iter().map(stroke).collect()
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
fn bend(hand: &Hand, random: &mut Random) -> impl Fn(Spot) -> Spot + use<> {
    let strength = random.uniform(hand.bend.0, hand.bend.1);
    let mut shifts = [[(0.0, 0.0); KNOTS]; KNOTS];
    for shift in shifts.as_flattened_mut() {
        *shift = (random.bell(strength), random.bell(strength));
    }
    move |spot| {
        // The sheet reaches from -30 to 90 across and from -10 to 110 down.
        let (column, right) = cell((spot.x + 30.0) / 120.0);
        let (row, low) = cell((spot.y + 10.0) / 120.0);
        let mix =
            |a: (f32, f32), b: (f32, f32), t: f32| (a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t);
        let upper = mix(shifts[row][column], shifts[row][column + 1], right);
        let lower = mix(shifts[row + 1][column], shifts[row + 1][column + 1], right);
        let (dx, dy) = mix(upper, lower, low);
        Spot { x: spot.x + dx, y: spot.y + dy }
    }
}

/// The cell of a position from 0 to 1 among the knots, and the fraction of the cell before it,
/// eased so that the sheet has no creases.
fn cell(position: f32) -> (usize, f32) {
    let scaled = position.clamp(0.0, 1.0) * (KNOTS - 1) as f32;
    let index = (scaled as usize).min(KNOTS - 2);
    let t = scaled - index as f32;
    (index, t * t * (3.0 - 2.0 * t))
}

/// The proportions of height and width: a large head over a small foot, or the reverse.
fn proportions(hand: &Hand, random: &mut Random) -> impl Fn(Spot) -> Spot + use<> {
    let (down, across) = (random.bell(hand.proportions), random.bell(hand.proportions));
    // Parabolas that leave the ends of a digit 100 tall and 60 wide where they are.
    move |Spot { x, y }| Spot {
        x: x + across * x * (60.0 - x) / 60.0,
        y: y + down * y * (100.0 - y) / 100.0,
    }
}

/// Slant, stretch and rotation.
fn lean(hand: &Hand, random: &mut Random) -> impl Fn(Spot) -> Spot + use<> {
    // The tangent of half the angle gives sine and cosine without a library's rounding.
    let half = random.bell(hand.rotation);
    let scale = 1.0 / (1.0 + half * half);
    let slant = hand.slant.0 + random.bell(hand.slant.1);
    let stretch = random.uniform(hand.stretch.0, hand.stretch.1);
    let (cos, sin) = ((1.0 - half * half) * scale, 2.0 * half * scale);
    move |Spot { x, y }| {
        let x = x * stretch - y * slant;
        Spot { x: x * cos - y * sin, y: x * sin + y * cos }
    }
}
