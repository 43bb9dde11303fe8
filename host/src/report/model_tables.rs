//! Models beside each other, as Markdown tables.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::device::board;
use crate::evaluate::ranking::ModelSummary;
use crate::support::numbers::grouped;

/// Models beside each other, with what their presets ask of them, then the best of them for each
/// board.
#[must_use]
pub fn tables(entries: &[ModelSummary]) -> String {
    format!("{}\n{}", comparison(entries), boards(entries))
}

fn comparison(entries: &[ModelSummary]) -> String {
    let counted: BTreeSet<&String> =
        entries.iter().flat_map(|entry| entry.instructions.keys()).collect();
    let has_bars = entries.iter().any(|entry| entry.bar.is_some());
    let percent = |share: Option<f64>| text(share.map(|share| format!("{:.2}", 100.0 * share)));
    let mut head = vec!["model", "network", "bits", "bytes"];
    head.extend(has_bars.then_some("at most"));
    head.extend(["recorded %", "measured %"]);
    head.extend(has_bars.then_some("at least %"));
    head.push("non-zero inputs");
    let mut head: Vec<String> = head.into_iter().map(str::to_owned).collect();
    head.extend(counted.iter().map(|board| format!("instructions {board}")));
    head.push("fits".to_owned());
    let mut rows = vec![head];
    for entry in entries {
        let (bar, measured) = (entry.bar, entry.measured.as_ref());
        let mut row = vec![name(entry, entries), entry.network.clone(), entry.bits.clone()];
        row.push(grouped(entry.bytes));
        row.extend(has_bars.then(|| text(bar.map(|bar| grouped(bar.max_bytes)))));
        row.push(percent(entry.recorded_accuracy));
        row.push(percent(measured.map(|measured| measured.accuracy)));
        row.extend(has_bars.then(|| percent(bar.map(|bar| bar.min_accuracy))));
        row.push(text(measured.map(|measured| {
            let shares = measured.nonzero.iter().map(|share| format!("{share:.2}"));
            shares.collect::<Vec<_>>().join(" / ")
        })));
        row.extend(counted.iter().map(|board| {
            let count = entry.instructions.get(*board);
            text(count.map(|mean| grouped(mean.round() as usize)))
        }));
        row.push(match entry.fits.len() {
            0 => "no board".to_owned(),
            count if count == board::names().len() => "all boards".to_owned(),
            _ => entry.fits.join(", "),
        });
        rows.push(row);
    }
    markdown(&rows)
}

/// What a model is called: where its name does not tell it from the others, by its file.
fn name(entry: &ModelSummary, entries: &[ModelSummary]) -> String {
    let alike = entries.iter().filter(|other| other.name == entry.name).count();
    match &entry.file {
        Some(file) if alike > 1 => file.display().to_string(),
        _ => entry.name.clone(),
    }
}

/// The best model of each board.
fn boards(entries: &[ModelSummary]) -> String {
    let head = ["board", "room for a model", "best that fits"].map(str::to_owned);
    let mut rows = vec![head.to_vec()];
    rows.extend(board::all().into_iter().map(|board| {
        let best = entries.iter().find(|entry| entry.best_on.contains(&board.name));
        let room = format!(
            "{} bytes, {} cells",
            grouped(board.memory.model.bytes as usize),
            grouped(board.limits.cells as usize)
        );
        vec![board.name, room, text(best.map(|best| name(best, entries)))]
    }));
    markdown(&rows)
}

fn text(content: Option<String>) -> String {
    content.unwrap_or_else(|| "–".to_owned())
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
