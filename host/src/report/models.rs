//! Models beside each other, as Markdown tables.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::words::grouped;
use crate::models::Entry;

/// Models beside each other, as a Markdown table.
#[must_use]
pub fn table(entries: &[Entry]) -> String {
    let boards: BTreeSet<&String> =
        entries.iter().flat_map(|entry| entry.instructions.keys()).collect();
    let percent = |share: Option<f64>| {
        share.map_or_else(|| "–".to_owned(), |share| format!("{:.2}", 100.0 * share))
    };
    let mut head: Vec<String> =
        ["model", "network", "bits", "bytes", "recorded %", "measured %", "non-zero inputs"]
            .map(str::to_owned)
            .into();
    head.extend(boards.iter().map(|board| format!("instructions {board}")));
    let mut rows = vec![head];
    for entry in entries {
        let measured = entry.measured.as_ref();
        let nonzero: Option<Vec<String>> = measured
            .map(|measured| measured.nonzero.iter().map(|share| format!("{share:.2}")).collect());
        let mut row = vec![
            entry.name.clone(),
            entry.network.clone(),
            entry.bits.clone(),
            grouped(entry.bytes),
            percent(entry.recorded_accuracy),
            percent(measured.map(|measured| measured.accuracy)),
            nonzero.map_or_else(|| "–".to_owned(), |shares| shares.join(" / ")),
        ];
        row.extend(boards.iter().map(|board| {
            let count = entry.instructions.get(*board);
            count.map_or_else(|| "–".to_owned(), |mean| grouped(mean.round() as usize))
        }));
        rows.push(row);
    }
    markdown(&rows)
}

/// A table of which the first row is the head, with columns as wide as what is in them.
fn markdown(rows: &[Vec<String>]) -> String {
    let mut widths = vec![3; rows.first().map_or(0, Vec::len)];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        for (&width, cell) in widths.iter().zip(row) {
            let _ = write!(text, "| {cell:width$} ");
        }
        text.push_str("|\n");
        if number == 0 {
            widths.iter().for_each(|width| text += &format!("|{}", "-".repeat(width + 2)));
            text.push_str("|\n");
        }
    }
    text
}
