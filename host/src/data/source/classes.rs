//! Labels as others write them, names or numbers, and the classes that they are.

use std::collections::HashMap;

use crate::data::labels::MAX_LABEL;
use crate::support::visible;

/// The most classes: a label is a byte.
pub(super) const MOST: usize = 256;

/// Distinct labels, in the order in which they were found.
#[derive(Default)]
pub(super) struct Labels {
    names: Vec<String>,
    ids: HashMap<String, u16>,
}

impl Labels {
    /// The number of a label among those found so far. Numbers are told apart by value: `7.0` is `7`.
    pub fn id(&mut self, label: &str) -> Result<u16, String> {
        let label = label.trim();
        if let Some(&id) = self.ids.get(label) {
            return Ok(id);
        }
        let whole = label.parse::<f64>().ok().filter(|n| n.fract() == 0.0 && n.abs() < 1e15);
        let name =
            whole.map_or_else(|| visible::line(label), |number| format!("{:.0}", number + 0.0));
        let length = name.chars().count();
        if name.is_empty() {
            return Err("a label is empty: give every image one".to_owned());
        }
        if length > MAX_LABEL {
            let start: String = name.chars().take(MAX_LABEL).collect();
            return Err(format!(
                "the label {start}... has {length} characters, but must have at most {MAX_LABEL}: \
                 shorten it"
            ));
        }
        let same = self.names.iter().position(|other| *other == name);
        let id = same.unwrap_or(self.names.len()) as u16;
        if same.is_none() {
            if self.names.len() == MOST {
                return Err(format!(
                    "there are over {MOST} different labels, such as {name}, the limit is {MOST}: \
                     is this the column or array of labels?"
                ));
            }
            self.names.push(name);
        }
        // Few spellings of a number are remembered: there may be any number.
        if self.ids.len() < 4 * MOST && label.len() <= 4 * MAX_LABEL {
            self.ids.insert(label.to_owned(), id);
        }
        Ok(id)
    }

    /// The classes, and the class of each label by its number.
    ///
    /// Of a model, with classes `known`, labels are found by name. Otherwise numbers from 0 to 255
    /// are the classes themselves if `numbered`, as in IDX files, and other labels are sorted:
    /// numbers by value, else by name.
    pub fn classes(
        &self,
        known: Option<&[String]>,
        numbered: bool,
    ) -> Result<(Vec<String>, Vec<u8>), String> {
        if let Some(known) = known {
            let place = |name: &String| known.iter().position(|class| class == name);
            let found: Option<Vec<usize>> = self.names.iter().map(place).collect();
            if let Some(found) = found {
                let byte = |(place, name): (&usize, &String)| {
                    u8::try_from(*place).map_err(|_| {
                        format!(
                            "the class {name} is number {place} of the model, counted from 0, but \
                             images can only be labelled with the first {MOST}: leave it out"
                        )
                    })
                };
                let found = found.iter().zip(&self.names).map(byte).collect::<Result<_, _>>()?;
                return Ok((known.to_owned(), found));
            }
        }
        let numbers: Option<Vec<u8>> = self.names.iter().map(|name| name.parse().ok()).collect();
        let greatest = numbers.iter().flatten().max().map_or(0, |&greatest| usize::from(greatest));
        match (known, numbers) {
            (Some(known), Some(numbers)) if numbered || greatest < known.len() => {
                let count = known.len().max(greatest + 1);
                let beyond = known.len()..count;
                let classes =
                    known.iter().cloned().chain(beyond.map(|class| class.to_string())).collect();
                Ok((classes, numbers))
            }
            (Some(known), _) => {
                let unknown = self.names.iter().find(|name| !known.contains(name));
                let classes: Vec<&str> = known.iter().take(20).map(String::as_str).collect();
                Err(format!(
                    "cannot be labelled: `{}` is none of the model's classes, which are {}{}; rename \
                     it, or give the data that the model was trained on",
                    unknown.map_or("", String::as_str),
                    classes.join(", "),
                    if known.len() > classes.len() { ", ..." } else { "" }
                ))
            }
            (None, Some(numbers)) if numbered => {
                Ok(((0..=greatest).map(|class| class.to_string()).collect(), numbers))
            }
            _ => Ok(self.sorted()),
        }
    }

    fn sorted(&self) -> (Vec<String>, Vec<u8>) {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        let value = |place: &usize| self.names[*place].parse::<i64>().ok();
        match order.iter().all(|place| value(place).is_some()) {
            true => order.sort_by_key(value),
            false => order.sort_by(|&a, &b| self.names[a].cmp(&self.names[b])),
        }
        let mut classes = vec![0; order.len()];
        for (class, &place) in order.iter().enumerate() {
            classes[place] = class as u8;
        }
        (order.into_iter().map(|place| self.names[place].clone()).collect(), classes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Labels {
        let mut labels = Labels::default();
        assert!(names.iter().all(|name| labels.id(name).is_ok()));
        labels
    }

    #[test]
    fn numbers_are_classes_or_sorted_by_value_and_names_by_name() {
        let strings = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let numbers = found(&["10", "2.0", "2"]);
        assert_eq!(numbers.classes(None, true).unwrap().1, [10, 2]);
        assert_eq!(numbers.classes(None, true).unwrap().0.len(), 11);
        assert_eq!(numbers.classes(None, false).unwrap(), (strings(&["2", "10"]), vec![1, 0]));
        assert_eq!(
            found(&["dog", "cat"]).classes(None, true).unwrap(),
            (strings(&["cat", "dog"]), vec![1, 0])
        );
        assert_eq!(found(&["-1", "1"]).classes(None, true).unwrap().1, [0, 1]);
    }

    #[test]
    fn the_classes_of_a_model_are_found_by_name_then_by_number() {
        let known = ["3", "7"].map(str::to_owned);
        assert_eq!(found(&["7"]).classes(Some(&known), false).unwrap().1, [1]);
        let many: Vec<String> = (0..300).map(|number| format!("c{number}")).collect();
        assert_eq!(found(&["c255"]).classes(Some(&many), false).unwrap().1, [255]);
        let error = found(&["c44", "c256"]).classes(Some(&many), false).unwrap_err();
        assert!(error.contains("c256 is number 256 of the model"), "{error}");
        let known = ["zero", "one"].map(str::to_owned);
        assert_eq!(found(&["1"]).classes(Some(&known), false).unwrap().1, [1]);
        let error = found(&["two"]).classes(Some(&known), false).unwrap_err();
        assert!(
            error.contains("`two` is none of the model's classes, which are zero, one; rename")
        );
    }

    #[test]
    fn labels_without_end_are_refused() {
        let mut labels = Labels::default();
        assert!((0..256).all(|number| labels.id(&number.to_string()).is_ok()));
        assert!(labels.id("256").unwrap_err().contains("over 256 different labels"));
        assert!(labels.id(&"x".repeat(33)).unwrap_err().contains("has 33 characters"));
        assert!(labels.id(" ").unwrap_err().contains("is empty"));
    }
}
