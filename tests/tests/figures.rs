//! Figures that stand in several pages come from one source: the models themselves and what was
//! counted of them. `cargo xtask figures` writes them anew between the pages' markers.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use inkbit::device::board::{self, Board};
use inkbit::device::counts::Counts;
use inkbit::device::emulator::Kind;
use inkbit::device::selftest::{SelfTest, Times};
use inkbit::model::builtin;

/// Pages that show the table of models.
const PAGES: [&str; 2] = ["README.md", "docs/src/measured.md"];

/// What stands around their table, and around that of boards that people own.
const MODELS: &str = "models";
const REPORTS: &str = "reports";

/// The columns of instructions, each with a board that has such a processor. Those of Cortex-M4 and
/// M33 take 3 instructions fewer than a Cortex-M3.
const PROCESSORS: [(&str, &str); 3] =
    [("Cortex-M0", "microbit"), ("Cortex-M3, M4, M33", "lm3s6965evb"), ("RV32IMC", "riscv32-virt")];

/// The models that come with Inkbit, the largest first.
fn table() -> String {
    let mut blobs = builtin::all();
    blobs.sort_by_key(|blob| std::cmp::Reverse(blob.bytes().len()));
    let mut text = "| model | network | bits | bytes | MNIST test |".to_owned();
    PROCESSORS.iter().for_each(|(processor, _)| write!(text, " {processor} |").unwrap());
    text += "\n|---|---|---|---|---|---|---|---|\n";
    for blob in blobs {
        let model = blob.model().unwrap();
        let header = model.header();
        let (name, provenance) = (header.name, header.origin().unwrap().unwrap());
        let accuracy = 100.0 * f64::from(provenance.correct) / f64::from(provenance.tested);
        let widths = model.layers().iter().map(|layer| format!("-{}", layer.outputs()));
        let network = model.input().inputs().to_string() + &widths.collect::<String>();
        let bits = model.layers().iter().map(|layer| layer.bits().bits().to_string());
        let mut bits: Vec<String> = bits.collect();
        bits.dedup();
        let bits = bits.join("/");
        let bytes = grouped(blob.bytes().len());
        write!(text, "| `{name}` | {network} | {bits} | {bytes} | {accuracy:.2} % |").unwrap();
        let counts = Counts::built_in().of(blob.crc());
        for (_, board) in PROCESSORS {
            write!(text, " {} |", grouped(counts[board].round() as usize)).unwrap();
        }
        text.push('\n');
    }
    text
}

fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

/// Compares what a page has between the markers of this name, or renews it.
fn check(page: &str, name: &str, table: &str) {
    let path = root().join(page);
    let text = fs::read_to_string(&path).unwrap();
    let [first, last] = [format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->")];
    let place = |marker: &str| text.find(marker).unwrap_or_else(|| panic!("{page}: no {marker}"));
    let (begin, end) = (place(&first) + first.len(), place(&last));
    if std::env::var_os("INKBIT_BLESS").is_some() {
        fs::write(&path, [&text[..begin], table, &text[end..]].concat()).unwrap();
    } else {
        assert_eq!(&text[begin..end], table, "{page}: renew it with `cargo xtask figures`");
    }
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn the_pages_show_every_model_as_it_is_recorded_and_counted() {
    let table = table();
    PAGES.iter().for_each(|page| check(page, MODELS, &table));
}

/// What people's own boards have said of themselves.
fn reported(reports: &[SelfTest]) -> String {
    if reports.is_empty() {
        return "Nobody has sent a report yet.\n".to_owned();
    }
    let mut text = "| board | firmware | model | images | differing logits | an inference, us | stack, bytes | from RAM |\n\
                    |---|---|---|---:|---:|---:|---:|---|\n"
        .to_owned();
    for report in reports {
        let SelfTest { board, firmware, model, images, differing, microseconds, stack, .. } =
            report;
        assert!(!report.emulated, "{board}: no emulator belongs here");
        let is_name = |text: &str| {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
        };
        assert!(
            [board, firmware, model].into_iter().all(|text| is_name(text)),
            "{board}: odd names"
        );
        let mean = microseconds.mean;
        let in_ram = if report.in_ram { "yes" } else { "no" };
        writeln!(
            text,
            "| `{board}` | {firmware} | {model} | {images} | {differing} | {mean:.0} | {stack} | {in_ram} |"
        )
        .unwrap();
    }
    text
}

#[test]
fn the_page_of_boards_shows_what_their_owners_have_reported() {
    let files = fs::read_dir(root().join("firmware/reports")).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "toml"));
    paths.sort();
    let read = |path| SelfTest::from_toml(&fs::read_to_string(path).unwrap()).unwrap();
    let reports: Vec<_> = paths.iter().map(read).collect();
    check("docs/src/boards.md", REPORTS, &reported(&reports));
}

#[test]
fn a_report_becomes_a_row_and_one_of_an_emulator_does_not() {
    let mut report = SelfTest {
        board: "pico".into(),
        emulated: false,
        firmware: "0.1.0".into(),
        inkbit: "0.1.0".into(),
        workstation: "linux x86_64".into(),
        model: "nano".into(),
        crc: 1,
        images: 200,
        logits: 2000,
        differing: 0,
        microseconds: Times { fastest: 100.0, mean: 150.4, slowest: 200.0 },
        stack: 2160,
        in_ram: true,
        variables: None,
        check_milliseconds: None,
        repeats: 0,
        bad_frames: 0,
    };
    let table = reported(std::slice::from_ref(&report));
    assert!(table.ends_with("| `pico` | 0.1.0 | nano | 200 | 0 | 150 | 2160 | yes |\n"), "{table}");
    report.emulated = true;
    std::panic::catch_unwind(|| reported(&[report])).unwrap_err();
}

#[test]
fn the_pages_list_every_board_with_its_kernel_and_what_runs_it() {
    let page = |name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src").join(name);
        fs::read_to_string(path).unwrap()
    };
    let (boards, list) = (page("boards.md"), page("device.md"));
    for board in board::all() {
        let Board { name, cpu, target, emulator, .. } = &board;
        let kernel = match target.split('-').next() {
            Some("thumbv6m") => "thumbv6m",
            Some(target) if target.starts_with("thumb") => "thumbv7m",
            _ => "riscv32",
        };
        let run = match emulator {
            Kind::Qemu { .. } => "run in QEMU",
            Kind::Rp2040js { .. } => "run in rp2040js",
            Kind::None => "not run in CI",
        };
        let row = format!("\n| `{name}` | {cpu} | `{kernel}` | {run} |\n");
        assert!(boards.contains(&row), "boards.md lacks {row}");
        let row = format!("\n| `{name}`{} | {cpu} | ", board.mark());
        assert!(list.contains(&row), "device.md lacks {row}");
    }
}
