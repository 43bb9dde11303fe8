//! The kind of ELF file that all boards' firmware has: 32 bits, little-endian.

use object::LittleEndian;
use object::elf::FileHeader32;

pub(super) type Header = FileHeader32<LittleEndian>;
pub(super) const ENDIAN: LittleEndian = LittleEndian;
