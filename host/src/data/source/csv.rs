//! Tables of comma-separated values: a label and the pixels of an image in each row.

use std::io::{self, Read};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};

use super::classes::Labels;
use super::columns::{Columns, NAMES, number};
use super::parts::{Part, Parts};
use super::rows::Rows;
use super::tree::{Member, Tree};
use super::values::Values;
use super::{Reading, SourceError};
use crate::support::files::FileError;
use crate::support::visible;

/// The most bytes of a table.
const MOST: u64 = 700 << 20;
/// The most bytes of a line: 64×64 values of 64 digits.
const LINE: usize = 1 << 18;

/// Whether a file's name is that of a table.
pub(super) fn is_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.ends_with(".csv") || name.ends_with(".tsv")
}

/// Reads the tables of a tree: a single one, or those that have `train` and `test` in their names.
pub(super) fn read(tree: &Tree, reading: &Reading) -> Result<Parts, SourceError> {
    let tables: Vec<&Member> = tree.files.iter().filter(|file| is_name(file.name())).collect();
    let mut parts = Parts { kind: "CSV", numbered: true, ..Parts::default() };
    // A single file may have any name.
    if tree.files.len() == 1 || tables.len() == 1 {
        let file = tables.first().copied().unwrap_or(&tree.files[0]);
        parts.train = table(tree, file, reading, &mut parts.labels, None)?;
        return match parts.train {
            Some(_) => Ok(parts),
            None => Err(without_labels(&file.path)),
        };
    }
    let named = |part: &str| {
        let is = |file: &&&Member| file.name().to_ascii_lowercase().contains(part);
        let found: Vec<&Member> = tables.iter().filter(is).copied().collect();
        match found[..] {
            [] => Ok(None),
            [file] => Ok(Some(file)),
            [first, second, ..] => Err(SourceError::content(
                &tree.root,
                format!(
                    "has several tables of a part, {} and {}: give the one to use",
                    visible::line(&first.within),
                    visible::line(&second.within)
                ),
            )),
        }
    };
    let Some(train) = named("train")? else {
        let names: Vec<String> =
            tables.iter().take(5).map(|file| visible::line(&file.within)).collect();
        let names = names.join(", ");
        let fault = format!(
            "has several tables, {names}: give one of them, or name them train.csv and test.csv"
        );
        return Err(SourceError::content(&tree.root, fault));
    };
    parts.train = table(tree, train, reading, &mut parts.labels, None)?;
    if parts.train.is_none() {
        return Err(without_labels(&train.path));
    }
    if let Some(test) = named("test")? {
        parts.test = table(tree, test, reading, &mut parts.labels, None)?;
        if parts.test.is_none() {
            let path = visible::path(&test.path);
            parts.notes.push(format!("{path} has no column of labels and is not used"));
        }
    }
    Ok(parts)
}

/// Reads the rows of a table for a model that takes such: values, and labels if there is a column more.
pub(super) fn rows(
    path: &Path,
    reading: &Reading,
    rows: Rows,
) -> Result<(Part, Labels), SourceError> {
    let (tree, mut labels) = (Tree::of_file(path), Labels::default());
    let part = table(&tree, &tree.files[0], reading, &mut labels, Some(rows))?;
    part.map(|part| (part, labels)).ok_or_else(|| without_labels(path))
}

fn without_labels(path: &Path) -> SourceError {
    let names = NAMES.join(", ");
    SourceError::content(
        path,
        format!(
            "has no column of labels: expected one that is called {names}, or is named by --label, \
             or comes first"
        ),
    )
}

/// Fails at a line that is longer than a row can be. Within quotes, a row goes on in the next line.
struct Lines<R> {
    from: R,
    length: usize,
    quoted: bool,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        for &byte in &buffer[..read] {
            self.quoted ^= byte == b'"';
            let ends = !self.quoted && (byte == b'\n' || byte == b'\r');
            self.length = if ends { 0 } else { self.length + 1 };
            if self.length > LINE {
                let message =
                    format!("a line has over {LINE} bytes, the limit: is it a table of images?");
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
        }
        Ok(read)
    }
}

/// The images or features of a table; none if it has no labels, which `known` rows do not need.
fn table(
    tree: &Tree,
    file: &Member,
    reading: &Reading,
    labels: &mut Labels,
    known: Option<Rows>,
) -> Result<Option<Part>, SourceError> {
    let content = tree.unpacked(file, MOST)?;
    let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&content);
    let refuse = |fault: String| SourceError::content(&file.path, fault);
    if text.contains(&0) && text.starts_with(b"\xff\xfe") {
        return Err(refuse("is UTF-16 text: save it as UTF-8".to_owned()));
    }
    let first = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let count = |separator: &u8| first.iter().filter(|byte| *byte == separator).count();
    let separator = [b',', b';', b'\t'].into_iter().rev().max_by_key(count).unwrap_or(b',');
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(Lines { from: text, length: 0, quoted: false });
    let mut row = ByteRecord::new();
    let mut next = |row: &mut ByteRecord| {
        let read = reader.read_byte_record(row).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => FileError::at("read", &file.path)(error).into(),
            _ => SourceError::content(&file.path, "is no table that can be read".to_owned()),
        })?;
        Ok::<_, SourceError>(read.then(|| reader.position().line()))
    };
    if next(&mut row)?.is_none() {
        return Err(refuse("is empty, expected rows of a label and pixels".to_owned()));
    }
    let columns = row.len();
    let Some(Columns { label, has_header, rows }) =
        Columns::find(&row, reading, known).map_err(refuse)?
    else {
        return Ok(None);
    };
    let mut part = Part { rows, values: Values::default(), labels: Vec::new() };
    let mut line = 1;
    if has_header {
        match next(&mut row)? {
            Some(end) => line = end.saturating_sub(1),
            None => return Err(refuse("has a header and no rows".to_owned())),
        }
    }
    loop {
        let refuse = |fault: String| {
            SourceError::content(&file.path, format!("is wrong in row {line}: {fault}"))
        };
        if row.len() != columns {
            return Err(refuse(format!(
                "it has {} columns, the first row has {columns}",
                row.len()
            )));
        }
        for (column, field) in row.iter().enumerate() {
            if Some(column) == label {
                let id = labels.id(&String::from_utf8_lossy(field)).map_err(refuse)?;
                part.labels.push(id);
            } else {
                let value = number(field).ok_or_else(|| {
                    let shown: String = String::from_utf8_lossy(field).chars().take(20).collect();
                    let shown = visible::line(&shown);
                    let advice = match (label, shown.is_empty()) {
                        (_, true) => "; fill it in, or leave out the row".to_owned(),
                        (Some(0), _) if column + 1 == columns => match has_header {
                            true => "; if it has the labels, name it by --label".to_owned(),
                            false => "; without a header the labels must come first".to_owned(),
                        },
                        _ if shown.contains(',') => "; write decimals with a point".to_owned(),
                        _ => String::new(),
                    };
                    let number = column + 1;
                    refuse(format!("column {number} is `{shown}`, expected a number{advice}"))
                })?;
                part.values.push(value).map_err(refuse)?;
            }
        }
        match next(&mut row)? {
            Some(end) => line = end.saturating_sub(1),
            None => return Ok(Some(part)),
        }
    }
}
