//! The tables that people read, in Markdown: a section for each model, of the last run that counted
//! it.

use std::fmt::Write as _;

use inkbit::quantize::bits;
use inkbit::support::numbers::grouped;

use crate::row::Row;

/// What the file begins with.
const HEAD: &str = "\
# Instructions of an inference

Written by `cargo xtask count --write`, which renews the sections of the models that it counts; not \
to be edited. Counted in QEMU by the plugin in `tests/tools/count`, of the firmware that is flashed, \
with the model in its place in flash and the images sent over the line, from the first instruction of \
the engine to its return: raw pixels in, logits out. Every logit was what `tests/src/oracle` makes of \
core/FORMAT.md.

- *per N*: instructions for each product that zero skipping leaves; *all 255*: for an image whose every \
pixel is 255.
- *CMSIS-NN*: instructions of its s8 functions for the same network, which do not depend on the image; \
*ratio*: those to ours.
- *stack*: the deepest byte that the engine has written, at most 256; *code*: bytes of all functions of \
the engine, those for other widths of weights too.
- *cycles*: an estimate, for memory without wait states, by the times in Arm's Cortex-M3 Technical \
Reference Manual: a long multiplication that adds takes 4 to 7 cycles, MLA 2, a jump 1 to 3 beside \
its own, a load 2 or 1 behind another load or store.
- *gather* lists the non-zero pixels, *multiply* is the kernel, *requantize* all else. These parts add up \
to the mean, and so do the layers with what is before them.
- *in 8 bits*: the same weights, stored in 8 bits each, so the same logits and the same N; *ratio* is at \
most 1.25. Both are means over the 20 synthetic images.
";

/// How a section begins; the model's name and a colon follow.
const SECTION: &str = "## ";

/// The file with `new` sections in place of those of the same models in the `old` one, the others
/// as they were.
pub fn document(old: &str, new: &[String]) -> String {
    let start = format!("\n{SECTION}");
    let old = old.split(&start).skip(1).map(|rest| format!("{SECTION}{rest}"));
    let mut sections: Vec<String> = old.collect();
    let name = |section: &str| section.split(':').next().map(str::to_owned);
    for section in new {
        match sections.iter_mut().find(|old| name(old) == name(section)) {
            Some(place) => section.clone_into(place),
            None => sections.push(section.clone()),
        }
    }
    let sections = sections.iter().map(|section| format!("\n{}\n", section.trim_end()));
    format!("{HEAD}{}", sections.collect::<String>())
}

/// The section of one model, of its own `rows`; `data` is what the images are called, `source` says
/// how they were counted.
pub fn section(rows: &[&Row], source: &str) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let entry = first.shown();
    let network =
        |widths: &Vec<usize>| widths.iter().map(ToString::to_string).collect::<Vec<_>>().join("-");
    let networks: Vec<String> = first.networks.iter().map(network).collect();
    let asked = first.asked.iter().enumerate().skip(1);
    let asked = asked.map(|(number, asked)| {
        format!(" Stage {} is asked of {:.2} % of them.", number + 1, 100.0 * asked)
    });
    let mut text = format!(
        "{SECTION}{}: {}, {} bits\n\n{} images, {} products with non-zero inputs in the mean (N), {} bytes \
         of working memory.{} {source}.\n",
        entry.model,
        networks.join(", then "),
        bits::label(&entry.bits),
        entry.images,
        thousands(entry.macs()),
        thousands(first.scratch_bytes as f64),
        asked.collect::<String>(),
    );
    let named = |header: &[&str], cells: &dyn Fn(&Row) -> Vec<String>| {
        let header = ["processor", "kernel"].iter().chain(header).map(ToString::to_string);
        let line = |row: &&Row| {
            let names = [row.cpu.clone(), row.shown().kernel.clone()];
            names.into_iter().chain(cells(row)).collect()
        };
        format!("\n{}", table(header.collect(), rows.iter().map(line).collect()))
    };
    text += &named(
        &[
            "mean",
            "min",
            "max",
            "per N",
            "all 255",
            "CMSIS-NN",
            "ratio",
            "stack",
            "code",
            "cycles, estimated",
        ],
        &|row| {
            let (entry, cmsis_nn) = (row.shown(), row.cmsis_nn());
            let [least, most] = row.cycles;
            let cycles = || format!("{} to {}", thousands(least), thousands(most));
            vec![
                thousands(entry.mean),
                thousands(entry.least as f64),
                thousands(entry.most as f64),
                format!("{:.3}", entry.per_mac()),
                thousands(entry.all_ink as f64),
                optional(cmsis_nn.map(thousands)),
                optional(cmsis_nn.map(|baseline| format!("{:.1}", baseline / entry.mean))),
                row.stack.to_string(),
                thousands(row.code as f64),
                optional((most > 0.0).then(cycles)),
            ]
        },
    );
    let mut header = vec!["gather", "multiply", "requantize", "before layers"];
    let layers: Vec<String> =
        (1..entry.widths.len()).map(|layer| format!("layer {layer}")).collect();
    header.extend(layers.iter().map(String::as_str));
    text += &named(&header, &|row| {
        let entry = row.shown();
        entry.parts.iter().chain(&entry.layers).map(|count| thousands(*count)).collect()
    });
    if rows.iter().any(|row| row.in_8_bits.is_some()) {
        let header = ["per N", "in 8 bits", "ratio", "multiply per N", "in 8 bits", "ratio"];
        text += &named(&header, &|row| {
            let own = [row.reference.per_mac(), row.reference.multiply_per_mac()];
            let other = row.in_8_bits.as_ref().map(|row| [row.per_mac(), row.multiply_per_mac()]);
            let cells = |place: usize| {
                let other = other.map(|other| other[place]);
                [
                    format!("{:.3}", own[place]),
                    optional(other.map(|other| format!("{other:.3}"))),
                    optional(other.map(|other| format!("{:.3}", own[place] / other))),
                ]
            };
            [cells(0), cells(1)].concat()
        });
    }
    text
}

/// A table with columns of one width, the first two aligned to the left and the others to the
/// right.
fn table(header: Vec<String>, lines: Vec<Vec<String>>) -> String {
    let width = |column: usize| {
        let cells = lines.iter().chain([&header]).map(|line| line[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let rule = widths.iter().enumerate().map(|(column, &width)| match column {
        0 | 1 => "-".repeat(width),
        _ => "-".repeat(width.saturating_sub(1)) + ":",
    });
    let rule = rule.collect();
    let mut text = String::new();
    for line in [&header, &rule].into_iter().chain(&lines) {
        for (column, (cell, &width)) in line.iter().zip(&widths).enumerate() {
            let _ = match column {
                0 | 1 => write!(text, "| {cell:<width$} "),
                _ => write!(text, "| {cell:>width$} "),
            };
        }
        text.push_str("|\n");
    }
    text
}

fn optional(cell: Option<String>) -> String {
    cell.unwrap_or_else(|| "–".to_owned())
}

/// A number without its fraction, its digits in groups of three.
fn thousands(number: f64) -> String {
    grouped(number.round() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::tests::entry;
    use crate::row::tests::row;

    #[test]
    fn a_section_shows_counts_the_baseline_and_what_is_missing() {
        let (m0, m33) = (row("Cortex-M0", 8, 190_000.0), row("Cortex-M33", 8, 70_000.0));
        let text = section(&[&m0, &m33], "counted");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "## int8: 784-256-128-10, 8 bits");
        assert!(lines[2].starts_with("20 synthetic images, 50,000 products"), "{text}");
        assert!(lines[6].contains("| 190,000 |") && lines[6].contains(" 3.800 |"), "{text}");
        assert!(lines[6].contains("| 1,451,573 |   7.6 |"), "{text}");
        assert!(lines[7].contains("|         – |     – |"), "{text}");
        assert!(text.contains("| before layers | layer 1 |"), "{text}");
        let widths: Vec<usize> = lines[4..8].iter().map(|line| line.chars().count()).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{text}");
        assert!(!text.contains("in 8 bits"), "{text}");
    }

    #[test]
    fn stages_are_shown_with_how_often_they_are_asked() {
        let mut row = row("Cortex-M0", 4, 190_000.0);
        row.networks = vec![vec![144, 32, 10], vec![784, 10]];
        row.asked = vec![1.0, 0.0625];
        let text = section(&[&row], "counted");
        assert!(text.starts_with("## int4: 144-32-10, then 784-10, 4 bits"), "{text}");
        assert!(text.contains(" Stage 2 is asked of 6.25 % of them. counted."), "{text}");
    }

    #[test]
    fn fewer_bits_are_compared_with_the_same_weights_in_8() {
        let mut row = row("Cortex-M0", 4, 190_000.0);
        row.in_8_bits = Some(entry("b", "default", 8, 160_000.0));
        let text = section(&[&row], "counted");
        assert!(text.contains("| 3.800 |     3.200 | 1.187 |"), "{text}");
        assert!(text.contains("|          1.000 |     1.000 | 1.000 |"), "{text}");
    }

    #[test]
    fn a_run_renews_the_sections_of_its_models_and_keeps_the_others() {
        let section = |name: &str, text: &str| format!("## {name}: 1-2\n\n{text}\n");
        let old = document("", &[section("a", "old"), section("b", "old")]);
        assert!(old.starts_with("# Instructions"));
        let new = document(&old, &[section("c", "new"), section("a", "new")]);
        assert!(new.ends_with("\n## a: 1-2\n\nnew\n\n## b: 1-2\n\nold\n\n## c: 1-2\n\nnew\n"));
        assert_eq!(document(&new, &[]), new);
    }
}
