//! Names with numbers in them, in the order that people give them.

/// A name by which names are sorted: texts, and the numbers between them as numbers.
pub fn order(name: &str) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let text = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (before, after) = rest.split_at(text);
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (number, after) = after.split_at(digits);
        parts.push((before.to_owned(), number.parse().unwrap_or(0)));
        rest = after;
    }
    parts
}

/// The numbers in a name; 0 where it has none, as the first of several has in Keras.
pub fn numbers(name: &str) -> Vec<u64> {
    let digits = name.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let numbers: Vec<u64> = digits.map(|digits| digits.parse().unwrap_or(u64::MAX)).collect();
    if numbers.is_empty() { vec![0] } else { numbers }
}

/// A name up to its last number, and that number; `None` if it does not end in one.
pub fn numbered(name: &str) -> Option<(&str, u64)> {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    name[stem.len()..].parse().ok().map(|number| (stem, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_sorted_as_numbers() {
        let mut names = ["net.10", "net.2", "dense_1", "dense", "net.0"];
        names.sort_by_key(|name| order(name));
        assert_eq!(names, ["dense", "dense_1", "net.0", "net.2", "net.10"]);
        assert_eq!((numbers("block1.bn2"), numbers("dense")), (vec![1, 2], vec![0]));
        assert_eq!((numbered("net.10"), numbered("fc.weight")), (Some(("net.", 10)), None));
    }
}
