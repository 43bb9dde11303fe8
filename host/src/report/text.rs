//! Results as plain text.

use std::fmt::Write;

use inkbit_core::{Layer, Model};

use super::terminal::{self, colour};
use super::units;
use crate::data::Images;
use crate::data::labels::{self, printable};
use crate::device::board;
use crate::evaluate::Evaluation;
use crate::evaluate::compare::{Comparison, ComparedModel, ModelPair};
use crate::evaluate::quantized::Quantization;
use crate::evaluate::robust::Robustness;
use crate::quantize::{Removed, bits};
use crate::support::numbers::{chance, counted, grouped, percent};

/// More classes than this do not fit a terminal as a matrix.
const MATRIX_CLASSES: usize = 20;
/// Mistakes that are worth a line.
const MISTAKES: usize = 5;

/// Accuracy, loss, scores per class, confusion matrix and the most frequent mistakes. In colours,
/// the matrix is shaded by the share of its rows: blue for what is right, red for what is wrong.
///
/// ```
/// use inkbit::evaluate::Evaluation;
/// use inkbit::report::text::evaluation;
/// let classes = ["cat".to_owned(), "dog".to_owned()];
/// let result = Evaluation::from_logits(&classes, &[0, 1], &[2.0, 0.0, 1.0, 0.0]);
/// let text = evaluation(&result, false);
/// assert!(text.starts_with("accuracy 50.00 %"), "{text}");
/// ```
#[must_use]
pub fn evaluation(result: &Evaluation, coloured: bool) -> String {
    let Evaluation { images, correct, accuracy, loss, .. } = result;
    let mut text = String::new();
    let wrong = images - correct;
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(
        text,
        "accuracy {}  ({correct} of {images} images, {wrong} wrong)\nloss     {loss:.4}\n",
        percent(*accuracy)
    );
    let width = label_width(&result.classes).max("class".len());
    let _ = writeln!(text, "{:width$}  precision  recall      F1  images", "class");
    for score in &result.per_class {
        let _ = writeln!(
            text,
            "{:width$}  {:>9} {:>7} {:>7} {:7}",
            score.label,
            percent(score.precision),
            percent(score.recall),
            percent(score.f1),
            score.support
        );
    }
    text.push('\n');
    confusion_matrix(&mut text, result, coloured);
    let mistakes = result.confusions();
    if mistakes.is_empty() {
        text.push_str("no mistakes\n");
    } else {
        text.push_str("most frequent mistakes\n");
    }
    for &(truth, class, count) in mistakes.iter().take(MISTAKES) {
        let (truth, class) = (&result.classes[truth], &result.classes[class]);
        let times = if count == 1 { "once" } else { &format!("{count} times") };
        let _ = writeln!(text, "  {truth} taken for {class}: {times}");
    }
    text
}

fn confusion_matrix(text: &mut String, result: &Evaluation, coloured: bool) {
    let classes = &result.classes;
    if classes.len() > MATRIX_CLASSES {
        let _ = writeln!(
            text,
            "the confusion matrix of {} classes is too wide for a terminal: see --json\n",
            classes.len()
        );
        return;
    }
    let greatest = result.confusion.iter().flatten().max().copied().unwrap_or_default();
    let width = label_width(classes).max(greatest.to_string().len()) + 1;
    text.push_str("confusion matrix: rows are true classes, columns predicted ones\n");
    let _ = write!(text, "{:width$} |", "");
    for label in classes {
        let _ = write!(text, "{label:>width$}");
    }
    let _ = writeln!(text, "\n{}+{}", "-".repeat(width + 1), "-".repeat(width * classes.len()));
    let greatest = result.greatest_mistake();
    for (truth, (label, row)) in classes.iter().zip(&result.confusion).enumerate() {
        let _ = write!(text, "{label:>width$} |");
        let support = row.iter().sum::<usize>().max(1) as f64;
        for (class, &count) in row.iter().enumerate() {
            let cell = if count == 0 { ".".to_owned() } else { count.to_string() };
            let cell = format!("{cell:>width$}");
            if coloured && count > 0 {
                let share = count as f64 / support;
                let right = truth == class;
                *text += &shade(if right { share } else { share / greatest }, right);
                *text += &cell;
                *text += terminal::PLAIN;
            } else {
                *text += &cell;
            }
        }
        text.push('\n');
    }
    text.push('\n');
}

/// White on blue or red, the deeper the greater the share.
fn shade(share: f64, right: bool) -> String {
    let depth = (share.sqrt() * 4.0).ceil().clamp(1.0, 4.0) as u8;
    let behind = if right { colour(0, depth / 2, depth) } else { colour(depth, 0, 0) };
    terminal::colours(colour(5, 5, 5), behind)
}

/// Models side by side.
#[must_use]
pub(crate) fn comparison(found: &Comparison) -> String {
    /// Images that are named one by one.
    const NAMED: usize = 12;
    let name = |index: usize| &found.models[index].name;
    let width = found.models.iter().map(|model| model.name.chars().count()).max().unwrap_or(0);
    let width = width.max("instructions".len());
    let mut text = format!(
        "{:width$}  accuracy    95 % interval      bytes  non-zero  multiplications\n",
        "model"
    );
    for model in &found.models {
        let ComparedModel { name, accuracy, interval, bytes, non_zero, macs, .. } = model;
        let [accuracy, high, non_zero] = [*accuracy, interval.1, *non_zero].map(percent);
        let low = 100.0 * interval.0;
        let _ = writeln!(
            text,
            "{name:width$}  {accuracy:>8}  {low:5.2} - {high:>8}  {bytes:9}  {non_zero:>8}  \
             {macs:15.0}",
        );
    }
    instructions(&mut text, &found.models, width);
    let _ =
        writeln!(text, "\nof {} test images, numbered from 0, wrong for one alone", found.images);
    for model in &found.models {
        let named: Vec<String> =
            model.alone_wrong.iter().take(NAMED).map(ToString::to_string).collect();
        let more = if model.alone_wrong.len() > NAMED { ", ..." } else { "" };
        let numbers = if named.is_empty() { "" } else { ": number " };
        let (count, named) = (model.alone_wrong.len(), named.join(", "));
        let _ = writeln!(text, "{:width$}  {count}{numbers}{named}{more}", model.name);
    }
    text.push('\n');
    for ModelPair { pair, only_first, only_second, p } in &found.pairs {
        let verdict = if *p < 0.05 { "more than chance explains" } else { "no more than chance" };
        let _ = writeln!(
            text,
            "{} is right where {} is wrong {}, the other way round {}: {verdict} (McNemar's exact \
             test, {})",
            name(pair.0),
            name(pair.1),
            counted(*only_first, "time", "times"),
            counted(*only_second, "time", "times"),
            chance(*p)
        );
    }
    text
}

/// What an inference takes on every board.
fn instructions(text: &mut String, models: &[ComparedModel], width: usize) {
    const COLUMN: usize = 13;
    let boards = board::names();
    let _ = write!(text, "\n{:width$}", "instructions");
    boards.iter().for_each(|board| *text += &format!("  {board:>COLUMN$}"));
    text.push('\n');
    let mut greatest = 0.0_f64;
    for ComparedModel { name, costs, .. } in models {
        let _ = write!(text, "{name:width$}");
        for board in &boards {
            let cell = costs.get(board).map_or_else(
                || "unknown".to_owned(),
                |cost| {
                    greatest = greatest.max(cost.error.unwrap_or_default());
                    let about = if cost.error.is_some() { "~" } else { "" };
                    format!("{about}{}", grouped(cost.instructions.round() as usize))
                },
            );
            let _ = write!(text, "  {cell:>COLUMN$}");
        }
        text.push('\n');
    }
    if greatest > 0.0 {
        let _ = writeln!(
            text,
            "~ estimated for these images, within {:.1} % where it can be held against a count; the \
             others were counted in the emulator",
            100.0 * greatest
        );
    }
}

/// What units of the first layer look for, as drawings of at most `columns` beside each other.
#[must_use]
pub fn weights(model: &Model<'_>, coloured: bool, columns: usize) -> String {
    const UNITS: usize = 8;
    let side = model.input().width();
    let units = units::strongest(model, UNITS);
    let labels = labels::of_model(model);
    let outputs = model.layers().first().map_or(0, Layer::outputs);
    let mut text = format!(
        "weights of {} of the first layer's {outputs} units, those with the greatest: {}\n\n",
        units.len(),
        if coloured { "orange above 0, blue below" } else { "blocks above 0, dots below" }
    );
    let drawing = |&unit: &usize| -> Vec<String> {
        let drawn = terminal::draw_weights(&units::weights(model, unit), side, coloured);
        let name: String = units::name(model, &labels, unit).chars().take(side + 2).collect();
        drawn
            .lines()
            .map(str::to_owned)
            .chain([format!("{name:width$}", width = side + 2)])
            .collect()
    };
    let drawings: Vec<Vec<String>> = units.iter().map(drawing).collect();
    text += &terminal::side_by_side(&drawings, columns / (side + 3));
    text
}

fn label_width(labels: &[String]) -> usize {
    labels.iter().map(|label| label.chars().count()).max().unwrap_or_default()
}

/// Accuracies on changed images, as they are and recentred.
#[must_use]
pub(crate) fn robustness(results: &[Robustness], images: usize) -> String {
    let mut text = format!("{images} images, changed at random\n\n");
    text.push_str("condition                            as it is  recentred\n");
    for Robustness { condition, limits, accuracy, recentred_accuracy } in results {
        let _ = writeln!(
            text,
            "{condition:10} {limits:23} {:>10}  {:>9}",
            percent(*accuracy),
            percent(*recentred_accuracy)
        );
    }
    text
}

/// A model's header, layers and sizes.
#[must_use]
pub(crate) fn model(model: &Model<'_>, blob: &[u8]) -> String {
    let header = model.header();
    let provenance = &header.provenance;
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<12} {value}");
    };
    line("name", &printable(header.name));
    line("format", &format!("version {}", inkbit_core::blob::VERSION));
    let input = header.input;
    let side = input.side;
    let shrunk = match (input.crop, input.pool) {
        (0, 1) => String::new(),
        (crop, pool) => {
            let width = input.width();
            format!(", cropped by {crop}, pooled by {pool} to {width}x{width}")
        }
    };
    line("input", &format!("{side}x{side} pixels, 0 = paper, 255 = ink{shrunk}"));
    line("classes", &format!("{}: {}", model.classes(), labels::of_model(model).join(" ")));
    line("logit scale", &format!("{} (display only)", header.logit_scale));
    let accuracy = match provenance.tested {
        0 => "not measured".to_owned(),
        tested => format!(
            "{} ({} of {tested} test images)",
            percent(f64::from(provenance.correct) / f64::from(tested)),
            provenance.correct
        ),
    };
    line("accuracy", &accuracy);
    line("trained by", &with_out(&printable(provenance.command)));
    line("seed", &provenance.seed.to_string());
    line("data", &format!("sha256 {}", hex(&provenance.digest)));
    line("written by", &printable(provenance.tool));
    let crc = inkbit_core::blob::crc32(&blob[..blob.len().saturating_sub(4)]);
    line("crc-32", &format!("{crc:08x}"));
    let cells = model.scratch_cells();
    line("memory", &format!("Scratch<{cells}>: {} bytes of working memory", cells * 4));
    text.push('\n');
    text.push_str(&sizes(model, blob));
    text
}

/// The command that trained a model, with a place for what it writes, which is not recorded.
fn with_out(command: &str) -> String {
    let trains = command.starts_with("inkbit train ") && !command.contains(" --out ");
    if trains { format!("{command} --out RUN") } else { command.to_owned() }
}

/// What quantization cost, how far the integers are from the rounded network, and what was removed.
#[must_use]
pub(crate) fn quantization(report: &Quantization) -> String {
    let float = if report.learned { "rounded" } else { "float" };
    let int = format!("int{}", bits::label(&report.bits));
    let (before, after) = (report.float_accuracy, report.int_accuracy);
    let mut text = format!("{:10}{float:>10}{int:>10}  difference\n", "");
    let _ = writeln!(
        text,
        "{:10}{:>10}{:>10}  {:+.2} points",
        "accuracy",
        percent(before),
        percent(after),
        100.0 * (after - before)
    );
    let (before, after) = (report.float_loss, report.int_loss);
    let _ = writeln!(text, "{:10}{before:>10.4} {after:>9.4}  {:+.4}\n", "loss", after - before);
    let found = &report.differences;
    let _ = writeln!(
        text,
        "integers against the rounded network in floats, unit by unit, {} test images",
        found.images
    );
    for (layer, hidden) in found.hidden.iter().enumerate() {
        let _ = writeln!(
            text,
            "layer {layer}    {} of {} activations differ, by {} of 255 at most",
            hidden.differing, hidden.compared, hidden.greatest
        );
    }
    let _ = writeln!(
        text,
        "logits     differ by {:.5} in the mean, by {:.5} at most; the class of {} images\n",
        found.mean_logit, found.greatest_logit, found.classes
    );
    for (layer, removed) in report.removed.iter().enumerate().filter(|(_, r)| r.total() > 0) {
        let Removed { units, proved, unused, measured } = removed;
        let _ = writeln!(
            text,
            "layer {layer}    removed {} of {units} units: {proved} can never fire, {unused} reach \
             no other, {measured} fire for no training image",
            removed.total()
        );
    }
    if report.removed.iter().any(|removed| removed.total() > 0) {
        let _ = writeln!(
            text,
            "           logits of {} of {} test images have changed by that\n",
            report.changed, found.images
        );
    }
    text
}

/// Bytes of each part of a blob.
///
/// ```
/// let blob = &inkbit::model::builtin::all()[6]; // nano
/// let text = inkbit::report::text::sizes(&blob.model()?, blob.bytes());
/// assert!(text.contains("whole blob"));
/// # Ok::<_, inkbit_core::Error>(())
/// ```
#[must_use]
pub fn sizes(model: &Model<'_>, blob: &[u8]) -> String {
    let mut text =
        "layer  inputs  outputs  bits  multipliers     bias   weights     bytes\n".to_owned();
    for (number, layer) in model.layers().iter().enumerate() {
        let shape = layer.shape();
        let [multipliers, bias, weights] = shape.part_bytes();
        let _ = writeln!(
            text,
            "{number:5}  {:6}  {:7}  {:4}  {multipliers:9} B {bias:6} B {weights:7} B {:7} B",
            shape.inputs,
            shape.outputs,
            shape.bits,
            shape.data_bytes()
        );
    }
    let header = blob.len() - model.data().len();
    let _ = writeln!(text, "header, padding and CRC {header:42} B");
    let _ = writeln!(text, "whole blob {:55} B", blob.len());
    let partial =
        model.layers().iter().any(|layer| !layer.outputs().is_multiple_of(layer.bits().block()));
    if partial {
        text.push_str("(outputs are stored in blocks of 8, those with 2-bit weights of 16)\n");
    }
    text
}

/// Bytes in hexadecimal.
#[must_use]
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a data set holds.
#[must_use]
pub(crate) fn images(images: &Images) -> String {
    format!("{} images of {}x{} pixels", images.len(), images.side, images.side)
}
