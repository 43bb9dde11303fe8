//! A board's firmware: the ELF file of a build or a release, and its memory.

use std::env;
use std::path::{Path, PathBuf};

use object::elf::{EM_ARM, EM_RISCV, PT_LOAD, SHF_ALLOC, SHF_WRITE};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use object::{LittleEndian, elf};

use super::Board;
use super::flash_image::{ENDIAN, FlashImageError, Header, NO_RECORD, merged_elf};
use crate::support::files::FileError;
use crate::support::limit;
use crate::support::visible;

/// The most bytes of an ELF file: a debug build of a firmware has 4 MB.
const MAX_ELF: u64 = 64 << 20;

/// The firmware of one board.
#[derive(Clone, Debug)]
pub struct Firmware {
    elf: Vec<u8>,
}

/// The memory of a firmware in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// Code, constants and initial values in flash.
    pub code: u32,
    /// Static variables in RAM.
    pub static_ram: u32,
}

/// A firmware that is missing or cannot run on the board.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum FirmwareError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(
        "there is no firmware for the board {board} at {}; build it with `cargo xtask \
             firmware`, or name the file of a release with --firmware",
        visible::path(path)
    )]
    Missing { board: String, path: PathBuf },
    #[error("{} is not a firmware for the board {board} ({cpu}): {reason}", visible::path(path))]
    Format { path: PathBuf, board: String, cpu: String, reason: String },
    #[error(
        "{} cannot run in QEMU's machine for {target}, {machine}: {reason}; a project of `inkbit new` is \
         linked for it by `cargo build --release --features verify`",
        visible::path(path)
    )]
    Own { path: PathBuf, target: String, machine: String, reason: String },
}

impl Firmware {
    /// The path of a board's firmware after a build of the checkout that this program comes from.
    ///
    /// ```
    /// use inkbit::device::{Board, Firmware};
    /// let path = Firmware::built_path(&Board::find("microbit")?);
    /// assert!(path.ends_with("thumbv6m-none-eabi/release/inkbit-microbit"));
    /// # Ok::<_, inkbit::device::board::UnknownBoard>(())
    /// ```
    pub fn built_path(board: &Board) -> PathBuf {
        // Not in the folder where the program happens to be started, which may be anybody's.
        let checkout = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        checkout.join("firmware/target").join(&board.target).join("release").join(&board.package)
    }

    /// The path of a board's firmware in a release: in the folder `firmware` beside the program.
    fn released_path(board: &Board) -> Option<PathBuf> {
        let folder = env::current_exe().ok()?.parent()?.join("firmware");
        Some(folder.join(&board.package).with_extension("elf")).filter(|path| path.exists())
    }

    /// Reads `file`, or else the board's firmware of the release or the checkout.
    pub fn find(board: &Board, file: Option<&Path>) -> Result<Self, FirmwareError> {
        let own = || Self::released_path(board).unwrap_or_else(|| Self::built_path(board));
        let path = file.map_or_else(own, Path::to_owned);
        if file.is_none() && !path.exists() {
            return Err(FirmwareError::Missing { board: board.name.clone(), path });
        }
        let firmware = Self { elf: limit::read_named(&path, MAX_ELF)? };
        firmware.check(board).map_err(|reason| {
            let (board, cpu) = (board.name.clone(), board.cpu.clone());
            FirmwareError::Format { path, board, cpu, reason }
        })?;
        Ok(firmware)
    }

    /// Reads a program of its user's, which has its model inside and answers over its serial port, see
    /// [`answer_host!`](inkbit_core::answer_host). `machine` is what it is emulated in.
    pub fn own(machine: &Board, path: &Path) -> Result<Self, FirmwareError> {
        let firmware = Self { elf: limit::read_named(path, MAX_ELF)? };
        firmware.check_place(machine).map(drop).map_err(|reason| FirmwareError::Own {
            path: path.to_owned(),
            target: machine.target.clone(),
            machine: machine.name.clone(),
            reason,
        })?;
        Ok(firmware)
    }

    /// The same firmware with a model in a segment and a section of its own.
    pub fn with_model(&self, board: &Board, blob: &[u8]) -> Result<Self, FlashImageError> {
        let mut elf = merged_elf(&self.elf, board.memory.model.address, blob)?;
        for record in board.memory.journal().into_iter().flatten() {
            elf = merged_elf(&elf, record, NO_RECORD)?;
        }
        let merged = Self { elf };
        let parts = merged.try_parts().map_err(FlashImageError::Merged)?;
        merged.check_sections().map_err(FlashImageError::Merged)?;
        // The file's header changes, and a segment may have it among its bytes.
        if self.parts().iter().any(|part| !parts.contains(part)) {
            let reason = "a segment has the file's own header in it, which the model changes; link \
                          it without headers (--nmagic)";
            return Err(FlashImageError::Merged(reason.to_owned()));
        }
        Ok(merged)
    }

    /// The ELF file.
    pub fn elf(&self) -> &[u8] {
        &self.elf
    }

    /// The bytes to flash, and their addresses.
    pub fn parts(&self) -> Vec<(u32, &[u8])> {
        self.try_parts().expect("checked when it was read")
    }

    /// Its use of the board's memory.
    pub fn footprint(&self, board: &Board) -> Footprint {
        let code = self.parts().iter().map(|(_, bytes)| bytes.len() as u32).sum();
        let header = Header::parse(&*self.elf).expect("checked when it was read");
        let sections = header.sections(ENDIAN, &*self.elf).expect("checked when it was read");
        let ram = board.memory.ram.range();
        let variables = sections.iter().filter(|section| {
            let flags = section.sh_flags(ENDIAN);
            // Some linker scripts make sections of the remaining room.
            let name = sections.section_name(ENDIAN, section).unwrap_or_default();
            !matches!(name, b".stack" | b".heap")
                && flags.contains(SHF_ALLOC)
                && flags.contains(SHF_WRITE)
                && ram.contains(&u64::from(section.sh_addr(ENDIAN)))
        });
        let sizes = variables.map(|section| section.sh_size(ENDIAN));
        // Sections may state more than there is memory.
        let static_ram = sizes.fold(0, u32::saturating_add);
        Footprint { code, static_ram }
    }

    fn check(&self, board: &Board) -> Result<(), String> {
        // The name that the firmware sends to the host.
        let name = board.name.as_bytes();
        let parts = self.check_place(board)?;
        if !self.elf.windows(name.len()).any(|bytes| bytes == name) {
            return Err("it is for another board".to_owned());
        }
        let model = board.memory.model.range();
        for (address, bytes) in parts {
            let (start, end) = (u64::from(address), u64::from(address) + bytes.len() as u64);
            if start < model.end && model.start < end {
                return Err(format!(
                    "its code from {start:#010x} to {end:#010x} lies in the model's region, which \
                     begins at {:#010x}",
                    model.start
                ));
            }
        }
        Ok(())
    }

    /// Checks that it is for the board's processor and lies in its flash; gives its parts.
    fn check_place(&self, board: &Board) -> Result<Vec<(u32, &[u8])>, String> {
        let header = Header::parse(&*self.elf).map_err(not_elf)?;
        let machine = header.e_machine(ENDIAN);
        let expected: elf::Machine = if board.cpu.starts_with("RV") { EM_RISCV } else { EM_ARM };
        if machine != expected {
            return Err(format!("it is for ELF machine {}, not {}", machine.0, expected.0));
        }
        self.check_sections()?;
        let parts = self.try_parts()?;
        if parts.is_empty() {
            return Err(
                "it has no segment to load: link it first, and do not strip that".to_owned()
            );
        }
        // Many headers may name the same bytes: what is flashed would be a multiple of the file.
        let mut bytes = 0;
        for (address, part) in &parts {
            bytes += part.len() as u64;
            if bytes > u64::from(board.memory.flash.bytes) {
                return Err(format!(
                    "its segments up to {address:#010x} have {bytes} bytes, and the flash {}",
                    board.memory.flash.bytes
                ));
            }
        }
        for (address, bytes) in &parts {
            let (start, end) = (u64::from(*address), u64::from(*address) + bytes.len() as u64);
            let flash = board.memory.flash.range();
            if !flash.contains(&start) || end > flash.end {
                return Err(format!("it has code at {start:#010x}, where there is no flash"));
            }
        }
        Ok(parts)
    }

    fn check_sections(&self) -> Result<(), String> {
        let header = Header::parse(&*self.elf).map_err(not_elf)?;
        header.sections(ENDIAN, &*self.elf).map(|_| ()).map_err(not_elf)
    }

    fn try_parts(&self) -> Result<Vec<(u32, &[u8])>, String> {
        let segments = Header::parse(&*self.elf)
            .and_then(|header| header.program_headers(ENDIAN, &*self.elf))
            .map_err(not_elf)?;
        let loaded = segments
            .iter()
            .filter(|segment| segment.p_type(ENDIAN) == PT_LOAD && segment.p_filesz(ENDIAN) > 0);
        let part = |segment: &elf::ProgramHeader32<LittleEndian>| {
            let bytes = segment.data(ENDIAN, &*self.elf);
            let bytes = bytes.map_err(|()| "it is cut off".to_owned())?;
            Ok((segment.p_paddr(ENDIAN), bytes))
        };
        loaded.map(part).collect()
    }
}

fn not_elf(error: object::read::Error) -> String {
    format!("it is not a 32-bit ELF file ({error})")
}

#[cfg(test)]
mod tests {
    use inkbit_boards::Memory;

    use super::*;

    /// An ELF file for Arm that names the board, and has this many program headers, all zero.
    fn elf(segments: u8) -> Vec<u8> {
        let mut elf = b"\x7FELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x28\0\x01\0\0\0".to_vec();
        elf.resize(52, 0);
        (elf[28], elf[40], elf[42], elf[44], elf[46]) = (52, 52, 32, segments, 40);
        elf.resize(52 + 32 * usize::from(segments), 0);
        elf.extend(b"microbit");
        elf
    }

    #[test]
    fn an_elf_file_without_a_segment_to_load_is_no_firmware() {
        let board = Board::find("microbit").unwrap();
        for segments in [0, 1] {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), elf(segments)).unwrap();
            let error = Firmware::find(&board, Some(file.path())).unwrap_err().to_string();
            assert!(error.contains("it has no segment to load"), "{error}");
        }
    }

    #[test]
    fn a_firmware_that_cannot_be_read_with_its_model_is_an_error() {
        let board = Board::find("microbit").unwrap();
        let mut elf = elf(0);
        // Neither place nor length of a program header, of which there is none; and two sections,
        // the second of which has the names.
        (elf[28], elf[42]) = (0, 0);
        (elf[32], elf[48], elf[50]) = (elf.len() as u8, 2, 1);
        elf.extend([0; 80]);
        elf[60 + 40 + 4] = 3;
        let error = Firmware { elf }.with_model(&board, b"model").unwrap_err().to_string();
        assert!(error.contains("cannot be added to the firmware"), "{error}");
    }

    /// Lets a program header load this number of the file's first bytes to this address.
    fn load(elf: &mut Vec<u8>, header: usize, address: u32, bytes: u32) {
        elf.resize(elf.len().max(bytes as usize), 0);
        let at = 52 + 32 * header;
        elf[at] = 1; // PT_LOAD
        elf[at + 12..at + 16].copy_from_slice(&address.to_le_bytes());
        elf[at + 16..at + 20].copy_from_slice(&bytes.to_le_bytes());
    }

    /// What is wrong with a firmware that loads this number of bytes to each of these addresses.
    fn checked(board: &Board, segments: &[(u32, u32)]) -> String {
        let mut elf = elf(segments.len() as u8);
        for (header, &(address, bytes)) in segments.iter().enumerate() {
            load(&mut elf, header, address, bytes);
        }
        Firmware { elf }.check(board).err().unwrap_or_default()
    }

    #[test]
    fn headers_that_name_the_same_bytes_again_and_again_are_refused() {
        let mut board = Board::find("microbit").unwrap();
        assert!(checked(&board, &[(0, 8000); 40]).contains("bytes, and the flash 262144"));
        (board.memory.flash.bytes, board.memory.model.address) = (0x2000, 0x2000);
        assert_eq!(checked(&board, &[(0, 0x1000); 2]), "");
        let error = checked(&board, &[(0, 0x1000), (0, 0x1000), (0, 1)]);
        assert!(error.contains("have 8193 bytes, and the flash 8192"), "{error}");
    }

    #[test]
    fn code_lies_in_flash_and_outside_the_models_region() {
        let mut board = Board::find("microbit").unwrap();
        let Memory { flash, model, .. } = &mut board.memory;
        (flash.address, flash.bytes, model.address, model.bytes) = (0x1000, 0x8000, 0x5000, 0x1000);
        for part in [(0x1000, 0x4000), (0x4FFF, 1), (0x6000, 0x3000)] {
            assert_eq!(checked(&board, &[part]), "");
        }
        for part in [(0xFFF, 1), (0x9000, 1), (0x8000, 0x1001), (u32::MAX, 2)] {
            let error = checked(&board, &[part]);
            assert!(error.ends_with("where there is no flash"), "{error}");
        }
        for part in [(0x1000, 0x4001), (0x4FFF, 2), (0x5000, 1), (0x5FFF, 1), (0x1000, 0x8000)] {
            let error = checked(&board, &[part]);
            assert!(
                error.contains("lies in the model's region, which begins at 0x00005000"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_firmware_for_another_board_or_processor_is_refused() {
        let error = |board| checked(&Board::find(board).unwrap(), &[(0, 1)]);
        assert_eq!(error("microbit"), "");
        assert_eq!(error("lm3s6965evb"), "it is for another board");
        assert_eq!(error("riscv32-virt"), "it is for ELF machine 40, not 243");
    }

    #[test]
    fn a_firmware_whose_sections_lie_behind_its_end_is_refused() {
        let board = Board::find("microbit").unwrap();
        let mut elf = elf(1);
        load(&mut elf, 0, 0, 1);
        (elf[32], elf[48]) = (elf.len() as u8, 1);
        let error = Firmware { elf }.check(&board).unwrap_err();
        assert!(error.starts_with("it is not a 32-bit ELF file"), "{error}");
    }

    #[test]
    fn a_firmware_that_was_not_built_is_missing_and_one_that_was_named_cannot_be_read() {
        let mut board = Board::find("microbit").unwrap();
        board.target = "no-such-target".to_owned();
        let error = Firmware::find(&board, None).unwrap_err();
        assert!(matches!(error, FirmwareError::Missing { .. }), "{error}");
        let error = Firmware::find(&board, Some(Path::new("/nowhere/elf"))).unwrap_err();
        assert!(matches!(error, FirmwareError::File(_)), "{error}");
    }

    #[test]
    fn variables_are_what_is_allocated_and_written_in_ram_but_for_the_stack_and_the_heap() {
        let board = Board::find("microbit").unwrap();
        let ram = board.memory.ram.address;
        let (write, alloc, both) = (1, 2, 3);
        // Place of the name, flags, address, size.
        let sections = [
            (1, both, ram, 1),
            (1, both, ram + 4, 2),
            (7, both, ram, 4),
            (14, both, ram, 8),
            (1, alloc, ram, 16),
            (1, write, ram, 32),
            (1, both, ram - 1, 64),
        ];
        let mut elf = elf(2);
        load(&mut elf, 0, 0, 100);
        load(&mut elf, 1, 100, 20);
        let names = elf.len();
        elf.extend(b"\0.data\0.stack\0.heap\0");
        (elf[32], elf[48], elf[50]) = (elf.len() as u8, 2 + sections.len() as u8, 1);
        let mut section = |words: [u32; 10]| elf.extend(words.map(u32::to_le_bytes).concat());
        section([0; 10]);
        section([0, 3, 0, 0, names as u32, 20, 0, 0, 0, 0]);
        for (name, flags, address, size) in sections {
            section([name, 8, flags, address, 0, size, 0, 0, 0, 0]);
        }
        let footprint = Firmware { elf }.footprint(&board);
        assert_eq!(footprint, Footprint { code: 120, static_ram: 3 });
    }
}
