//! Models side by side, as Markdown tables.

use std::collections::BTreeSet;

use super::table::{markdown, row};
use crate::device::board;
use crate::evaluate::ranking::ModelSummary;
use crate::support::numbers::grouped;
use crate::support::visible;

/// A table of models with the limits of their presets, and a table of the best model for each board.
pub fn tables(models: &[ModelSummary]) -> String {
    format!("{}\n{}", comparison(models), boards(models))
}

fn comparison(models: &[ModelSummary]) -> String {
    let counted: BTreeSet<&String> =
        models.iter().flat_map(|model| model.instructions.keys()).collect();
    let limited = models.iter().any(|model| model.limits.is_some());
    let percent = |fraction: Option<f64>| text(fraction.map(|f| format!("{:.2}", 100.0 * f)));
    let columns = |model: &ModelSummary| -> Vec<(String, String)> {
        let (limits, measured) = (model.limits, model.measured.as_ref());
        let nonzero = measured.map(|measured| {
            let fractions = measured.nonzero.iter().map(|fraction| format!("{fraction:.2}"));
            fractions.collect::<Vec<_>>().join(" / ")
        });
        let fits = match model.fits.len() {
            0 => "no board".to_owned(),
            count if count == board::names().len() => "all boards".to_owned(),
            _ => model.fits.join(", "),
        };
        let mut columns = vec![
            ("model".to_owned(), name(model, models)),
            ("network".to_owned(), model.network.clone()),
            ("bits".to_owned(), model.bits.clone()),
            ("bytes".to_owned(), grouped(model.bytes)),
            ("at most".to_owned(), text(limits.map(|limits| grouped(limits.max_bytes)))),
            ("recorded %".to_owned(), percent(model.recorded_accuracy)),
            ("measured %".to_owned(), percent(measured.map(|measured| measured.accuracy))),
            ("at least %".to_owned(), percent(limits.map(|limits| limits.min_accuracy))),
            ("non-zero inputs".to_owned(), text(nonzero)),
        ];
        columns.retain(|(head, _)| limited || !head.starts_with("at "));
        columns.extend(counted.iter().map(|board| {
            let count = model.instructions.get(*board).map(|mean| grouped(mean.round() as usize));
            (format!("instructions {board}"), text(count))
        }));
        columns.push(("fits".to_owned(), fits));
        columns
    };
    let mut rows = Vec::new();
    for model in models {
        let (heads, cells): (Vec<_>, Vec<_>) = columns(model).into_iter().unzip();
        if rows.is_empty() {
            rows.push(heads);
        }
        rows.push(cells);
    }
    markdown(&rows)
}

/// The name of a model, or its file if several models have the name.
fn name(model: &ModelSummary, models: &[ModelSummary]) -> String {
    let same = models.iter().filter(|other| other.name == model.name).count();
    match &model.file {
        Some(file) if same > 1 => visible::path(file),
        _ => model.name.clone(),
    }
}

fn boards(models: &[ModelSummary]) -> String {
    let mut rows = vec![row(["board", "room for a model", "best that fits"])];
    rows.extend(board::all().into_iter().map(|board| {
        let best = models.iter().find(|model| model.best_on.contains(&board.name));
        let room = format!(
            "{} bytes, {} cells",
            grouped(board.memory.model.bytes as usize),
            grouped(board.limits.cells as usize)
        );
        vec![
            format!("{}{}", board.name, board.mark()),
            room,
            text(best.map(|best| name(best, models))),
        ]
    }));
    markdown(&rows)
}

fn text(content: Option<String>) -> String {
    content.unwrap_or_else(|| "–".to_owned())
}
