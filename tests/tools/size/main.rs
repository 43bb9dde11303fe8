//! Measures flash, RAM and stack of every firmware against the budget in its board's file, and
//! compares them with the committed table.

mod code;
mod graph;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use inkbit::device::board::{self, Board, Budget};
use inkbit::device::{DeviceError, Firmware};
use inkbit::model::Blob;
use inkbit_core::blob::pack_layer;
use inkbit_core::link::{MAX_LOGITS, Mode, Refusal};
use inkbit_core::{Header, Input, LayerShape, Model, Numbers, Sample, Stage};
use inkbit_tests::devices::{classic, digits, emulated, start};

use graph::Graph;

/// Images that are classified before the stack is measured.
const IMAGES: usize = 100;

/// What a compiler of another version may change without anybody being asked, in percent.
const TOLERANCE: u32 = 2;

const TABLE: &str = "firmware/sizes.md";

const HEAD: &str = "\
# What the firmware takes

`INKBIT_BLESS=1 cargo xtask size` writes this table, and `cargo xtask size` fails where a figure is over the budget in the board's file or differs by more than 2 % from the one here. Bytes. *Painted* is the deepest stack that a run over all requests, screens and 100 images has used; *worst case* is the deepest path through the call graph, from frames that the compiler states and the code of assembly, with a fault's handler on top: the board's budget holds it. Where code of others calls through tables of functions there is no such bound, and the budget holds what was measured. What no emulator runs is not run in CI, and nothing is painted there.

| board | code | static RAM | frame buffer | copy of the model | stack, painted | stack, worst case |
|---|---:|---:|---:|---:|---:|---:|
";

/// What a firmware takes, in bytes.
struct Sizes {
    code: u32,
    ram: u32,
    /// None where nothing runs it.
    painted: Option<u32>,
    /// None where it cannot be read off the calls.
    worst: Option<u32>,
}

fn measure(board: &Board) -> Result<Sizes, String> {
    let is_run = !board.emulator.is_none();
    let firmware = Firmware::find(board, None).map_err(|error| error.to_string())?;
    let painted = is_run.then(|| deepest_stack(board).ok_or("its stack could not be measured"));
    let painted = painted.transpose()?;
    let built = PathBuf::from("firmware/target/stack").join(&board.target).join("release");
    let path = built.join(&board.package);
    let elf = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let worst = board.budget.call_graph.then(|| Graph::read(&elf)?.deepest()).transpose()?;
    if let (Some(worst), Some(painted)) = (worst, painted)
        && worst < painted
    {
        return Err(format!(
            "it has used {painted} bytes of stack, more than its worst case {worst}"
        ));
    }
    let found = firmware.footprint(board);
    let ram = found.static_ram.saturating_sub(board.budget.frame_buffer + board.budget.model_copy);
    Ok(Sizes { code: found.code, ram, painted, worst })
}

/// Deepest stack use after every request that the line allows.
fn deepest_stack(board: &Board) -> Option<u32> {
    let (board, firmware) = emulated(&board.name)?;
    let mut client = start(&board, &firmware, classic().bytes()).into_client().ok()?;
    client.hello().ok()?;
    for mode in [Mode::Samples, Mode::Link, Mode::Draw] {
        client.show(mode).ok()?;
    }
    for (x, y) in [(3, 3), (24, 3), (8, 25)] {
        client.pen(x, y, true).ok()?;
    }
    for (pixels, _) in digits(IMAGES).iter() {
        client.classify(pixels).ok()?;
    }
    // The whole way of a model over the line, without the start anew that an accepted one leads to.
    match client.send_model(&unfit(), |_| ()) {
        Err(DeviceError::Refused(Refusal::NoSlot)) => assert_eq!(board.memory.second, None),
        sent => sent.expect("it is written, and found not to fit"),
    }
    client.hello().ok()?.expect_model(classic().crc()).expect("the old one");
    client.status().ok().map(|status| status.stack)
}

/// A model with one class more than a device takes.
fn unfit() -> Blob {
    let outputs = MAX_LOGITS as u16 + 1;
    let shape = LayerShape { inputs: 4, outputs, bits: 8, multipliers: 0, numbers: Numbers::Wide };
    let stage = Stage::alone(Input::full(2), 1.0, 1);
    let labels = vec!["any"; usize::from(outputs)].join("\n");
    let biases = vec![0; usize::from(outputs)];
    let mut data = vec![0; shape.data_bytes()];
    pack_layer(0, shape, &[], &biases, |_, _| 1, &mut data).expect("the layer has this size");
    let header = Header {
        name: "unfit",
        labels: &labels,
        sample: Sample::mnist(2),
        stages: [stage].into_iter().collect(),
        layers: [shape].into_iter().collect(),
        provenance: &[],
    };
    let model = Model::new(header, &data).expect("the data are a layer's");
    Blob::from_model(&model).expect("small")
}

/// Figures of a table's row that differ by more than the tolerance.
fn differ(row: &str, other: &str) -> bool {
    let numbers = |row: &str| -> Vec<u32> {
        row.split('|').filter_map(|cell| cell.trim().parse().ok()).collect()
    };
    let (found, expected) = (numbers(row), numbers(other));
    let far =
        |(found, expected): (&u32, &u32)| found.abs_diff(*expected) * 100 > expected * TOLERANCE;
    found.len() != expected.len() || found.iter().zip(&expected).any(far)
}

fn main() -> ExitCode {
    let mut table = HEAD.to_owned();
    let mut wrong = false;
    let committed = fs::read_to_string(TABLE).unwrap_or_default();
    for board in board::all() {
        let name = format!("| `{}`{} |", board.name, board.mark());
        let known = committed.lines().find(|line| line.starts_with(&name)).unwrap_or_default();
        // The one that a machine may lack.
        let is_run = !board.emulator.is_none();
        if is_run && !board.emulator.is_qemu() && emulated(&board.name).is_none() {
            table += &format!("{known}\n");
            continue;
        }
        let Sizes { code, ram, painted, worst } = match measure(&board) {
            Ok(sizes) => sizes,
            Err(reason) => {
                eprintln!("error: {}: {reason}", board.name);
                return ExitCode::FAILURE;
            }
        };
        let Budget { code: code_limit, static_ram, frame_buffer, model_copy, stack, .. } =
            board.budget;
        for (what, found, limit) in [
            ("code", Some(code), code_limit),
            ("static RAM", Some(ram), static_ram),
            ("stack", worst.or(painted), stack),
        ] {
            if let Some(found) = found.filter(|&found| found > limit) {
                eprintln!(
                    "error: {} takes {found} bytes of {what}, the budget in its file is {limit}",
                    board.name
                );
                wrong = true;
            }
        }
        let [painted, worst] =
            [painted, worst].map(|bytes| bytes.map_or_else(|| "–".to_owned(), |b| b.to_string()));
        let row = format!(
            "{name} {code} | {ram} | {frame_buffer} | {model_copy} | {painted} | {worst} |"
        );
        println!("{row}");
        if env::var_os("INKBIT_BLESS").is_none() && differ(&row, known) {
            eprintln!(
                "error: {TABLE} says {known}\nmore than {TOLERANCE} % apart: look for the reason, or \
                 renew the table with `INKBIT_BLESS=1 cargo xtask size`"
            );
            wrong = true;
        }
        table += &(row + "\n");
    }
    if env::var_os("INKBIT_BLESS").is_some()
        && let Err(error) = fs::write(Path::new(TABLE), table)
    {
        eprintln!("error: {TABLE}: {error}");
        wrong = true;
    }
    ExitCode::from(u8::from(wrong))
}
