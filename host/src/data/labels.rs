//! Labels of the classes, one a line in a file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use inkbit_core::Model;

use crate::data::Dataset;
use crate::support::files::FileError;
use crate::support::limit::{self, TEXT};
use crate::support::numbers;
use crate::support::visible;

/// The most characters of a label: longer ones fit neither a table nor a screen.
pub const MAX_LABEL: usize = 32;

/// A file of labels that cannot be used, or data that cannot be classified.
#[derive(Debug, thiserror::Error)]
pub enum LabelsError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{} is not UTF-8 text: give a text file with one label a line", visible::path(.0))]
    NotText(PathBuf),
    /// `whose` names the owner of the classes: "the model has", "the data digits have".
    #[error(
        "{} has {}, but {whose} {}: give one line for each class, \
             in order from class 0",
        visible::path(path), numbers::counted(*found, "label", "labels"),
        numbers::counted(*expected, "class", "classes")
    )]
    Count { path: PathBuf, found: usize, whose: String, expected: usize },
    /// `fault` says what is wrong with the label, and what to do.
    #[error("{}, line {line}: the label {} {fault}", visible::path(path), excerpt(label))]
    Label { path: PathBuf, line: usize, label: String, fault: String },
    #[error(
        "the data {data} have images of one class only, {label}: expected at least two classes; \
         give other data, or add images of what is not {label}"
    )]
    OneClass { data: String, label: String },
    #[error("the data {0} have no images to train on: give others, or a smaller --split")]
    NoImages(String),
}

/// Reads a file of labels, one a line.
pub fn read(path: &Path) -> Result<Vec<String>, LabelsError> {
    parse(path, limit::read_named(path, TEXT)?)
}

/// The labels in a file's content, one a line.
pub(super) fn parse(path: &Path, content: Vec<u8>) -> Result<Vec<String>, LabelsError> {
    let text = String::from_utf8(content).map_err(|_| LabelsError::NotText(path.to_owned()))?;
    let mut labels: Vec<String> = Vec::new();
    // Beside the list, because a file may have many lines before its last one is refused.
    let mut lines: HashMap<&str, usize> = HashMap::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let label = line.trim_matches([' ', '\r']);
        let fault = if let Some(fault) = fault(label) {
            fault
        } else if let Some(same) = lines.insert(label, index + 1) {
            format!("is that of line {same}, too: give every class a name of its own")
        } else {
            labels.push(label.to_owned());
            continue;
        };
        let (path, label) = (path.to_owned(), label.to_owned());
        return Err(LabelsError::Label { path, line: index + 1, label, fault });
    }
    Ok(labels)
}

/// Why a text can be no label, as in "the label NAME is empty", and what to do; none if it can.
pub(crate) fn fault(label: &str) -> Option<String> {
    let length = label.chars().count();
    if label.is_empty() {
        Some("is empty: give every class a name".to_owned())
    } else if label.contains(char::is_control) {
        Some("has a control character: remove it".to_owned())
    } else if let Some(hidden) = label.chars().find(|&c| visible::is_hidden(c)) {
        Some(format!("has the invisible character U+{:04X}: remove it", u32::from(hidden)))
    } else if length > MAX_LABEL {
        Some(format!("has {length} characters, but must have at most {MAX_LABEL}: shorten it"))
    } else {
        None
    }
}

/// Reads a file of `classes` labels; `whose` names the owner of the classes in a message, such as
/// "the model has".
pub fn read_for(path: &Path, classes: usize, whose: &str) -> Result<Vec<String>, LabelsError> {
    counted(path, read(path)?, classes, whose)
}

/// These labels of a file, if there are `classes` of them.
pub(super) fn counted(
    path: &Path,
    labels: Vec<String>,
    classes: usize,
    whose: &str,
) -> Result<Vec<String>, LabelsError> {
    if labels.len() == classes {
        return Ok(labels);
    }
    let (path, whose) = (path.to_owned(), whose.to_owned());
    Err(LabelsError::Count { path, found: labels.len(), whose, expected: classes })
}

/// A label in quotes, cut to a message's width.
pub(super) fn excerpt(label: &str) -> String {
    match label.char_indices().nth(MAX_LABEL) {
        Some((end, _)) => format!("{:?}...", &label[..end]),
        None => format!("{label:?}"),
    }
}

/// The first class of a model whose label has a character that is invisible, and that character. A program
/// of somebody else's that prints it would hand it to a terminal.
pub fn first_hidden(model: &Model<'_>) -> Option<(usize, char)> {
    let hidden = |class| model.label(class).chars().find(|&c| visible::is_hidden(c));
    (0..model.classes()).find_map(|class| Some((class, hidden(class)?)))
}

/// The labels of a model's classes, made [visible](visible::line): other tools may have written anything
/// into it.
pub fn of_model(model: &Model<'_>) -> Vec<String> {
    // The format has room for longer ones.
    let label = |class| visible::line(model.label(class)).chars().take(MAX_LABEL).collect();
    (0..model.classes()).map(label).collect()
}

/// Warnings about the classes of data, a line each; mostly the labels are wrong.
pub fn oddities(data: &Dataset) -> Vec<String> {
    /// The most classes that a warning names.
    const NAMED: usize = 5;
    let has_image = |class: usize| data.train.labels.iter().any(|&it| usize::from(it) == class);
    let trained: Vec<bool> = (0..data.classes.len()).map(has_image).collect();
    let untrained = data.classes.iter().zip(&trained).filter(|(_, trained)| !**trained);
    let missing: Vec<&str> = untrained.map(|(label, _)| label.as_str()).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let mut names = missing[..missing.len().min(NAMED)].join(", ");
    if missing.len() > NAMED {
        names += &format!(" and {} more", missing.len() - NAMED);
    }
    let mut lines = vec![format!(
        "{} of {} classes have no training image: {names}; the network has an output for each all \
         the same; check the labels, which count from 0",
        missing.len(),
        data.classes.len()
    )];
    let is_unknown = |&&label: &&u8| trained.get(usize::from(label)) != Some(&true);
    let unknown = data.test.labels.iter().filter(is_unknown).count();
    if unknown > 0 {
        lines.push(format!(
            "{unknown} of {} test images are of classes without a training image: they will be \
             mistakes",
            data.test.len()
        ));
    }
    lines
}

/// Refuses data to train on of a single class, or of none.
pub fn check_classes(data: &Dataset) -> Result<(), LabelsError> {
    let Some(&first) = data.train.labels.first() else {
        return Err(LabelsError::NoImages(visible::line(&data.name)));
    };
    if data.train.labels.iter().any(|&label| label != first) {
        return Ok(());
    }
    let label = data.classes.get(usize::from(first)).cloned().unwrap_or_default();
    Err(LabelsError::OneClass { data: visible::line(&data.name), label })
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
    fn a_label_may_have_32_characters_of_any_number_of_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.txt");
        std::fs::write(&path, "ß".repeat(MAX_LABEL)).unwrap();
        assert_eq!(read(&path).unwrap(), ["ß".repeat(MAX_LABEL)]);
        assert!(refused("ß".repeat(MAX_LABEL + 1).as_bytes()).contains("has 33 characters"));
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
