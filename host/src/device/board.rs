//! Boards: what `firmware/boards/NAME/board.toml` says about each.

use std::ops::Range;

use inkbit_core::Model;
use inkbit_core::link::MAX_LOGITS;
use serde::Deserialize;

/// The files, built in so that the command needs no checkout.
const FILES: &[&str] = &[
    include_str!("../../../firmware/boards/lm3s6965evb.toml"),
    include_str!("../../../firmware/boards/microbit.toml"),
    include_str!("../../../firmware/boards/mps2-an386.toml"),
    include_str!("../../../firmware/boards/mps2-an505.toml"),
    include_str!("../../../firmware/boards/riscv32-virt.toml"),
];

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
    /// What carries the link: `uart`.
    pub serial: String,
    /// Where its memories lie.
    pub memory: Memory,
    /// What its firmware has room for.
    pub limits: Limits,
    /// How it is emulated.
    pub qemu: Qemu,
    /// What its firmware may cost.
    pub budget: Budget,
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
    /// What the code works in.
    pub ram: Region,
    /// The part of flash that is kept for the model.
    pub model: Region,
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
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        let start = u64::from(self.address);
        start..start + u64::from(self.bytes)
    }
}

/// What a firmware has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Cells of working memory; see [`Model::scratch_cells`].
    pub cells: u32,
    /// Pixels of an image.
    pub pixels: u32,
}

/// How a board is emulated.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Qemu {
    /// The program.
    pub program: String,
    /// Its arguments that choose the machine.
    pub args: Vec<String>,
}

/// The most that a firmware may cost, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Code and constants in flash.
    pub code: u32,
    /// Static variables without the display's frame buffer.
    pub static_ram: u32,
    /// The display's frame buffer.
    #[serde(default)]
    pub frame_buffer: u32,
    /// Stack at its deepest.
    pub stack: u32,
}

/// A board that is not known, or a model that does not fit one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoardError {
    /// There is no board of that name.
    #[error("no board is called '{name}'; there are {}", names().join(", "))]
    Unknown {
        /// The name.
        name: String,
    },
    /// The model is too large for the board.
    #[error(
        "the model does not fit the board {board}: it has {found} {what}, the board has room for \
         {limit}; {remedy}"
    )]
    TooLarge {
        /// The board.
        board: String,
        /// Of what there is too much.
        what: &'static str,
        /// How much the model has.
        found: usize,
        /// How much the board takes.
        limit: usize,
        /// What to do.
        remedy: &'static str,
    },
}

impl Board {
    /// The board of that name.
    ///
    /// ```
    /// use inkbit::device::Board;
    /// let board = Board::find("microbit")?;
    /// assert_eq!((board.cpu.as_str(), board.clock), ("Cortex-M0", Some(16_000_000)));
    /// # Ok::<_, inkbit::device::board::BoardError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`BoardError::Unknown`].
    pub fn find(name: &str) -> Result<Self, BoardError> {
        let board = all().into_iter().find(|board| board.name == name);
        board.ok_or_else(|| BoardError::Unknown { name: name.to_owned() })
    }

    /// Checks that the board's firmware can run a model.
    ///
    /// ```
    /// use inkbit::device::Board;
    /// let blob = &inkbit::model::builtin::all()[6]; // nano
    /// let board = Board::find("lm3s6965evb")?;
    /// assert_eq!(board.check(&blob.model()?, blob.bytes()), Ok(()));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`BoardError::TooLarge`], for the first thing that is.
    pub fn check(&self, model: &Model<'_>, blob: &[u8]) -> Result<(), BoardError> {
        const NARROWER: &str = "train with narrower layers";
        let Self { memory, limits, .. } = self;
        for (what, found, limit, remedy) in [
            (
                "bytes",
                blob.len(),
                memory.model.bytes as usize,
                "quantize to fewer bits or train with narrower layers",
            ),
            ("cells of working memory", model.scratch_cells(), limits.cells as usize, NARROWER),
            (
                "pixels an image",
                model.input().pixels(),
                limits.pixels as usize,
                "train on smaller images",
            ),
            ("classes", model.classes(), MAX_LOGITS, "train for fewer classes"),
        ] {
            if found > limit {
                let board = self.name.clone();
                return Err(BoardError::TooLarge { board, what, found, limit, remedy });
            }
        }
        Ok(())
    }
}

/// All boards.
///
/// # Panics
///
/// If a file that was built in is not a board's, which the tests rule out.
#[must_use]
pub fn all() -> Vec<Board> {
    let board = |file: &&str| toml::from_str(file).unwrap_or_else(|error| panic!("{error}"));
    FILES.iter().map(board).collect()
}

/// The names of all boards.
#[must_use]
pub fn names() -> Vec<String> {
    all().into_iter().map(|board| board.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_under_boards_is_built_in_under_its_own_name() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../firmware/boards");
        let mut folders: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        folders.sort();
        assert_eq!(folders, names());
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
    fn a_wrong_name_is_answered_with_the_right_ones() {
        let message = Board::find("mircobit").unwrap_err().to_string();
        assert!(message.contains("mircobit") && message.contains("microbit"), "{message}");
    }
}
