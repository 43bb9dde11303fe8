//! The tables that people read, in Markdown.

use std::fmt::Write as _;

use inkbit::quantize::bits;

use super::document::SECTION;
use super::summary::{FEWER_BITS, Row, Summary};

/// A table in the making.
struct Table {
    header: Vec<String>,
    lines: Vec<Vec<String>>,
}

impl Table {
    fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(ToString::to_string).collect(), lines: Vec::new() }
    }

    /// Columns of one width, the first two to the left and the others to the right.
    fn text(&self) -> String {
        let width = |column: usize| {
            let cells = self.lines.iter().chain([&self.header]).map(|line| &line[column]);
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        let mut text = String::new();
        let mut write = |line: &[String]| {
            for (column, (cell, &width)) in line.iter().zip(&widths).enumerate() {
                let _ = match column {
                    0 | 1 => write!(text, "| {cell:<width$} "),
                    _ => write!(text, "| {cell:>width$} "),
                };
            }
            text.push_str("|\n");
        };
        write(&self.header);
        let rule = |(column, &width): (usize, &usize)| match column {
            0 | 1 => "-".repeat(width),
            _ => "-".repeat(width.saturating_sub(1)) + ":",
        };
        write(&widths.iter().enumerate().map(rule).collect::<Vec<_>>());
        self.lines.iter().for_each(|line| write(line));
        text
    }
}

/// The section of one model, of the rows that are its own; `source` says how it was counted.
#[must_use]
pub fn tables(rows: &[Row], crc: u32, data: &str, source: &str) -> String {
    let own: Vec<&Row> = rows.iter().filter(|row| row.model.crc == crc).collect();
    let Some(first) = own.first() else { return String::new() };
    let mut text = String::new();
    let widths: Vec<String> = first.model.widths.iter().map(ToString::to_string).collect();
    let _ = writeln!(
        text,
        "{SECTION}{}: {}, {} bits\n\n{} {data} images, {} products with inputs that are not zero in \
         the mean (N). {source}.\n",
        first.model.name,
        widths.join("-"),
        bits::label(&first.model.bits),
        thousands(first.images.images as f64),
        thousands(first.images.macs),
    );
    let in_8_bits = own.iter().any(|row| row.in_8_bits.is_some()).then(|| in_8_bits(&own));
    for table in [Some(totals(&own, rows)), Some(parts(&own)), in_8_bits, Some(costs(&own))]
        .into_iter()
        .flatten()
    {
        text += &table.text();
        text.push('\n');
    }
    text
}

fn totals(own: &[&Row], all: &[Row]) -> Table {
    let mut table = Table::new(&[
        "processor",
        "kernel",
        "mean",
        "min",
        "max",
        "bar",
        "per N",
        "all 255",
        "its bar",
        "CMSIS-NN",
        "ratio",
        "logits differing",
    ]);
    for row in own {
        let Row { images, cpu, kernel, all_ink, .. } = row;
        let cmsis_nn = row.cmsis_nn();
        table.lines.push(vec![
            cpu.clone(),
            kernel.clone(),
            thousands(images.mean),
            thousands(images.least as f64),
            thousands(images.most as f64),
            optional(row.bar(all).map(|bar| against(images.mean, bar))),
            format!("{:.3}", images.per_mac()),
            thousands(*all_ink as f64),
            optional(row.all_ink_bar().map(|bar| against(*all_ink as f64, bar))),
            optional(cmsis_nn.map(thousands)),
            optional(cmsis_nn.map(|peer| format!("{:.1}", peer / images.mean))),
            thousands(images.differing as f64),
        ]);
    }
    table
}

fn parts(own: &[&Row]) -> Table {
    let layers = own.iter().map(|row| row.images.layers.len()).max().unwrap_or_default();
    let layers: Vec<String> = (1..layers).map(|layer| format!("layer {layer}")).collect();
    let mut header =
        vec!["processor", "kernel", "gather", "multiply", "requantise", "before layers"];
    header.extend(layers.iter().map(String::as_str));
    let mut table = Table::new(&header);
    for Row { cpu, kernel, images, .. } in own {
        let counts = images.parts.iter().chain(&images.layers).map(|count| thousands(*count));
        let mut line: Vec<String> =
            [cpu.clone(), kernel.clone()].into_iter().chain(counts).collect();
        line.resize(table.header.len(), optional(None));
        table.lines.push(line);
    }
    table
}

/// Instructions for each product, of the baseline's images, with the model's own bits and with 8.
fn in_8_bits(own: &[&Row]) -> Table {
    let mut table = Table::new(&[
        "processor",
        "kernel",
        "per N",
        "in 8 bits",
        "ratio",
        "multiply per N",
        "in 8 bits",
        "ratio",
    ]);
    for Row { cpu, kernel, reference, in_8_bits, .. } in own {
        let mut line = vec![cpu.clone(), kernel.clone()];
        for per_mac in [Summary::per_mac, Summary::multiply_per_mac] {
            let (found, other) = (per_mac(reference), in_8_bits.as_ref().map(per_mac));
            let ratio = other.map(|other| found / other);
            let mark = |ratio| if ratio > FEWER_BITS { "missed: " } else { "" };
            line.extend([
                format!("{found:.3}"),
                optional(other.map(|other| format!("{other:.3}"))),
                optional(ratio.map(|ratio| format!("{}{ratio:.3}", mark(ratio)))),
            ]);
        }
        table.lines.push(line);
    }
    table
}

fn costs(own: &[&Row]) -> Table {
    let mut table = Table::new(&[
        "processor",
        "kernel",
        "scratch bytes",
        "stack bytes",
        "code bytes",
        "cycles, estimated",
    ]);
    for Row { cpu, kernel, images, scratch, code, .. } in own {
        let [least, most] = images.cycles;
        table.lines.push(vec![
            cpu.clone(),
            kernel.clone(),
            thousands(*scratch as f64),
            thousands(images.stack as f64),
            thousands(*code as f64),
            optional((most > 0.0).then(|| format!("{} to {}", thousands(least), thousands(most)))),
        ]);
    }
    table
}

fn optional(cell: Option<String>) -> String {
    cell.unwrap_or_else(|| "–".to_owned())
}

/// A bar, marked if it is not held.
fn against(found: f64, bar: f64) -> String {
    let mark = if found > bar { "missed: " } else { "" };
    format!("{mark}{}", thousands(bar))
}

/// A number without its fraction, its digits in groups of three.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::row;
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let texts = [0.4, 999.0, 1000.0, 1_451_572.9].map(thousands);
        assert_eq!(texts, ["0", "999", "1,000", "1,451,573"]);
    }

    #[test]
    fn a_table_shows_bars_peers_and_what_is_missing() {
        let mut m0 = row("microbit", "packed", 8, 190_000.0);
        (m0.images.least, m0.images.layers) = (5, vec![1.0, 2.0]);
        let rows = [m0, row("lm3s6965evb", "wide", 8, 70_000.0)];
        let text = tables(&rows, 8, "MNIST", "counted");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "## int8: 784-256-128-10, 8 bits");
        assert!(lines[2].starts_with("100 MNIST images, 50,000 products"), "{text}");
        // 1.08 × (3.33 × 50,000 + 13,000), and 1.2 × 50,000 + 9,000.
        assert!(lines[6].contains("| 193,860 |") || lines[6].contains(" 193,860 |"), "{text}");
        assert!(lines[6].contains("1,451,573 |   7.6 |"), "{text}");
        assert!(lines[7].contains("missed: 69,000"), "{text}");
        assert!(text.contains("| before layers | layer 1 |"), "{text}");
        let widths: Vec<usize> = lines[4..8].iter().map(|line| line.chars().count()).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{text}");
    }

    #[test]
    fn fewer_bits_are_held_against_the_same_weights_in_8() {
        let mut row = row("microbit", "packed", 4, 190_000.0);
        (row.reference.macs, row.reference.parts[1]) = (50_000.0, 130_000.0);
        assert!(!tables(std::slice::from_ref(&row), 4, "MNIST", "counted").contains("in 8 bits"));
        let (macs, parts) = (50_000.0, [0.0, 100_000.0, 0.0]);
        row.in_8_bits = Some(Summary { mean: 160_000.0, macs, parts, ..Summary::default() });
        let text = tables(&[row], 4, "MNIST", "counted");
        assert!(text.contains("| 3.800 |     3.200 | 1.187 |"), "{text}");
        assert!(text.contains("|          2.600 |     2.000 | missed: 1.300 |"), "{text}");
    }

    #[test]
    fn a_model_that_was_not_counted_has_no_table() {
        assert_eq!(tables(&[], 8, "MNIST", "counted"), "");
    }
}
