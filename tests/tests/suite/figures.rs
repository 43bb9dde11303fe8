//! Figures that stand in several pages come from one source: the models themselves and what was
//! counted of them. `cargo xtask figures` writes them anew between the pages' markers.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use inkbit::builtin;
use inkbit::models::{Counts, Entry};
use inkbit::report::words::grouped;

/// Pages that show the table of models.
const PAGES: [&str; 2] = ["README.md", "docs/src/measured.md"];

/// What stands around the table.
const MARKERS: [&str; 2] = ["<!-- models -->\n", "<!-- end of models -->"];

/// The columns of instructions, each with a board that has such a processor. Those of Cortex-M4 and
/// M33 take 3 instructions fewer than a Cortex-M3.
const PROCESSORS: [(&str, &str); 3] =
    [("Cortex-M0", "microbit"), ("Cortex-M3, M4, M33", "lm3s6965evb"), ("RV32IMC", "riscv32-virt")];

/// The models that come with Inkbit, the largest first.
fn table() -> String {
    let counts = Counts::built_in();
    let mut models: Vec<Entry> =
        builtin::all().iter().map(|blob| Entry::new(blob, None, &counts).unwrap()).collect();
    models.sort_by_key(|model| std::cmp::Reverse(model.bytes));
    let mut text = "| model | network | bits | bytes | MNIST test |".to_owned();
    PROCESSORS.iter().for_each(|(processor, _)| write!(text, " {processor} |").unwrap());
    text += "\n|---|---|---|---|---|---|---|---|\n";
    for model in models {
        let Entry { name, network, bits, .. } = &model;
        let accuracy = 100.0 * model.recorded_accuracy.unwrap();
        let bytes = grouped(model.bytes);
        write!(text, "| `{name}` | {network} | {bits} | {bytes} | {accuracy:.2} % |").unwrap();
        for (_, board) in PROCESSORS {
            let count = model.instructions[board].round() as usize;
            write!(text, " {} |", grouped(count)).unwrap();
        }
        text.push('\n');
    }
    text
}

#[test]
fn the_pages_show_every_model_as_it_is_recorded_and_counted() {
    let table = table();
    for page in PAGES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
        let text = fs::read_to_string(&path).unwrap();
        let [begin, end] = MARKERS
            .map(|marker| text.find(marker).unwrap_or_else(|| panic!("{page}: no {marker}")));
        let begin = begin + MARKERS[0].len();
        if std::env::var_os("INKBIT_BLESS").is_some() {
            fs::write(&path, [&text[..begin], &table, &text[end..]].concat()).unwrap();
        } else {
            assert_eq!(text[begin..end], table, "{page}: renew it with `cargo xtask figures`");
        }
    }
}
