//! The ways of writing the ten digits, from `skeletons.txt`, which says what its lines mean.

use std::sync::LazyLock;

pub(super) type Point = (i8, i8);

/// One way of writing a digit.
pub(super) struct Style {
    /// Relative frequency among the styles of its digit.
    pub(super) weight: u32,
    /// The strokes in the order of writing.
    pub(super) strokes: Vec<Vec<Point>>,
}

pub(super) static DIGITS: LazyLock<[Vec<Style>; 10]> = LazyLock::new(|| {
    let mut digits = [const { Vec::new() }; 10];
    let lines = include_str!("skeletons.txt").lines();
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (digit, style) = parse(line).unwrap_or_else(|| panic!("no style: {line}"));
        digits[digit].push(style);
    }
    digits
});

fn parse(line: &str) -> Option<(usize, Style)> {
    let (head, strokes) = line.split_once(": ")?;
    let (digit, weight) = head.split_once(' ')?;
    let point = |point: &str| {
        let (x, y) = point.split_once(',')?;
        Some((x.parse().ok()?, y.parse().ok()?))
    };
    let strokes = strokes.split(" / ").map(|stroke| stroke.split(' ').map(point).collect());
    let style = Style { weight: weight.parse().ok()?, strokes: strokes.collect::<Option<_>>()? };
    Some((digit.parse().ok()?, style))
}
