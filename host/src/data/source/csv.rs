//! Tables of comma-separated values: a label and the pixels of an image in each row.

use std::io::{self, Read};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};

use super::classes::Labels;
use super::parts::{Part, Parts};
use super::tree::{Member, Tree};
use super::values::{Rows, Values};
use super::{Reading, SourceError};
use crate::support::files::FileError;
use crate::support::visible;

/// The most bytes of a table.
const MOST: u64 = 700 << 20;
/// The most bytes of a line: 64×64 values of 64 digits.
const LINE: usize = 1 << 18;
/// Names of the column of labels, whatever their capitals.
const NAMES: [&str; 5] = ["label", "class", "target", "y", "digit"];

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
        parts.train = table(tree, file, reading, &mut parts.labels)?;
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
    parts.train = table(tree, train, reading, &mut parts.labels)?;
    if parts.train.is_none() {
        return Err(without_labels(&train.path));
    }
    if let Some(test) = named("test")? {
        parts.test = table(tree, test, reading, &mut parts.labels)?;
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
    let part = columns(&tree, &tree.files[0], reading, &mut labels, Some(rows))?;
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

/// The images of a table; none if it has no labels.
fn table(
    tree: &Tree,
    file: &Member,
    reading: &Reading,
    labels: &mut Labels,
) -> Result<Option<Part>, SourceError> {
    columns(tree, file, reading, labels, None)
}

/// The same for rows that are known to be such, and need no labels.
fn columns(
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

/// A field as a number.
fn number(field: &[u8]) -> Option<f64> {
    if let [b'0'..=b'9'] | [b'0'..=b'9', b'0'..=b'9'] | [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9'] =
        field
    {
        let value = field.iter().fold(0, |value, digit| 10 * value + u32::from(digit - b'0'));
        return Some(value.into());
    }
    std::str::from_utf8(field).ok()?.trim().parse().ok()
}

/// Pixels from which a row of a table without names may be an image.
const LEAST_PIXELS: usize = 49;

/// Whether a column has a name as pixels have: `pixel0`, `px12`, `3x17`, or a number.
fn is_pixel(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let rest = ["pixel", "px", "p"].iter().find_map(|start| name.strip_prefix(start));
    let rest = rest.unwrap_or(&name).trim_start_matches(['_', ' ', '-', '.']);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    rest.split(['x', '_']).all(is_number)
}

/// What the columns of a table are.
struct Columns {
    /// The column of labels, if there is one.
    label: Option<usize>,
    has_header: bool,
    rows: Rows,
}

impl Columns {
    /// Finds the columns by the first row. Returns `None` if no column holds labels; of `known` rows none
    /// need be there.
    fn find(
        row: &ByteRecord,
        reading: &Reading,
        known: Option<Rows>,
    ) -> Result<Option<Self>, String> {
        let names: Vec<String> =
            row.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
        let columns = names.len();
        let place = |is: &dyn Fn(&str) -> bool| names.iter().position(|name| is(name));
        // In the order of the names: `y` may be an axis where there is a `label`.
        let named = NAMES.iter().find_map(|known| place(&|name| name.eq_ignore_ascii_case(known)));
        let is_named =
            named.is_some() || names.iter().any(|name| Some(name) == reading.label.as_ref());
        // The first of the row may be a label that is no number; the others of a header may all be numbers,
        // such as wavelengths.
        let is_name = |field: &[u8]| number(field).is_none() && !field.trim_ascii().is_empty();
        let is_without_label = known.is_some_and(|rows| rows.values() == columns);
        let has_header = is_named || row.iter().skip(usize::from(!is_without_label)).any(is_name);
        let label = match (reading.label.as_deref(), has_header) {
            (Some(wanted), true) => match place(&|name| name == wanted) {
                Some(place) => Some(place),
                None => {
                    let shown = names
                        .iter()
                        .take(5)
                        .map(|name| visible::line(&name.chars().take(40).collect::<String>()));
                    return Err(format!(
                        "has no column `{}`, which --label names: it has {columns}, such as {}",
                        visible::line(wanted),
                        shown.collect::<Vec<_>>().join(", ")
                    ));
                }
            },
            (Some(_), false) => {
                return Err(
                    "has no header with names of its columns: leave out --label, and have \
                            the labels in the first column"
                        .to_owned(),
                );
            }
            (None, true) => named,
            (None, false) => None,
        };
        if let Some(rows) = known {
            let values = rows.values();
            if columns == values + 1 && has_header && label.is_none() {
                return Err(format!(
                    "has a column more than the {values} that the model takes, and none is called {}: \
                     name that of the labels by --label, or leave it out",
                    NAMES.join(", ")
                ));
            }
            if columns == values || columns == values + 1 {
                let label = (columns > values).then(|| label.unwrap_or(0));
                return Ok(Some(Self { label, has_header, rows }));
            }
            return Err(format!(
                "has {columns} columns, but the model takes {rows}: expected {values}, or one more \
                 with labels"
            ));
        }
        let is_image = has_header.then(|| {
            names
                .iter()
                .enumerate()
                .all(|(place, name)| label.unwrap_or(0) == place || is_pixel(name))
        });
        let squares = Rows::squares(columns - 1);
        if label.is_none() && squares.is_none() && Rows::squares(columns).is_some() {
            return Ok(None);
        }
        if columns < 2 {
            return Err("has 1 column, expected a label and pixels or features".to_owned());
        }
        let rows = match (reading.size, squares, is_image) {
            (Some(size), _, _) => {
                let [width, height] = size.map(usize::from);
                if width * height != columns - 1 {
                    return Err(format!(
                        "has {columns} columns, but --size {width}x{height} takes a label and {} pixels",
                        width * height
                    ));
                }
                Rows::Images([width, height])
            }
            _ if reading.features => Rows::Features(columns - 1),
            // Names tell features from pixels; without names, few columns are features.
            (None, Some(images), Some(true)) => images,
            (None, Some(images), None) if columns > LEAST_PIXELS => images,
            // Plain numbers are names of pixels only where there are as many as a square has.
            (None, None, Some(true)) if names.iter().any(|name| name.starts_with('p')) => {
                return Err(format!(
                    "has {columns} columns with names of pixels, expected a label and N×N of them, such \
                     as 785 for images of 28×28; of other images say the size, such as --size 32x24"
                ));
            }
            _ => Rows::Features(columns - 1),
        };
        Ok(Some(Self { label: Some(label.unwrap_or(0)), has_header, rows: rows.check()? }))
    }
}
