//! Gestures as an accelerometer gives them, made up: what a model of features is tried with.
//!
//! A window is [`STEPS`] readings of three axes in thousandths of g, 25 a second: gravity, along which
//! the board lies by chance, then what the hand does, then noise.

use std::f32::consts::{PI, TAU};

use micromath::F32Ext;

use crate::support::rng::Rng;

/// Readings of a window.
pub const STEPS: usize = 32;
/// The axes, in the order of the columns: all readings of one, then those of the next.
pub const AXES: [char; 3] = ['x', 'y', 'z'];
/// The labels.
pub const GESTURES: [&str; 6] = ["rest", "shake", "circle", "lift", "tap", "tilt"];

/// What a sensor of ±8 g gives at the most, in thousandths of g.
const MOST: f32 = 8_000.0;

/// The readings of a gesture, which is one of [`GESTURES`] by its number, in the order of [`columns`].
/// Seed and number of the window decide them, on every computer alike: no function of the system's is
/// called.
///
/// ```
/// use inkbit::data::gestures::{AXES, STEPS, window};
/// assert_eq!(window(1, 4, 1).len(), AXES.len() * STEPS);
/// assert_ne!(window(1, 4, 1), window(1, 5, 1));
/// ```
pub fn window(gesture: usize, number: u64, seed: u64) -> Vec<i16> {
    let mut rng = Rng::new(seed, &[gesture as u64, number]);
    let mut between = |least: f32, most: f32| least + (most - least) * rng.unit();
    let (pitch, roll) = (between(-0.35, 0.35), between(-0.35, 0.35));
    let (start, pace, size) = (between(0.0, 1.0), between(0.0, 1.0), between(0.0, 1.0));
    let side = if between(-1.0, 1.0) < 0.0 { -1.0 } else { 1.0 };
    let noise = between(15.0, 60.0);
    let mut readings = vec![0; AXES.len() * STEPS];
    for step in 0..STEPS {
        let seconds = step as f32 / 25.0;
        let wave = |rate: f32| F32Ext::sin(TAU * (rate * seconds + start));
        // Of a movement that is done once: from 0 to 1 on its way, else outside.
        let way = |long: f32| (seconds - 0.5 * start * (1.25 - long)) / long;
        let (mut turned, mut push) = (0.0, [0.0; 3]);
        match gesture {
            1 => push[0] = (500.0 + 1300.0 * size) * wave(2.5 + 2.5 * pace),
            2 => {
                let (rate, size) = (0.8 + 0.9 * pace, 300.0 + 600.0 * size);
                push[0] = size * wave(rate);
                push[1] = side * size * F32Ext::sin(TAU * (rate * seconds + start + 0.25));
            }
            3 => {
                let way = way(0.5 + 0.6 * pace);
                if (0.0..1.0).contains(&way) {
                    push[2] = (350.0 + 700.0 * size) * F32Ext::sin(TAU * way);
                }
            }
            4 => {
                let since = seconds - 0.2 - 0.7 * start;
                if since >= 0.0 {
                    let dies = F32Ext::exp(-since * (14.0 + 10.0 * pace));
                    push[2] =
                        -(1200.0 + 2500.0 * size) * dies * F32Ext::sin(TAU * 9.0 * since + 1.0);
                }
            }
            5 => {
                let way = way(0.5 + 0.5 * pace).clamp(0.0, 1.0);
                turned = side * (0.6 + 0.8 * size) * (0.5 - 0.5 * F32Ext::cos(PI * way));
            }
            _ => {}
        }
        let (pitch, roll) = (pitch + turned, roll);
        let gravity = [
            1000.0 * F32Ext::sin(pitch),
            1000.0 * F32Ext::cos(pitch) * F32Ext::sin(roll),
            1000.0 * F32Ext::cos(pitch) * F32Ext::cos(roll),
        ];
        for axis in 0..AXES.len() {
            let value = gravity[axis] + push[axis] + noise * rng.normal();
            readings[axis * STEPS + step] = value.clamp(-MOST, MOST).round() as i16;
        }
    }
    readings
}

/// The names of the readings: `x0`, `x1` … `z31`.
pub fn columns() -> impl Iterator<Item = String> {
    AXES.into_iter().flat_map(|axis| (0..STEPS).map(move |step| format!("{axis}{step}")))
}

/// A table of windows of every gesture in turn, with a header, as comma-separated values.
pub fn table(windows: usize, seed: u64) -> String {
    let mut text = String::from("label");
    columns().for_each(|column| text += &format!(",{column}"));
    text.push('\n');
    for number in 0..windows {
        let gesture = number % GESTURES.len();
        text += GESTURES[gesture];
        window(gesture, number as u64, seed).iter().for_each(|value| text += &format!(",{value}"));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_at_rest_feels_gravity_and_a_shaken_one_more() {
        let length = |window: &[i16], step: usize| {
            (0..3).map(|axis| f32::from(window[axis * STEPS + step]).powi(2)).sum::<f32>().sqrt()
        };
        for number in 0..50 {
            let rest = window(0, number, 1);
            assert!((0..STEPS).all(|step| (length(&rest, step) - 1000.0).abs() < 350.0));
            let shaken = window(1, number, 1);
            assert!((0..STEPS).any(|step| (length(&shaken, step) - 1000.0).abs() > 100.0));
        }
    }

    #[test]
    fn a_table_has_every_gesture_in_turn() {
        let text = table(12, 1);
        let first: Vec<&str> =
            text.lines().skip(1).map(|line| line.split_once(',').unwrap().0).collect();
        assert_eq!(first, [GESTURES, GESTURES].concat());
        assert!(text.lines().all(|line| line.split(',').count() == 1 + 96));
    }
}
