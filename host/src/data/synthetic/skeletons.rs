//! The forms of the classes, from `skeletons.txt` or a user's file like it. `skeletons.txt` says what its
//! lines mean.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use crate::data::labels;

pub(super) type Point = (i8, i8);

/// One way of writing a digit, or another symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// What sets it apart, as a sentence; several forms may share one.
    pub name: String,
    /// Relative frequency among the forms of its class.
    pub weight: u32,
    /// The strokes in the order of writing.
    pub(super) strokes: Vec<Vec<Point>>,
}

/// A class, and the forms that it is written in. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// Its label.
    pub label: String,
    /// Relative frequency among the classes.
    pub weight: u32,
    /// Its forms.
    pub forms: Vec<Form>,
}

/// What is wrong with a file of forms.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} {fault}")]
pub struct FormsError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it, and what is expected.
    pub fault: String,
}

/// The forms of Inkbit's own digits.
pub const OWN: &str = include_str!("skeletons.txt");

pub(super) static DIGITS: LazyLock<Vec<Class>> =
    LazyLock::new(|| parse(OWN).expect("a test reads the project's own forms"));

const WEIGHTS: RangeInclusive<u32> = 1..=1000;
const MOST_CLASSES: usize = 256;
const MOST_FORMS: usize = 1_000;
/// Points of a form, four times as many as a digit's have: the time to draw it grows with the length of
/// its strokes.
const MOST_POINTS: usize = 100;
/// Characters of a name, of which every form has a copy.
const LONGEST_NAME: usize = 100;

/// Whether a text begins as a file of forms does: with comments, and a line that is a form.
pub fn is_forms(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    // The last line may be cut off.
    let lines = text.lines().map(str::trim_end);
    let first = lines.into_iter().find(|line| !line.is_empty() && !line.starts_with('#'));
    first.and_then(|line| line.split_once(": ")).is_some_and(|(head, strokes)| {
        let point = strokes.split(' ').next().unwrap_or_default();
        head.starts_with("class ") || (head.contains(' ') && self::point(point).is_ok())
    })
}

/// Reads the forms of a text; classes come in the order in which they are first named.
///
/// # Errors
///
/// The first line that is wrong, or that there is none.
pub fn parse(text: &str) -> Result<Vec<Class>, FormsError> {
    let mut classes: Vec<Class> = Vec::new();
    let (mut name, mut forms) = ("", 0);
    for (line, number) in text.lines().map(str::trim_end).zip(1..) {
        let at = |fault| FormsError { line: number, fault };
        if let Some(comment) = line.strip_prefix('#') {
            name = comment.trim();
            continue;
        }
        if line.is_empty() {
            continue;
        }
        if let Some((label, weight)) = class_weight(line).transpose().map_err(at)? {
            of(&mut classes, label).map_err(at)?.weight = weight;
            continue;
        }
        forms += 1;
        if forms > MOST_FORMS {
            return Err(at(format!("is form {forms}, the limit is {MOST_FORMS}: leave some out")));
        }
        let (label, form) = form(name, line).map_err(at)?;
        of(&mut classes, label).map_err(at)?.forms.push(form);
    }
    let lines = text.lines().count().max(1);
    let at_end = |fault| FormsError { line: lines, fault };
    if let Some(class) = classes.iter().find(|class| class.forms.is_empty()) {
        let label = &class.label;
        return Err(at_end(format!("is the last, and class {label:?} has no form: give it one")));
    }
    match classes.len() {
        0 | 1 => Err(at_end("is the last, and there are no two classes with forms".to_owned())),
        _ => Ok(classes),
    }
}

/// The class with this label, new if there is none.
fn of<'c>(classes: &'c mut Vec<Class>, label: &str) -> Result<&'c mut Class, String> {
    let at = classes.iter().position(|class| class.label == label).unwrap_or(classes.len());
    if at == classes.len() {
        if let Some(fault) = labels::fault(label) {
            return Err(format!("names the class {}, which {fault}", labels::excerpt(label)));
        }
        if at == MOST_CLASSES {
            return Err(format!("names a class after {MOST_CLASSES}: leave some out"));
        }
        classes.push(Class { label: label.to_owned(), weight: 1, forms: Vec::new() });
    }
    Ok(&mut classes[at])
}

/// Label and weight of a line `class LABEL: WEIGHT`.
fn class_weight(line: &str) -> Option<Result<(&str, u32), String>> {
    let (label, number) = line.strip_prefix("class ")?.split_once(':')?;
    Some(weight(number).map(|weight| (label.trim(), weight)))
}

fn weight(text: &str) -> Result<u32, String> {
    let weight = text.trim().parse().ok().filter(|weight| WEIGHTS.contains(weight));
    let (least, most) = WEIGHTS.into_inner();
    weight.ok_or_else(|| format!("has the frequency {text:?}, not a number from {least} to {most}"))
}

fn form<'l>(name: &str, line: &'l str) -> Result<(&'l str, Form), String> {
    let expected = "expected a label, a frequency, a colon, and strokes of points, as in \
                    `7 2: 0,0 60,0 20,100 / 10,50 50,50`";
    let head = line.split_once(": ").and_then(|(head, strokes)| {
        head.rsplit_once(' ').map(|(label, weight)| (label.trim(), weight, strokes))
    });
    let (label, number, strokes) = head.ok_or_else(|| format!("is no form: {expected}"))?;
    let length = name.chars().count();
    if length > LONGEST_NAME {
        return Err(format!(
            "has a comment of {length} characters above it for its name, the limit is \
             {LONGEST_NAME}: shorten it"
        ));
    }
    let points = |stroke: &str| stroke.split_whitespace().map(point).collect::<Result<_, _>>();
    let strokes: Vec<Vec<Point>> = strokes.split(" / ").map(points).collect::<Result<_, _>>()?;
    let count: usize = strokes.iter().map(Vec::len).sum();
    if strokes.iter().any(|stroke| stroke.len() < 2) || count > MOST_POINTS {
        return Err(format!(
            "has {count} points in {} strokes: each stroke has at least 2, and a form at most \
             {MOST_POINTS}",
            strokes.len()
        ));
    }
    Ok((label, Form { name: name.to_owned(), weight: weight(number)?, strokes }))
}

fn point(text: &str) -> Result<Point, String> {
    let numbers = text.split_once(',').and_then(|(x, y)| Some((x.parse().ok()?, y.parse().ok()?)));
    numbers.ok_or_else(|| format!("has {text:?} for a point: expected x,y of -128 to 127 each"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_projects_own_forms_are_those_of_ten_digits() {
        let classes = parse(OWN).unwrap();
        let labels: Vec<&str> = classes.iter().map(|class| class.label.as_str()).collect();
        assert_eq!(labels, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
        assert!(classes.iter().all(|class| class.weight == 1 && class.forms.len() > 5));
        assert!(is_forms(OWN.as_bytes()));
    }

    #[test]
    fn a_file_says_which_classes_and_forms_are_frequent() {
        let text = "# a tick\nyes 3: 0,50 30,100 100,0\n\nclass no: 4\nno 1: 0,0 9,9 / 9,0 0,9\n";
        let classes = parse(text).unwrap();
        assert_eq!(classes[0].forms[0].name, "a tick");
        assert_eq!((classes[0].weight, classes[0].forms[0].weight), (1, 3));
        assert_eq!((classes[1].weight, classes[1].forms[0].strokes.len()), (4, 2));
        assert!(
            is_forms(text.as_bytes()) && is_forms(b"class a: 2\n") && is_forms(b"#\n\na 1: 3,4 ")
        );
        for other in ["", "label,pixel0\n1,2\n", "a: b\n", "key = 1\n", "# nothing else\n"] {
            assert!(!is_forms(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn a_wrong_line_is_named_with_what_it_should_be() {
        let cases = [
            ("a 1: 0,0 1,1\nb 1 0,0", "line 2 is no form: expected a label"),
            ("a 0: 0,0 1,1", "line 1 has the frequency \"0\", not a number from 1 to 1000"),
            ("a 1: 0,0 1,200", "line 1 has \"1,200\" for a point"),
            ("a 1: 0,0", "line 1 has 1 points in 1 strokes"),
            (" 1: 0,0 1,1", "line 1 names the class \"\", which is empty: give every class a name"),
            (
                "gab\u{202e} 1: 0,0 1,1",
                "line 1 names the class \"gab\\u{202e}\", which has the invisible character U+202E",
            ),
            (
                "class \u{1b}[31m: 2",
                "line 1 names the class \"\\u{1b}[31m\", which has a control character: remove it",
            ),
            ("class a: x", "line 1 has the frequency \" x\""),
            ("class a: 2\nb 1: 0,0 1,1", "line 2 is the last, and class \"a\" has no form"),
            ("a 1: 0,0 1,1", "line 1 is the last, and there are no two classes"),
            ("", "line 1 is the last"),
        ];
        for (text, expected) in cases {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
        let many: String = (0..300).map(|class| format!("c{class} 1: 0,0 1,1\n")).collect();
        assert!(parse(&many).unwrap_err().fault.contains("after 256"));
    }

    #[test]
    fn a_form_has_no_more_points_than_are_drawn_in_little_time() {
        let file = |points: usize| format!("b 1: 0,0 1,1\na 1: {}0,0", "0,0 ".repeat(points - 1));
        assert!(parse(&file(100)).is_ok());
        assert_eq!(
            parse(&file(101)).unwrap_err().to_string(),
            "line 2 has 101 points in 1 strokes: each stroke has at least 2, and a form at most 100"
        );
    }

    #[test]
    fn a_file_has_no_more_forms_and_no_longer_names_than_a_sheet_takes() {
        let file = |name: usize, forms: usize| {
            let form = "a 1: 0,0 1,1\n";
            format!("b 1: 0,0 1,1\n# {}\n{}", "ä".repeat(name), form.repeat(forms - 1))
        };
        assert!(parse(&file(100, 1_000)).is_ok());
        assert_eq!(
            parse(&file(101, 2)).unwrap_err().to_string(),
            "line 3 has a comment of 101 characters above it for its name, the limit is 100: \
             shorten it"
        );
        assert_eq!(
            parse(&file(1, 1_001)).unwrap_err().to_string(),
            "line 1002 is form 1001, the limit is 1000: leave some out"
        );
    }
}
