//! Where the engine lies in a firmware: its functions, its parts, its code.

use std::collections::BTreeMap;
use std::ops::Range;

use addr2line::Context;
use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian as Gimli};
use object::elf::{EM_ARM, FileHeader32, PF_X, PT_LOAD, STT_FUNC, STT_NOTYPE};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader, Sym};
use object::{LittleEndian, elf};

type Header = FileHeader32<LittleEndian>;
const ENDIAN: LittleEndian = LittleEndian;

/// What is counted: from its first instruction to its return.
const ROOT: &str = "inkbit_core::engine::native";

/// Called once for each layer.
const LAYERS: &[&str] = &["inkbit_core::engine::ends"];

/// Beginnings of the names of the engine's functions.
const ENGINE: &[&str] = &["inkbit_core::engine::", "inkbit_core::kernel::"];

/// What an inference does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Lists the pixels that are not zero.
    Gather,
    /// The kernel: sums of weights times inputs.
    Multiply,
    /// All else: makes activations of sums and lists those that are not zero.
    Requantise,
}

/// All parts, in order.
pub const PARTS: [Part; 3] = [Part::Gather, Part::Multiply, Part::Requantise];

/// What makes a part. An instruction belongs to the first line that fits; to [`Part::Requantise`] if
/// none does.
const RULES: &[(Place, Part)] = &[
    (Place::File("core/src/kernel/gather.rs"), Part::Gather),
    (Place::Assembly("::gather::"), Part::Gather),
    (Place::Assembly("::activate::"), Part::Requantise),
    (Place::Assembly("::walk"), Part::Multiply),
    (Place::Assembly("::write"), Part::Multiply),
    (Place::File("core/src/kernel/portable.rs"), Part::Multiply),
];

enum Place {
    /// What is from a source file with this end of its path, wherever it was inlined.
    File(&'static str),
    /// A function of the kernels with this in its name: assembly has no source file.
    Assembly(&'static str),
}

/// Where the kernels are.
const KERNELS: &str = "inkbit_core::kernel::";

/// An ELF file in which the engine cannot be found.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// It is no ELF file, or damaged.
    #[error("the firmware is no ELF file that can be read: {0}")]
    Elf(#[from] object::read::Error),
    /// Its debugging information is damaged.
    #[error("the firmware's debugging information cannot be read: {0}")]
    Debug(#[from] addr2line::gimli::Error),
    /// A symbol is missing.
    #[error(
        "the firmware has no symbol {name}; build it by `cargo xtask firmware`, which keeps symbols \
         and debugging information, and see that the function is not inlined"
    )]
    Symbol {
        /// Its name.
        name: &'static str,
    },
    /// QEMU and this disagree on the instructions at an address.
    #[error(
        "the firmware has {found} instructions from {start:#x} to {end:#x}, QEMU has run {expected} \
         there: is it another file than the one that runs?"
    )]
    Code {
        /// First address.
        start: u64,
        /// One past the last.
        end: u64,
        /// Instructions in the file.
        found: usize,
        /// Instructions that QEMU knows.
        expected: u64,
    },
}

/// A function.
#[derive(Clone, Debug)]
struct Function {
    name: String,
    bytes: u64,
}

/// The engine in a firmware.
pub struct Engine<'e> {
    /// Address of the function that is counted.
    pub root: u64,
    /// Addresses of the functions that begin a layer.
    pub layers: Vec<u64>,
    /// Where the stack lies.
    pub stack: Range<u64>,
    /// What compiled it, as `rustc 1.95.0`.
    pub compiler: String,
    functions: BTreeMap<u64, Function>,
    code: Vec<(u64, &'e [u8])>,
    is_thumb: bool,
    debug: Context<EndianSlice<'e, Gimli>>,
}

impl<'e> Engine<'e> {
    /// Finds the engine in a firmware's ELF file.
    ///
    /// # Errors
    ///
    /// [`EngineError`].
    pub fn read(elf: &'e [u8]) -> Result<Self, EngineError> {
        let header = Header::parse(elf)?;
        let is_thumb = header.e_machine(ENDIAN) == EM_ARM;
        let sections = header.sections(ENDIAN, elf)?;
        let dwarf = Dwarf::load(|id| {
            let section = sections.section_by_name(ENDIAN, id.name().as_bytes());
            let data = section.map(|(_, section)| section.data(ENDIAN, elf)).transpose();
            data.map(|data| EndianSlice::new(data.unwrap_or_default(), Gimli))
        })?;
        let comment = sections.section_by_name(ENDIAN, b".comment");
        let comment = comment.map(|(_, section)| section.data(ENDIAN, elf)).transpose()?;
        let segments = header.program_headers(ENDIAN, elf)?.iter();
        let code = segments
            .filter(|s| s.p_type(ENDIAN) == PT_LOAD && s.p_flags(ENDIAN).contains(PF_X))
            .filter_map(|s| Some((u64::from(s.p_vaddr(ENDIAN)), s.data(ENDIAN, elf).ok()?)))
            .collect();

        let symbols = sections.symbols(ENDIAN, elf, elf::SHT_SYMTAB)?;
        let mut functions = BTreeMap::new();
        // Apart from those, because functions that came out alike share an address.
        let mut addresses = BTreeMap::new();
        let (mut low, mut high) = (None, None);
        for symbol in symbols.iter() {
            let name = String::from_utf8_lossy(symbol.name(ENDIAN, symbols.strings())?);
            let value = u64::from(symbol.st_value(ENDIAN));
            match &*name {
                "_stack_end" | "__ebss" => low = low.max(Some(value)),
                "_stack_start" => high = Some(value),
                _ => {}
            }
            let kind = symbol.st_type();
            // Assembly may leave its functions without a type; `$t` and the like are marks.
            let is_code = kind == STT_FUNC || kind == STT_NOTYPE && symbol.st_size(ENDIAN) > 0;
            if is_code && !name.starts_with('$') {
                let address = if is_thumb { value & !1 } else { value };
                let name = format!("{:#}", rustc_demangle::demangle(&name));
                let bytes = u64::from(symbol.st_size(ENDIAN));
                addresses.insert(path(&name).to_owned(), address);
                functions.insert(address, Function { name, bytes });
            }
        }
        let missing = |name| move || EngineError::Symbol { name };
        let find = |name| addresses.get(name).copied().ok_or_else(missing(name));
        Ok(Self {
            root: find(ROOT)?,
            layers: LAYERS.iter().copied().map(find).collect::<Result<_, _>>()?,
            stack: low.ok_or_else(missing("_stack_end"))?
                ..high.ok_or_else(missing("_stack_start"))?,
            compiler: compiler(&String::from_utf8_lossy(comment.unwrap_or_default())),
            functions,
            code,
            is_thumb,
            debug: Context::from_dwarf(dwarf)?,
        })
    }

    /// Addresses and codes of the instructions in a range; one of four bytes has its first
    /// halfword in the upper half.
    #[must_use]
    pub fn instructions(&self, range: Range<u64>) -> Vec<(u64, u32)> {
        let mut found = Vec::new();
        let Some((base, bytes)) = self
            .code
            .iter()
            .find(|(base, bytes)| (*base..base + bytes.len() as u64).contains(&range.start))
        else {
            return found;
        };
        let half = |address: u64| {
            let place = (address - base) as usize;
            bytes
                .get(place..place + 2)
                .map(|half| u32::from(u16::from_le_bytes([half[0], half[1]])))
        };
        let mut at = range.start;
        while at < range.end
            && let Some(first) = half(at)
        {
            let is_wide = if self.is_thumb { first >> 11 >= 0b11101 } else { first & 3 == 3 };
            match half(at + 2) {
                Some(second) if is_wide => found.push((at, first << 16 | second)),
                _ => found.push((at, first)),
            }
            at += if is_wide { 4 } else { 2 };
        }
        found
    }

    /// The part that an instruction belongs to.
    ///
    /// # Errors
    ///
    /// [`EngineError::Debug`].
    pub fn part(&self, address: u64) -> Result<Part, EngineError> {
        let function = self.function(address);
        let mut files = Vec::new();
        let mut frames = self.debug.find_frames(address).skip_all_loads()?;
        while let Some(frame) = frames.next()? {
            files.extend(frame.location.and_then(|location| location.file));
        }
        let rule = RULES.iter().find(|(place, _)| match place {
            Place::File(end) => files.iter().any(|file| file.ends_with(end)),
            Place::Assembly(part) => function.starts_with(KERNELS) && function.contains(part),
        });
        Ok(rule.map_or(Part::Requantise, |(_, part)| *part))
    }

    /// Bytes of code: of the engine's own functions, and of those others that have run in it.
    #[must_use]
    pub fn code_bytes(&self, executed: &[u64]) -> u64 {
        let used = |start: u64, function: &Function| {
            let range = start..start + function.bytes;
            ENGINE.iter().any(|module| function.name.contains(module))
                || executed.iter().any(|address| range.contains(address))
        };
        let functions = self.functions.iter().filter(|(start, function)| used(**start, function));
        functions.map(|(_, function)| function.bytes).sum()
    }

    /// Demangled name of the function at an address.
    fn function(&self, address: u64) -> String {
        let below = self.functions.range(..=address).next_back();
        let here = below.filter(|(start, function)| address < **start + function.bytes);
        here.map(|(_, function)| function.name.clone()).unwrap_or_default()
    }
}

/// A name without the types in it.
fn path(name: &str) -> &str {
    name.split(['<']).next().unwrap_or(name).trim_end_matches(':')
}

/// The compiler's name and version, from what it leaves in the section `.comment`.
fn compiler(comment: &str) -> String {
    let version = comment.split_once("rustc version ").map(|(_, rest)| rest);
    let version = version.and_then(|rest| rest.split([' ', '\0']).next());
    version.map_or_else(|| "an unknown compiler".to_owned(), |version| format!("rustc {version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiler_is_named_by_its_comment() {
        let comment = "Linker: LLD 21.1.8\0rustc version 1.95.0 (59807616e 2026-04-14)\0";
        assert_eq!(compiler(comment), "rustc 1.95.0");
    }

    #[test]
    fn a_name_is_known_whatever_types_it_was_compiled_for() {
        assert_eq!(path("inkbit_core::engine::native::<1040>"), ROOT);
        assert_eq!(path("gather<inkbit_core::Packed>"), "gather");
    }

    #[test]
    fn a_file_without_symbols_is_refused_with_the_way_to_get_one() {
        let Err(error) = Engine::read(b"\x7fELF") else { panic!("accepted") };
        assert!(error.to_string().contains("ELF"), "{error}");
    }
}
