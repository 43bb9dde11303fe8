//! Names of the classes, one a line in a file.

use std::path::{Path, PathBuf};

use inkbit_core::Model;

use crate::data::Dataset;
use crate::support::files::{self, FileError};

/// Characters of the longest label: more make no table and fit no screen.
pub const MAX_LABEL: usize = 32;

/// A file of labels that cannot be used, or data that cannot be classified.
#[derive(Debug, thiserror::Error)]
pub enum LabelsError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is no text.
    #[error("{} is not UTF-8 text: give a text file with one label a line", .0.display())]
    NotText(PathBuf),
    /// It has more or fewer lines than there are classes.
    #[error(
        "{} has {found} labels, but {whose} {expected} classes: give one line for each class, in \
         order from class 0", path.display()
    )]
    Count {
        /// The file.
        path: PathBuf,
        /// Its lines.
        found: usize,
        /// Whose classes are named: "the model has", "the data digits have".
        whose: String,
        /// The classes.
        expected: usize,
    },
    /// One of the lines cannot be a label.
    #[error("{}, line {line}: the label {} {fault}", path.display(), excerpt(label))]
    Label {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is there.
        label: String,
        /// What is wrong with it, and what to do.
        fault: String,
    },
    /// There is nothing to tell apart.
    #[error(
        "the data {data} have images of one class only, {label}: expected at least two classes; \
         give other data, or add images of what is not {label}"
    )]
    OneClass {
        /// The data.
        data: String,
        /// The class.
        label: String,
    },
}

/// Reads a file of labels.
///
/// # Errors
///
/// [`LabelsError`], of all kinds but [`LabelsError::Count`] and [`LabelsError::OneClass`].
pub fn read(path: &Path) -> Result<Vec<String>, LabelsError> {
    let text =
        String::from_utf8(files::read(path)?).map_err(|_| LabelsError::NotText(path.to_owned()))?;
    let mut labels: Vec<String> = Vec::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let label = line.trim_matches([' ', '\r']);
        let same = labels.iter().position(|other| other == label);
        let fault = if label.is_empty() {
            "is empty: give every class a name".to_owned()
        } else if label.contains(char::is_control) {
            "has a control character: remove it".to_owned()
        } else if let Some(hidden) = label.chars().find(|&c| is_hidden(c)) {
            format!("has the invisible character U+{:04X}: remove it", u32::from(hidden))
        } else if label.chars().count() > MAX_LABEL {
            let length = label.chars().count();
            format!("has {length} characters, but must have at most {MAX_LABEL}: shorten it")
        } else if let Some(same) = same {
            format!("is that of line {}, too: give every class a name of its own", same + 1)
        } else {
            labels.push(label.to_owned());
            continue;
        };
        let (path, label) = (path.to_owned(), label.to_owned());
        return Err(LabelsError::Label { path, line: index + 1, label, fault });
    }
    Ok(labels)
}

/// Reads a file of labels for so many classes; `whose` is for the message, such as "the model has".
///
/// # Errors
///
/// [`LabelsError`], of all kinds but [`LabelsError::OneClass`].
pub fn read_for(path: &Path, classes: usize, whose: &str) -> Result<Vec<String>, LabelsError> {
    let labels = read(path)?;
    if labels.len() == classes {
        return Ok(labels);
    }
    let (path, whose) = (path.to_owned(), whose.to_owned());
    Err(LabelsError::Count { path, found: labels.len(), whose, expected: classes })
}

/// A label in quotes, so much of it as a message has room for.
fn excerpt(label: &str) -> String {
    match label.char_indices().nth(MAX_LABEL) {
        Some((end, _)) => format!("{:?}...", &label[..end]),
        None => format!("{label:?}"),
    }
}

/// The labels of a model's classes, as they can be shown: other tools may have written anything
/// into it.
#[must_use]
pub fn of_model(model: &Model<'_>) -> Vec<String> {
    (0..model.classes()).map(|class| printable(model.label(class))).collect()
}

/// A text without what would change the terminal or the page that it is shown on.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if is_hidden(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Whether a character is not seen itself, but changes what is seen: control characters, line and
/// paragraph separators, and the marks that turn the direction of writing (Unicode, Annex 9).
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

/// What is strange about the classes of data, a line each; mostly labels are wrong then.
#[must_use]
pub fn oddities(data: &Dataset) -> Vec<String> {
    /// Classes that are named.
    const NAMED: usize = 5;
    let mut trained = vec![false; data.classes.len()];
    for &label in &data.train.labels {
        if let Some(trained) = trained.get_mut(usize::from(label)) {
            *trained = true;
        }
    }
    let untrained = data.classes.iter().zip(&trained).filter(|(_, trained)| !**trained);
    let missing: Vec<&str> = untrained.map(|(label, _)| label.as_str()).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let mut names = missing.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if missing.len() > NAMED {
        names += &format!(" and {} more", missing.len() - NAMED);
    }
    let mut lines = vec![format!(
        "{} of {} classes have no training image: {names}; the network has an output for each all \
         the same; check the labels, which count from 0",
        missing.len(),
        data.classes.len()
    )];
    let is_known = |&&label: &&u8| trained.get(usize::from(label)).is_some_and(|&known| known);
    let unknown = data.test.len() - data.test.labels.iter().filter(is_known).count();
    if unknown > 0 {
        lines.push(format!(
            "{unknown} of {} test images are of classes without a training image: they will be \
             mistakes",
            data.test.len()
        ));
    }
    lines
}

/// Refuses data to train on of a single class.
pub fn check_classes(data: &Dataset) -> Result<(), LabelsError> {
    let Some(&first) = data.train.labels.first() else { return Ok(()) };
    if data.train.labels.iter().any(|&label| label != first) {
        return Ok(());
    }
    let label = data.classes.get(usize::from(first)).cloned().unwrap_or_default();
    Err(LabelsError::OneClass { data: data.name.clone(), label })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(content: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.txt");
        std::fs::write(&path, content).unwrap();
        let error = read(&path).unwrap_err().to_string();
        error.replace(&folder.path().display().to_string(), "FOLDER")
    }

    #[test]
    fn a_file_of_any_line_ends_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.txt");
        std::fs::write(&path, "\u{feff}Ankle boot\r\nÄ < B\n").unwrap();
        assert_eq!(read(&path).unwrap(), ["Ankle boot", "Ä < B"]);
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_shown() {
        assert_eq!(printable("b\u{1b}[31mag\u{202e}"), "b\u{fffd}[31mag\u{fffd}");
        assert_eq!(printable("Ankle boot, \u{5e9}\u{5dc}"), "Ankle boot, \u{5e9}\u{5dc}");
    }

    #[test]
    fn lines_that_are_no_labels_are_named() {
        let start = "FOLDER/labels.txt";
        assert_eq!(
            refused(b"shirt\n\nbag\n"),
            format!("{start}, line 2: the label \"\" is empty: give every class a name")
        );
        assert_eq!(
            refused(b"shirt\nb\x1b[31mag\n"),
            format!(
                "{start}, line 2: the label \"b\\u{{1b}}[31mag\" has a control character: remove it"
            )
        );
        assert_eq!(
            refused(b"shirt\nbag\nshirt\n"),
            format!(
                "{start}, line 3: the label \"shirt\" is that of line 1, too: give every class a \
                 name of its own"
            )
        );
        assert_eq!(
            refused("shirt\ngab\u{202e}\n".as_bytes()),
            format!(
                "{start}, line 2: the label \"gab\\u{{202e}}\" has the invisible character U+202E: \
                 remove it"
            )
        );
        assert_eq!(
            refused("x".repeat(10_000).as_bytes()),
            format!(
                "{start}, line 1: the label \"{}\"... has 10000 characters, but must have at most \
                 32: shorten it",
                "x".repeat(32)
            )
        );
        assert_eq!(
            refused(b"\xff\xfe"),
            format!("{start} is not UTF-8 text: give a text file with one label a line")
        );
    }

    #[test]
    fn there_is_a_label_for_each_class() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.txt");
        std::fs::write(&path, "cat\ndog\n").unwrap();
        assert_eq!(read_for(&path, 2, "the model has").unwrap(), ["cat", "dog"]);
        let error = read_for(&path, 3, "the model has").unwrap_err().to_string();
        assert!(error.contains("has 2 labels, but the model has 3 classes"), "{error}");
    }
}
