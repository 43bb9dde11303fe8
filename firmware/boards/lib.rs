//! Boards: what `NAME.toml` of this folder says about each. `firmware/README.md` explains every
//! key.
//!
//! The files are built in, so that a program needs no checkout. A board's firmware is the package
//! in the folder beside its file.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::fs;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;

/// The files with their texts, built in.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/boards.rs"));

/// One board. Addresses and sizes are in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// What it is called on the command line.
    pub name: String,
    /// What it is.
    pub title: String,
    /// The firmware's cargo package and executable.
    pub package: String,
    /// What the firmware is compiled for.
    pub target: String,
    /// The processor.
    pub cpu: String,
    /// Hertz at which it runs; none of a board that exists only in the emulator.
    pub clock: Option<u32>,
    /// Its display, if it has one.
    pub display: Option<Display>,
    /// Whether it has keys.
    pub keys: bool,
    /// Whether its display feels a finger.
    #[serde(default)]
    pub touch: bool,
    /// What carries the link: `uart` or `usb`.
    pub serial: String,
    /// Its boot loader, if that takes UF2 files.
    pub uf2: Option<Uf2>,
    /// What probe-rs calls its part, if a debug probe can flash it.
    pub part: Option<String>,
    /// The boot loader in its part's ROM, if that listens on the same line as the firmware.
    pub stm32_loader: Option<Stm32Loader>,
    /// Whether a watchdog resets it if the firmware stands still.
    pub watchdog: bool,
    /// Where its memories lie.
    pub memory: Memory,
    /// What its firmware has room for.
    pub limits: Limits,
    /// What emulates it.
    pub emulator: Emulator,
    /// What its firmware may cost.
    pub budget: Budget,
}

/// What the serial boot loader of ST's parts has to be told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stm32Loader {
    /// The part's number, which the boot loader tells.
    pub chip: u16,
    /// The sectors of flash from its beginning on, as pairs of a count and a size in bytes.
    pub sectors: Vec<(u16, u32)>,
}

/// A boot loader that shows itself as a disk and flashes the UF2 files that are copied there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uf2 {
    /// The family by which it knows files that are for it.
    pub family: u32,
    /// The board's ID in the file INFO_UF2.TXT of its disk, which is the disk's name, too.
    pub disk: String,
}

/// A display.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Display {
    /// Columns in pixels.
    pub width: u32,
    /// Rows in pixels.
    pub height: u32,
    /// Levels of grey.
    pub greys: u32,
}

/// A board's memories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// What keeps code and model.
    pub flash: Region,
    /// Bytes at the beginning of flash for what makes the rest of it readable, on chips that ask
    /// for it.
    #[serde(default)]
    pub boot: u32,
    /// What the code works in.
    pub ram: Region,
    /// The part of flash that is kept for the model.
    pub model: Region,
    /// A second slot for a model, on chips whose firmware can write their flash.
    pub second: Option<Second>,
    /// Bytes that are erased at once where the model begins; none of memory that is written without
    /// being erased.
    pub sector: Option<u32>,
}

/// What riscv-rt's linker script asks for beside the memories.
const RISCV_RT: &str = r#"REGION_ALIAS("REGION_TEXT", FLASH);
REGION_ALIAS("REGION_RODATA", FLASH);
REGION_ALIAS("REGION_DATA", RAM);
REGION_ALIAS("REGION_BSS", RAM);
REGION_ALIAS("REGION_HEAP", RAM);
REGION_ALIAS("REGION_STACK", RAM);
"#;

impl Memory {
    /// The linker's memory map for cortex-m-rt, or for riscv-rt if the `target` is one of RISC-V. Flash ends
    /// for the linker at `end`, so code that reaches further does not link.
    pub fn linker_map(&self, target: &str, end: u32) -> String {
        let Self { flash, boot, ram, .. } = *self;
        let start = flash.address + boot;
        let mut map = format!(
            "MEMORY\n{{\n  BOOT : ORIGIN = {:#x}, LENGTH = {boot:#x}\n  FLASH : ORIGIN = {start:#x}, LENGTH = {:#x}\n  RAM : ORIGIN = {:#x}, LENGTH = {:#x}\n}}\n",
            flash.address,
            end - start,
            ram.address,
            ram.bytes
        );
        if target.starts_with("riscv") {
            map.push_str(RISCV_RT);
        }
        if boot > 0 {
            map.push_str("SECTIONS { .boot2 : { KEEP(*(.boot2)) } > BOOT } INSERT BEFORE .text;\n");
        }
        map
    }

    /// Addresses of the two sectors that tell which slot for a model is in use, if there are two slots.
    pub fn journal(&self) -> Option<[u32; 2]> {
        let (second, sector) = self.second.zip(self.sector)?;
        Some([second.journal, second.journal + sector])
    }
}

/// A second slot for a model, as long as the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Second {
    /// Its address.
    pub address: u32,
    /// Address of the two sectors that tell which slot is in use.
    pub journal: u32,
}

/// A run of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// The first.
    pub address: u32,
    /// How many.
    pub bytes: u32,
}

impl Region {
    /// The addresses.
    pub fn range(&self) -> Range<u64> {
        let start = u64::from(self.address);
        start..start + u64::from(self.bytes)
    }
}

/// What a firmware has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Cells of working memory, of 4 bytes each.
    pub cells: u32,
    /// Pixels of an image.
    pub pixels: u32,
}

/// What emulates a board.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Emulator {
    /// One of QEMU's machines.
    Qemu {
        /// The program.
        program: String,
        /// Its arguments that choose the machine.
        args: Vec<String>,
    },
    /// The RP2040 of rp2040js, a package for Node.
    Rp2040js {
        /// What is wired to it: the display's controller, with `@` and its address on I²C, or with
        /// `+` and that of its touch panel; or `none`.
        wired: String,
    },
    /// None that is known: the firmware is built, and measured as far as that is possible without
    /// running it.
    None,
}

impl Emulator {
    /// Whether it is one of QEMU's machines, in which instructions can be counted.
    pub const fn is_qemu(&self) -> bool {
        matches!(self, Self::Qemu { .. })
    }

    /// Whether there is none, so that no test runs the board's firmware.
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// The program that has to be installed, if there is one.
    pub fn program(&self) -> Option<&str> {
        match self {
            Self::Qemu { program, .. } => Some(program),
            Self::Rp2040js { .. } => Some("node"),
            Self::None => None,
        }
    }
}

/// The most that a firmware may cost, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Code and constants in flash.
    pub code: u32,
    /// Static variables without the display's frame buffer and a copy of the model.
    pub static_ram: u32,
    /// The display's frame buffer.
    #[serde(default)]
    pub frame_buffer: u32,
    /// RAM for a copy of the model.
    #[serde(default)]
    pub model_copy: u32,
    /// Stack at its deepest.
    pub stack: u32,
    /// Whether the deepest can be read off the firmware's calls: not where it links code that calls
    /// through tables of functions.
    #[serde(default = "by_default")]
    pub call_graph: bool,
}

const fn by_default() -> bool {
    true
}

/// There is no board of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownBoard {
    /// The name.
    pub name: String,
}

impl fmt::Display for UnknownBoard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may come from a file of others.
        let name = self.name.escape_debug();
        write!(f, "no board is called '{name}'; there are {}", names().join(", "))
    }
}

impl Error for UnknownBoard {}

impl Board {
    /// What stands behind its name in a table: that no test runs its firmware, if so.
    pub const fn mark(&self) -> &'static str {
        if self.emulator.is_none() { " (not run in CI)" } else { "" }
    }

    /// The board of that name.
    ///
    /// ```
    /// use inkbit_boards::Board;
    /// let board = Board::find("microbit")?;
    /// assert_eq!((board.cpu.as_str(), board.clock), ("Cortex-M0", Some(16_000_000)));
    /// # Ok::<_, inkbit_boards::UnknownBoard>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnknownBoard`].
    pub fn find(name: &str) -> Result<Self, UnknownBoard> {
        let board = all().into_iter().find(|board| board.name == name);
        board.ok_or_else(|| UnknownBoard { name: name.to_owned() })
    }

    /// Reads a board's file, for a build script: a program has [`all`] of them built in.
    ///
    /// # Errors
    ///
    /// The file, and why it cannot be read or what in it is wrong.
    pub fn read(file: &Path) -> Result<Self, Box<dyn Error>> {
        let text = fs::read_to_string(file).map_err(|error| error.to_string());
        let board = text.and_then(|text| toml::from_str(&text).map_err(|error| error.to_string()));
        board.map_err(|reason| format!("{}: {reason}", file.display()).into())
    }
}

/// All boards, by name.
///
/// # Panics
///
/// If a built-in file is not a board's, which the tests rule out.
pub fn all() -> Vec<Board> {
    let board = |(file, text): &(&str, &str)| {
        toml::from_str(text).unwrap_or_else(|error| panic!("{file}: {error}"))
    };
    FILES.iter().map(board).collect()
}

/// The boards that an emulator runs, by name.
pub fn emulated() -> Vec<Board> {
    let mut boards = all();
    boards.retain(|board| !board.emulator.is_none());
    boards
}

/// The boards on which instructions are counted: for each processor the first board that QEMU
/// emulates, one that no debug probe flashes before others, because such a machine has least beside its
/// processor. Every other board with that processor executes the same instructions.
pub fn counted() -> Vec<Board> {
    let mut boards = all();
    boards.retain(|board| board.emulator.is_qemu());
    boards.sort_by_key(|board| board.part.is_some());
    let mut known = BTreeSet::new();
    boards.retain(|board| known.insert(board.cpu.clone()));
    boards.sort_by(|one, other| one.name.cmp(&other.name));
    boards
}

/// The names of all boards.
pub fn names() -> Vec<String> {
    all().into_iter().map(|board| board.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_built_in_under_the_name_of_its_board() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        for board in all() {
            let file = folder.join(&board.name).with_extension("toml");
            assert_eq!(Board::read(&file).unwrap(), board);
        }
    }

    #[test]
    fn a_models_region_lies_in_flash_on_the_boundary_that_blobs_want() {
        for Board { name, memory, .. } in all() {
            let (flash, model) = (memory.flash.range(), memory.model.range());
            assert!(flash.start < model.start && model.end <= flash.end, "{name}");
            assert_eq!(memory.model.address % 8, 0, "{name}");
        }
    }

    #[test]
    fn flashing_the_model_erases_no_code_and_flashing_the_firmware_no_model() {
        for Board { name, memory, budget, emulator, .. } in all() {
            let (flash, model) = (memory.flash.range(), memory.model.range());
            let Some(sector) = memory.sector.map(u64::from) else {
                // QEMU's own machines, whose flash is RAM.
                let ram = ["mps2-an386", "mps2-an505", "riscv32-virt"];
                assert!(emulator.is_qemu() && ram.contains(&&*name), "{name} has no `sector`");
                continue;
            };
            for end in [model.start, model.end] {
                assert_eq!((end - flash.start) % sector, 0, "{name}: {end:#x} is within a sector");
            }
            let code = u64::from(memory.boot + budget.code);
            let erased = flash.start + code.next_multiple_of(sector);
            assert!(erased <= model.start, "{name}: code may reach {erased:#x}");
        }
    }

    #[test]
    fn what_no_emulator_runs_has_a_processor_that_one_does() {
        let known: Vec<String> = emulated().into_iter().map(|board| board.cpu).collect();
        for Board { name, cpu, .. } in all() {
            assert!(known.contains(&cpu), "{name}: no emulated board has the processor {cpu}");
        }
    }

    #[test]
    fn instructions_are_counted_once_for_each_processor() {
        let counted: Vec<_> = counted().into_iter().map(|board| board.cpu).collect();
        assert_eq!(counted, ["Cortex-M3", "Cortex-M0", "Cortex-M4F", "Cortex-M33", "RV32IMC"]);
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let message = Board::find("mircobit").unwrap_err().to_string();
        assert!(message.contains("mircobit") && message.contains("microbit"), "{message}");
    }

    #[test]
    fn a_file_that_is_wrong_is_named_with_what_is_wrong() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let message = Board::read(&file).unwrap_err().to_string();
        assert!(message.contains("Cargo.toml") && message.contains("`package`"), "{message}");
    }
}
