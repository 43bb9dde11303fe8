//! Results as plain text.

use std::fmt::Write;

use inkbit_core::blob::VERSION;
use inkbit_core::{Layer, Model, Range};

use super::table::{self, row};
use super::terminal::{self, colour};
use super::{stages, units};
use crate::data::labels;
use crate::data::{Images, Shape};
use crate::device::board;
use crate::device::cost::Cost;
use crate::evaluate::Evaluation;
use crate::evaluate::compare::{ComparedModel, Comparison, ModelPair};
use crate::evaluate::quantized::Quantization;
use crate::evaluate::refusal::{Refusal, Refused};
use crate::evaluate::robust::Robustness;
use crate::model::{Blob, origin};
use crate::quantize::{Removed, bits};
use crate::support::numbers::{chance, counted, grouped, hex, list, percent};
use crate::support::visible;

/// Accuracy, loss, scores of each class, confusion matrix and the most frequent mistakes. With
/// colours, the matrix is shaded by the fraction of its row: blue if correct, red if wrong.
///
/// ```
/// use inkbit::evaluate::Evaluation;
/// use inkbit::report::text::evaluation;
/// let classes = ["cat".to_owned(), "dog".to_owned()];
/// let result = Evaluation::from_logits(&classes, &[0, 1], &[2.0, 0.0, 1.0, 0.0]);
/// let text = evaluation(&result, false);
/// assert!(text.starts_with("accuracy 50.00 %"), "{text}");
/// ```
pub fn evaluation(result: &Evaluation, coloured: bool) -> String {
    const MISTAKES: usize = 5;
    let Evaluation { images, correct, accuracy, loss, .. } = result;
    let mut rows = vec![row(["class", "precision", "recall", "F1", "images"])];
    rows.extend(result.per_class.iter().map(|score| {
        let [precision, recall, f1] = [score.precision, score.recall, score.f1].map(percent);
        vec![score.label.clone(), precision, recall, f1, score.support.to_string()]
    }));
    let mistakes = result.confusions();
    let mut text = format!(
        "accuracy {}  ({correct} of {images} images, {} wrong)\nloss     {loss:.4}\n\n{}\n{}\n{}\n",
        percent(*accuracy),
        images - correct,
        table::plain(&rows),
        confusion_matrix(result, coloured),
        if mistakes.is_empty() { "no mistakes" } else { "most frequent mistakes" }
    );
    for &(truth, class, count) in mistakes.iter().take(MISTAKES) {
        let (truth, class) = (&result.classes[truth], &result.classes[class]);
        let times = if count == 1 { "once" } else { &format!("{count} times") };
        // Writing to a String does not fail, here and below.
        let _ = writeln!(text, "  {truth} read as {class}: {times}");
    }
    text
}

fn confusion_matrix(result: &Evaluation, coloured: bool) -> String {
    /// Maximum number of classes whose matrix fits a terminal.
    const CLASSES: usize = 20;
    let classes = &result.classes;
    if classes.len() > CLASSES {
        return format!(
            "the confusion matrix of {} classes is too wide for a terminal: see --json\n",
            classes.len()
        );
    }
    let greatest = result.confusion.iter().flatten().max().copied().unwrap_or_default();
    let labels = classes.iter().map(|label| label.chars().count());
    let width = labels.max().unwrap_or_default().max(greatest.to_string().len()) + 1;
    let heads: String = classes.iter().map(|label| format!("{label:>width$}")).collect();
    let mut text = format!(
        "confusion matrix: rows are true classes, columns are predicted classes\n{:width$} \
         |{heads}\n{}+{}\n",
        "",
        "-".repeat(width + 1),
        "-".repeat(width * classes.len())
    );
    let greatest = result.greatest_mistake();
    for (truth, (label, row)) in classes.iter().zip(&result.confusion).enumerate() {
        let _ = write!(text, "{label:>width$} |");
        let support = row.iter().sum::<usize>().max(1) as f64;
        for (class, &count) in row.iter().enumerate() {
            let cell = if count == 0 { ".".to_owned() } else { count.to_string() };
            let cell = format!("{cell:>width$}");
            if coloured && count > 0 {
                let fraction = count as f64 / support;
                let right = truth == class;
                let shade = shade(if right { fraction } else { fraction / greatest }, right);
                text.extend([&shade, &cell, terminal::PLAIN]);
            } else {
                text += &cell;
            }
        }
        text.push('\n');
    }
    text
}

/// White on blue or red, darker for a smaller fraction.
fn shade(fraction: f64, right: bool) -> String {
    let depth = (fraction.sqrt() * 4.0).ceil().clamp(1.0, 4.0) as u8;
    let background = if right { colour(0, depth / 2, depth) } else { colour(depth, 0, 0) };
    terminal::colours(colour(5, 5, 5), background)
}

/// Measures of several models, images that one model alone gets wrong, and all pairs of models.
pub(crate) fn comparison(found: &Comparison) -> String {
    const LISTED: usize = 12;
    let head = ["model", "accuracy", "95 % interval", "bytes", "non-zero", "multiplications"];
    let mut rows = vec![row(head)];
    rows.extend(found.models.iter().map(|model| {
        vec![
            model.name.clone(),
            percent(model.accuracy),
            format!("{:5.2} - {:>8}", 100.0 * model.interval.0, percent(model.interval.1)),
            model.bytes.to_string(),
            percent(model.non_zero),
            format!("{:.0}", model.macs),
        ]
    }));
    let mut text = format!(
        "{}\n{}\nof {} test images, numbered from 0, wrong for one model alone\n",
        table::plain(&rows),
        instructions(&found.models),
        found.images
    );
    let names: Vec<_> = found.models.iter().map(|model| visible::line(&model.name)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    for (name, ComparedModel { alone_wrong, .. }) in names.iter().zip(&found.models) {
        let listed = alone_wrong.iter().take(LISTED).map(|image| format!(" {image}"));
        let listed = listed.collect::<Vec<_>>().join(",");
        let colon = if listed.is_empty() { "" } else { ":" };
        let more = if alone_wrong.len() > LISTED { ", ..." } else { "" };
        let _ = writeln!(text, "{name:width$}  {}{colon}{listed}{more}", alone_wrong.len());
    }
    text.push('\n');
    for ModelPair { pair, only_first, only_second, p } in &found.pairs {
        let _ = writeln!(
            text,
            "{0} is right where {1} is wrong {2}, {1} is right where {0} is wrong {3}: {4}",
            names[pair.0],
            names[pair.1],
            counted(*only_first, "time", "times"),
            counted(*only_second, "time", "times"),
            significance(*p)
        );
    }
    text
}

pub(super) fn significance(p: f64) -> String {
    let verdict = if p < 0.05 { "a significant" } else { "no significant" };
    format!("{verdict} difference (McNemar's exact test, {})", chance(p))
}

/// The instructions of an inference on every board.
fn instructions(models: &[ComparedModel]) -> String {
    // Any other board executes what the emulated one with its processor does.
    let boards: Vec<String> = board::emulated().into_iter().map(|board| board.name).collect();
    let mut rows = vec![[row(["instructions"]), boards.clone()].concat()];
    rows.extend(models.iter().map(|model| {
        let cell = |board: &String| match model.costs.get(board) {
            None => "unknown".to_owned(),
            Some(cost) => {
                let about = if cost.error.is_some() { "~" } else { "" };
                format!("{about}{}", grouped(cost.instructions.round() as usize))
            }
        };
        [model.name.clone()].into_iter().chain(boards.iter().map(cell)).collect()
    }));
    let costs = models.iter().flat_map(|model| model.costs.values());
    let note = costs.filter_map(|cost| cost.error).reduce(f64::max).map(|error| {
        format!(
            "~ estimated for these images, within {:.1} % where a count exists; the others were \
             counted in the emulator\n",
            100.0 * error
        )
    });
    table::plain(&rows) + &note.unwrap_or_default()
}

/// The instructions of an inference: `23,367`, or `about 23,367` if they are estimated.
pub(super) fn instruction_count(cost: Cost) -> String {
    let about = if cost.error.is_some() { "about " } else { "" };
    format!("{about}{}", grouped(cost.instructions.round() as usize))
}

/// The minimum time of an inference: `1.46 ms at 16 MHz`; `None` if the board is only emulated.
pub(super) fn time(cost: Cost) -> Option<String> {
    let (seconds, clock) = cost.seconds().zip(cost.clock)?;
    Some(format!("{:.2} ms at {} MHz", 1e3 * seconds, f64::from(clock) / 1e6))
}

/// The cost of an inference on a board: instructions, and the minimum time unless the board is only
/// emulated.
pub(crate) fn cost(cost: Cost) -> String {
    let source = if cost.error.is_some() { "estimated" } else { "counted" };
    let time = time(cost).map(|time| format!(", at least {time}"));
    format!("{} instructions ({source}){}", instruction_count(cost), time.unwrap_or_default())
}

/// Drawings of the weights of first-layer units, side by side within `columns` characters.
pub fn weights(model: &Model<'_>, coloured: bool, columns: usize) -> String {
    const UNITS: usize = 8;
    if Shape::of_model(model).is_features() {
        return "features are no picture, and so are their weights: see the report\n".to_owned();
    }
    let [side, _] = model.input().size();
    let units = units::strongest(model, UNITS);
    let labels = labels::of_model(model);
    let drawing = |&unit: &usize| -> Vec<String> {
        let drawn = terminal::draw_weights(&units::weights(model, unit), side, coloured);
        let name: String = units::name(model, &labels, unit).chars().take(side + 2).collect();
        let name = format!("{name:width$}", width = side + 2);
        drawn.lines().map(str::to_owned).chain([name]).collect()
    };
    let drawings: Vec<Vec<String>> = units.iter().map(drawing).collect();
    format!(
        "the {} of the first layer's {} units with the greatest weights: {}\n\n{}",
        units.len(),
        model.layers().first().map_or(0, Layer::outputs),
        if coloured { "orange above 0, blue below" } else { "blocks above 0, dots below" },
        terminal::side_by_side(&drawings, columns / (side + 3))
    )
}

/// Accuracies on distorted images, before and after they are recentred.
pub(crate) fn robustness(results: &[Robustness], images: usize) -> String {
    let mut rows = vec![row(["condition", "as it is", "recentred"])];
    rows.extend(results.iter().map(|result| {
        let condition = format!("{:10} {}", result.condition, result.limits);
        vec![condition, percent(result.accuracy), percent(result.recentred_accuracy)]
    }));
    format!("{images} images, distorted at random\n\n{}", table::plain(&rows))
}

/// A model's header, layers and sizes.
pub(crate) fn model(model: &Model<'_>, blob: &Blob) -> String {
    let header = model.header();
    let provenance = origin(model);
    let is_alone = model.stages().len() == 1;
    let shrunk = stages::shrunk(model.input()).filter(|_| is_alone);
    let shrunk = shrunk.map_or_else(String::new, |shrunk| format!(", {shrunk}"));
    let scales: Vec<String> =
        model.stages().iter().map(|stage| stage.logit_scale.to_string()).collect();
    let accuracy = match provenance.tested {
        0 => "not measured".to_owned(),
        tested => format!(
            "{} ({} of {tested} test images)",
            percent(f64::from(provenance.correct) / f64::from(tested)),
            provenance.correct
        ),
    };
    let cells = model.scratch_cells();
    let version = match blob.version() {
        VERSION => format!("version {VERSION}"),
        old => format!("version {old}, read as version {VERSION}"),
    };
    let lines = [
        ("name", visible::line(header.name)),
        ("format", version),
        (
            "input",
            match Shape::of_model(model) {
                Shape::Image { width, height } => {
                    format!("{width}x{height} pixels, 0 = background, 255 = ink{shrunk}")
                }
                features => format!(
                    "{features}, {}",
                    match model.ranges().len() {
                        1 => "all of one range",
                        _ => "each of its own range",
                    }
                ),
            },
        ),
        ("classes", format!("{}: {}", model.classes(), labels::of_model(model).join(" "))),
        ("logit scale", format!("{} (display only)", scales.join(", "))),
        ("accuracy", accuracy),
        ("trained by", command(provenance.command)),
        ("seed", provenance.seed.to_string()),
        ("data", format!("sha256 {}", hex(&provenance.digest))),
        ("written by", visible::line(provenance.tool)),
        ("crc-32", format!("{:08x}", blob.crc())),
        ("memory", format!("Scratch<{cells}>: {} bytes of working memory", cells * 4)),
    ];
    let lines: String = lines.map(|(name, value)| format!("{name:<12} {value}\n")).concat();
    let conditions = if is_alone { String::new() } else { stages::conditions(model) };
    format!("{lines}\n{conditions}{}", sizes(model, blob.bytes()))
}

/// The command that a model says it was trained by, which a shell may be given as it stands; of others
/// it says what they are.
pub(crate) fn command(text: &str) -> String {
    // What a shell obeys outside of quotes, and in some of them. Paths rarely have any of it.
    const OBEYED: &[char] = &[
        ';', '&', '|', '<', '>', '`', '$', '(', ')', '#', '!', '*', '?', '~', '%', '^', '\n', '\r',
    ];
    let shown = visible::line(text);
    if text.is_empty() {
        return shown;
    }
    if text.contains(OBEYED) || !text.starts_with("inkbit ") {
        return format!("{shown:?}, which is no command to paste into a shell");
    }
    match text.starts_with("inkbit train ") && !text.contains(" --out ") {
        // A placeholder for what a model does not record.
        true => shown + " --out RUN",
        false => shown,
    }
}

/// The effect of quantization: accuracy, differences to the rounded network, and removed units.
pub(crate) fn quantization(found: &Quantization) -> String {
    let float = if found.learned { "rounded" } else { "float" };
    let int = format!("int{}", bits::label(&found.bits));
    let [before, after] = [found.float_accuracy, found.int_accuracy];
    let points = format!("{:+.2} points", 100.0 * (after - before));
    let loss = format!("{:+.4}", found.int_loss - found.float_loss);
    let [float_loss, int_loss] = [found.float_loss, found.int_loss].map(|l| format!("{l:.4}"));
    let Quantization { differences, removed, changed, .. } = found;
    let mut text = table::plain(&[
        row(["", float, &int, "difference"]),
        row(["accuracy", &percent(before), &percent(after), &points]),
        row(["loss", &float_loss, &int_loss, &loss]),
    ]);
    let _ = writeln!(
        text,
        "\nintegers compared with the rounded network in floats, {} test images",
        differences.images
    );
    for (layer, hidden) in differences.hidden.iter().enumerate() {
        let _ = writeln!(
            text,
            "layer {layer}    {} of {} activations differ, by at most {} of 255",
            hidden.differing, hidden.compared, hidden.greatest
        );
    }
    let _ = writeln!(
        text,
        "logits     differ by {:.5} on average, by at most {:.5}; {} images are classified \
         differently\n",
        differences.mean_logit, differences.greatest_logit, differences.classes
    );
    for (layer, removed) in removed.iter().enumerate().filter(|(_, r)| r.total() > 0) {
        let Removed { units, proved, unused, measured } = removed;
        let _ = writeln!(
            text,
            "layer {layer}    {} of {units} units removed: {proved} are always 0, {unused} have no \
             effect, {measured} are 0 for every training image",
            removed.total()
        );
    }
    if removed.iter().any(|removed| removed.total() > 0) {
        let _ = writeln!(
            text,
            "           this changes the logits of {changed} of {} test images\n",
            differences.images
        );
    }
    if let Some(found) = &found.refusal {
        let _ = writeln!(text, "{}\n", refusal(found));
    }
    text
}

/// What a model accepts, and what it calls none of its classes.
pub(crate) fn refusal(found: &Refusal) -> String {
    let of_kind =
        |Refused { kind, fraction }: &Refused| format!("{} of {kind}", percent(*fraction));
    let kinds: Vec<String> = found.refused.iter().map(of_kind).collect();
    let accepts = format!("threshold  accepts {} of the test images", percent(found.accepted));
    match kinds.is_empty() {
        true => accepts,
        false => {
            let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
            format!("{accepts}; refuses, generated, {}", list(&kinds))
        }
    }
}

/// Bytes of each part of a blob.
///
/// ```
/// let blob = &inkbit::model::builtin::all()[6]; // nano
/// let text = inkbit::report::text::sizes(&blob.model()?, blob.bytes());
/// assert!(text.contains("whole blob"));
/// # Ok::<_, inkbit_core::Error>(())
/// ```
pub fn sizes(model: &Model<'_>, blob: &[u8]) -> String {
    let bytes = |bytes: usize| format!("{bytes} B");
    let head = ["layer", "inputs", "outputs", "bits", "multipliers", "bias", "weights", "bytes"];
    let mut rows = vec![row(head)];
    rows.extend(model.layers().iter().enumerate().map(|(number, layer)| {
        let shape = layer.shape();
        let numbers = [shape.inputs.to_string(), shape.outputs.to_string(), shape.bits.to_string()];
        let parts = shape.part_bytes().into_iter().chain([shape.data_bytes()]).map(bytes);
        [number.to_string()].into_iter().chain(numbers).chain(parts).collect()
    }));
    if model.ranges().len() > 0 {
        let ranges = model.ranges().len() * Range::BYTES;
        rows.push(row(["input ranges", "", "", "", "", "", "", &bytes(ranges)]));
    }
    let rest = blob.len() - model.data().len();
    for (name, length) in [("header, padding and CRC", rest), ("whole blob", blob.len())] {
        rows.push(row([name, "", "", "", "", "", "", &bytes(length)]));
    }
    let mut layers = model.layers().iter();
    let partial = layers.any(|layer| !layer.outputs().is_multiple_of(layer.bits().block()));
    let note = "(outputs are stored in blocks of 8, those with 2-bit weights in blocks of 16)\n";
    table::plain(&rows) + if partial { note } else { "" }
}

pub(crate) fn images(images: &Images) -> String {
    match images.shape {
        Shape::Image { width, height } => {
            format!("{} images of {width}x{height} pixels", images.len())
        }
        Shape::Features { .. } => format!("{} samples of {}", images.len(), images.shape),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_a_shell_obeys_otherwise_is_shown_as_a_text() {
        assert_eq!(command("inkbit train --data a"), "inkbit train --data a --out RUN");
        assert_eq!(command("inkbit sweep a.toml"), "inkbit sweep a.toml");
        for obeyed in ["; touch a", "$(touch a)", "`touch a`", "\ntouch a", "| sh", "#", "~/.ssh/*"]
        {
            let shown = command(&format!("inkbit train --data a {obeyed}"));
            assert!(shown.starts_with("\"inkbit train --data a"), "{shown}");
            assert!(shown.ends_with("\", which is no command to paste into a shell"));
        }
    }

    #[test]
    fn a_cost_is_instructions_and_the_minimum_time() {
        let cost = Cost { instructions: 23_367.4, error: Some(0.01), clock: Some(16_000_000) };
        assert_eq!(
            super::cost(cost),
            "about 23,367 instructions (estimated), at least 1.46 ms at 16 MHz"
        );
    }
}
