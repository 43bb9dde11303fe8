//! The forms of the ten digits, from `skeletons.txt`, which says what its lines mean.

use std::sync::LazyLock;

pub(super) type Point = (i8, i8);

/// One way of writing a digit.
pub(super) struct Form {
    /// What sets it apart, as a sentence; several forms may share one.
    pub(super) name: &'static str,
    /// Relative frequency among the forms of its digit.
    pub(super) weight: u32,
    /// The strokes in the order of writing.
    pub(super) strokes: Vec<Vec<Point>>,
}

pub(super) static DIGITS: LazyLock<[Vec<Form>; 10]> = LazyLock::new(|| {
    let mut digits = [const { Vec::new() }; 10];
    let mut name = "";
    for line in include_str!("skeletons.txt").lines() {
        if let Some(comment) = line.strip_prefix('#') {
            name = comment.trim();
        } else if !line.is_empty() {
            let (digit, form) = parse(name, line).unwrap_or_else(|| panic!("no form: {line}"));
            digits[digit].push(form);
        }
    }
    digits
});

fn parse(name: &'static str, line: &str) -> Option<(usize, Form)> {
    let (head, strokes) = line.split_once(": ")?;
    let (digit, weight) = head.split_once(' ')?;
    let point = |point: &str| {
        let (x, y) = point.split_once(',')?;
        Some((x.parse().ok()?, y.parse().ok()?))
    };
    let strokes = strokes.split(" / ").map(|stroke| stroke.split(' ').map(point).collect());
    let form =
        Form { name, weight: weight.parse().ok()?, strokes: strokes.collect::<Option<_>>()? };
    Some((digit.parse().ok()?, form))
}
