//! What the columns of a table are, told by its first row.

use csv::ByteRecord;

use super::Reading;
use super::rows::Rows;
use crate::support::visible;

/// Names of the column of labels, whatever their capitals.
pub(super) const NAMES: [&str; 5] = ["label", "class", "target", "y", "digit"];

/// A field as a number.
pub(super) fn number(field: &[u8]) -> Option<f64> {
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

/// Whether such a name cannot be that of a feature: plain numbers can, such as wavelengths.
fn is_pixel_only(name: &str) -> bool {
    is_pixel(name) && name.contains(|letter: char| letter.is_ascii_alphabetic())
}

/// What the columns of a table are.
pub(super) struct Columns {
    /// The column of labels, if there is one.
    pub label: Option<usize>,
    pub has_header: bool,
    pub rows: Rows,
}

impl Columns {
    /// Finds the columns by the first row. Returns `None` if no column holds labels; of `known` rows none
    /// need be there.
    pub fn find(
        row: &ByteRecord,
        reading: &Reading,
        known: Option<Rows>,
    ) -> Result<Option<Self>, String> {
        let names: Vec<String> =
            row.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
        let place = |is: &dyn Fn(&str) -> bool| names.iter().position(|name| is(name));
        // In the order of the names: `y` may be an axis where there is a `label`.
        let named = NAMES.iter().find_map(|known| place(&|name| name.eq_ignore_ascii_case(known)));
        let wanted = reading.label.as_ref().map(|wanted| (wanted, place(&|name| name == wanted)));
        // The first of the row may be a label that is no number; the others of a header may all be numbers,
        // such as wavelengths.
        let is_name = |field: &[u8]| number(field).is_none() && !field.trim_ascii().is_empty();
        let is_without_label = known.is_some_and(|rows| rows.values() == names.len());
        let has_header = named.is_some()
            || matches!(wanted, Some((_, Some(_))))
            || row.iter().skip(usize::from(!is_without_label)).any(is_name);
        let label = match wanted {
            None => named,
            Some((_, Some(place))) => Some(place),
            Some((wanted, None)) => return Err(without(wanted, &names, has_header)),
        };
        match known {
            Some(rows) => Self::of_known(rows, names.len(), label, has_header).map(Some),
            None => Self::of_data(&names, reading, label, has_header),
        }
    }

    /// The columns of a table for a model.
    fn of_known(
        rows: Rows,
        columns: usize,
        label: Option<usize>,
        has_header: bool,
    ) -> Result<Self, String> {
        let values = rows.values();
        if columns == values {
            return Ok(Self { label: None, has_header, rows });
        }
        if columns != values + 1 {
            return Err(format!(
                "has {columns} columns, but the model takes {rows}: expected {values}, or one more \
                 with labels"
            ));
        }
        if has_header && label.is_none() {
            return Err(format!(
                "has a column more than the {values} that the model takes, and none is called {}: \
                 name that of the labels by --label, or leave it out",
                NAMES.join(", ")
            ));
        }
        Ok(Self { label: Some(label.unwrap_or(0)), has_header, rows })
    }

    /// The columns of a table of data, which must have labels.
    fn of_data(
        names: &[String],
        reading: &Reading,
        label: Option<usize>,
        has_header: bool,
    ) -> Result<Option<Self>, String> {
        let columns = names.len();
        let squares = Rows::squares(columns - 1);
        if label.is_none() && squares.is_none() && Rows::squares(columns).is_some() {
            return Ok(None);
        }
        if columns < 2 {
            return Err("has 1 column, expected a label and pixels or features".to_owned());
        }
        let label = label.unwrap_or(0);
        let mut others = names.iter().enumerate().filter(|(place, _)| *place != label);
        let are_pixels = has_header.then(|| others.clone().all(|(_, name)| is_pixel(name)));
        let rows = match (reading.size, squares, are_pixels) {
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
            (None, None, Some(true)) if others.any(|(_, name)| is_pixel_only(name)) => {
                return Err(format!(
                    "has {columns} columns with names of pixels, expected a label and N×N of them, such \
                     as 785 for images of 28×28; of other images say the size, such as --size 32x24; or \
                     say --features if they are no pixels"
                ));
            }
            _ => Rows::Features(columns - 1),
        };
        Ok(Some(Self { label: Some(label), has_header, rows: rows.check()? }))
    }
}

/// Says that the column that `--label` names is not among those of a table.
fn without(wanted: &str, names: &[String], has_header: bool) -> String {
    if !has_header {
        return "has no header with names of its columns: leave out --label, and have the labels in \
                the first column"
            .to_owned();
    }
    let short = |name: &String| visible::line(&name.chars().take(40).collect::<String>());
    let shown: Vec<String> = names.iter().take(5).map(short).collect();
    format!(
        "has no column `{}`, which --label names: it has {}, such as {}",
        visible::line(wanted),
        names.len(),
        shown.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(header: &str, label: &str) -> Result<Rows, String> {
        let reading = Reading { label: Some(label.to_owned()), ..Reading::default() };
        let row = ByteRecord::from(header.split(' ').collect::<Vec<_>>());
        Columns::find(&row, &reading, None).map(|columns| columns.expect("a label").rows)
    }

    #[test]
    fn names_of_pixels_tell_images_from_features_whatever_the_label_is_called() {
        assert_eq!(rows("product 400 410 420", "product"), Ok(Rows::Features(3)));
        assert_eq!(rows("product 0 1 2 3", "product"), Ok(Rows::Images([2, 2])));
        for names in ["what pixel0 pixel1 pixel2", "what Pixel0 Pixel1 Pixel2", "what 0x0 0x1 0x2"]
        {
            assert!(rows(names, "what").unwrap_err().contains("or say --features"), "{names}");
        }
    }
}
