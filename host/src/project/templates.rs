//! The files of a project.

use std::path::MAIN_SEPARATOR;

use inkbit_core::Sample;

use super::port::{self, Port};
use super::{Project, ProjectError};
use crate::device::Board;
use crate::support::visible;

/// Room in flash for all but the model: engine, protocol, messages of a panic.
const CODE: usize = 48 << 10;
/// Room for static variables.
const RAM: usize = 4 << 10;
/// Samples that the proof compares.
const SAMPLES: usize = 1000;

/// What differs between the processors.
struct Runtime {
    /// The crate with the entry point, and the line by which it is asked for.
    entry: &'static str,
    dependency: &'static str,
    /// The linker's arguments.
    arguments: &'static [&'static str],
    /// Debian's package with QEMU for it.
    package: &'static str,
}

const CORTEX_M: Runtime = Runtime {
    entry: "cortex_m_rt",
    // Without the feature that asks for a list of the chip's interrupts, which a HAL crate brings.
    dependency: "cortex-m-rt = \"0.7.5\"",
    arguments: &["-Tlink.x", "--nmagic"],
    package: "qemu-system-arm",
};

const RISCV: Runtime = Runtime {
    entry: "riscv_rt",
    dependency: "riscv-rt = { version = \"0.18\", features = [\"single-hart\"] }",
    arguments: &["-Tmemory.x", "-Tlink.x", "--nmagic"],
    package: "qemu-system-misc",
};

/// The second stage of the RP2040's boot, which its ROM runs first.
const BOOT2: &str = r#"
/// The chip's ROM runs this first, which makes the flash readable.
#[cfg(not(feature = "verify"))]
#[used]
#[unsafe(link_section = ".boot2")]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;
"#;

/// Names and contents of all files.
pub(super) fn files(project: &Project<'_>) -> Result<Vec<(&'static str, Vec<u8>)>, ProjectError> {
    let Project { name, blob, machine, core, .. } = *project;
    let runtime = if machine.target.starts_with("riscv") { RISCV } else { CORTEX_M };
    let board = project.board.unwrap_or(machine);
    let is_rp2040 = board.memory.boot > 0 && board.target.starts_with("thumbv6m");
    if (board.uf2.is_some() || board.memory.boot > 0) && !is_rp2040 {
        let (board, target) = (board.name.clone(), machine.target.clone());
        return Err(ProjectError::Boot { board, target });
    }
    let model = blob.model()?;
    let label = match model.header().name {
        "" => "a model".to_owned(),
        // In what Markdown shows as code, nothing else has a meaning.
        name => format!("`{}`", visible::line(name).replace('`', "'")),
    };
    let verify = verify_command(project)?;
    let Some(Port { address, register, start, read, write }) = port::of(machine) else {
        return Err(ProjectError::Port { machine: machine.name.clone() });
    };
    let version = env!("CARGO_PKG_VERSION");
    let core = match core {
        Some(path) => {
            let shown = path.to_str().filter(|path| !path.contains(visible::is_hidden));
            let path = shown.ok_or_else(|| ProjectError::Core(path.to_owned()))?;
            // TOML would take Windows' separator for the beginning of another character.
            let path = path.replace(MAIN_SEPARATOR, "/");
            format!(
                "inkbit-core = {{ path = {}, version = \"{version}\" }}",
                toml::Value::from(path)
            )
        }
        None => format!("inkbit-core = \"{version}\""),
    };
    let mut dependency = runtime.dependency.to_owned();
    if is_rp2040 {
        dependency += "\nrp2040-boot2 = \"0.3\"";
    }
    let flash_by = board.part.as_ref().map_or_else(String::new, |part| {
        format!(
            ": `probe-rs run --chip {part} target/{}/release/{name}` flashes it and shows that (not run \
             in CI)",
            machine.target
        )
    });
    let data = match model.sample() {
        Sample::Image(_) => "",
        Sample::Features { .. } => {
            " `data.csv` are rows of the features that the model takes: name your file of them, and put it \
             beside the model so that CI has it."
        }
    };
    let arguments: Vec<String> = runtime.arguments.iter().map(|text| format!("{text:?}")).collect();
    let fill = |template: &str| {
        let values = [
            ("@NAME@", name),
            ("@MODEL@", &label),
            ("@TITLE@", &visible::line(&board.title)),
            ("@MACHINE@", &visible::line(&machine.title)),
            ("@TARGET@", &machine.target),
            ("@RUNTIME@", &dependency),
            ("@CORE@", &core),
            ("@ENTRY@", runtime.entry),
            ("@BOOT@", if is_rp2040 { BOOT2 } else { "" }),
            ("@ARGUMENTS@", &arguments.join(", ")),
            ("@PACKAGE@", runtime.package),
            ("@REPOSITORY@", env!("CARGO_PKG_REPOSITORY")),
            ("@FLASH_BY@", &flash_by),
            ("@DATA@", data),
            ("@PORT@", address),
            ("@REGISTER@", register),
            ("@START@", start),
            ("@READ@", read),
            ("@WRITE@", write),
            ("@VERIFY@", &verify),
        ];
        filled(template, &values).into_bytes()
    };
    Ok(vec![
        ("Cargo.toml", fill(include_str!("../../templates/new/manifest.toml"))),
        ("build.rs", fill(include_str!("../../templates/new/build.rs"))),
        ("src/main.rs", fill(include_str!("../../templates/new/main.rs"))),
        ("src/verify.rs", fill(include_str!("../../templates/new/verify.rs"))),
        ("README.md", fill(include_str!("../../templates/new/README.md"))),
        (".github/workflows/verify.yml", fill(include_str!("../../templates/new/verify.yml"))),
        (".cargo/config.toml", fill("[build]\ntarget = \"@TARGET@\"\n")),
        (".gitignore", b"/target\n".to_vec()),
        ("memory/board.x", map(board)),
        ("memory/verify.x", map(machine)),
        ("model.inkbit", blob.bytes().to_vec()),
    ])
}

/// A template with values at their places. What a value holds is no place.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    let (mut text, mut rest) = (String::new(), template);
    while let Some(at) = rest.find('@') {
        text += &rest[..at];
        rest = &rest[at..];
        let known = values.iter().find(|(place, _)| rest.starts_with(place));
        let (place, value) = known.copied().unwrap_or(("@", "@"));
        text += value;
        rest = &rest[place.len()..];
    }
    text + rest
}

/// The linker's map of a board's memory, all of whose flash is the program's.
fn map(board: &Board) -> Vec<u8> {
    let flash = &board.memory.flash;
    let map = board.memory.linker_map(&board.target, flash.address + flash.bytes);
    let title = visible::line(&board.title).replace("*/", "* /");
    format!("/* The memory of {title}. */\n{map}").into_bytes()
}

/// The command that proves the bits of a project, typed in its folder.
pub(super) fn verify_command(project: &Project<'_>) -> Result<String, ProjectError> {
    let Project { name, blob, machine, .. } = project;
    let data = match blob.model()?.sample() {
        Sample::Image(_) => "synthetic",
        Sample::Features { .. } => "data.csv",
    };
    let up = |bytes: usize| bytes.next_multiple_of(1 << 10);
    Ok(format!(
        "inkbit verify model.inkbit --data {data} --images {SAMPLES} --target {0} --firmware \
         target/{0}/release/{name} --flash {1} --ram {RAM}",
        machine.target,
        up(blob.bytes().len() + CODE)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_looks_like_a_place_stays_as_it_is() {
        let values = [("@NAME@", "@MODEL@"), ("@MODEL@", "m")];
        assert_eq!(filled("a@b @NAME@ @MODEL@ @", &values), "a@b @MODEL@ m @");
    }
}
