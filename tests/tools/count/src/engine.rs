//! Where the engine lies in a firmware: its functions, its parts, its code.

use std::collections::BTreeMap;
use std::ops::Range;

use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian};
use anyhow::{Context as _, bail};
use object::{Architecture, Object, ObjectSection, ObjectSegment, ObjectSymbol, SymbolKind};

use crate::trace::Block;

/// What is counted: from its first instruction to its return.
const ROOT: &str = "inkbit_core::engine::native";

/// Called once for each layer.
const LAYER: &str = "inkbit_core::engine::ends";

/// Beginnings of the names of the engine's functions.
const ENGINE: &[&str] = &["inkbit_core::engine::", KERNELS];

/// Where the kernels are.
const KERNELS: &str = "inkbit_core::kernel::";

/// A part of an inference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Lists the non-zero pixels.
    Gather,
    /// The kernel: sums of weights times inputs.
    Multiply,
    /// All else: turns sums into activations and lists the non-zero ones.
    Requantize,
}

/// The number of parts.
pub const PARTS: usize = 3;

/// What makes a part. An instruction belongs to the first line that fits; to [`Part::Requantize`]
/// if none does.
const RULES: &[(Place, Part)] = &[
    (Place::File("core/src/kernel/gather.rs"), Part::Gather),
    (Place::Assembly("::gather::"), Part::Gather),
    (Place::Assembly("::activate::"), Part::Requantize),
    (Place::Assembly("::walk"), Part::Multiply),
    (Place::Assembly("::write"), Part::Multiply),
    (Place::File("core/src/kernel/portable.rs"), Part::Multiply),
];

enum Place {
    /// Code of a source file with this end of its path, wherever it was inlined.
    File(&'static str),
    /// A function of the kernels with this in its name: assembly has no source file.
    Assembly(&'static str),
}

struct Function {
    name: String,
    bytes: u64,
}

/// The engine in a firmware.
pub struct Engine<'e> {
    /// Address of the function that is counted.
    pub root: u64,
    /// Address of the function that begins a layer.
    pub layer: u64,
    /// Where the stack lies.
    pub stack: Range<u64>,
    /// What compiled it, such as `rustc 1.95.0`.
    pub compiler: String,
    functions: BTreeMap<u64, Function>,
    code: Vec<(u64, &'e [u8])>,
    is_thumb: bool,
    debug: addr2line::Context<EndianSlice<'e, LittleEndian>>,
}

impl<'e> Engine<'e> {
    /// Finds the engine in a firmware's ELF file.
    ///
    /// # Errors
    ///
    /// If it is no ELF file, is damaged, or lacks symbols.
    pub fn read(elf: &'e [u8]) -> anyhow::Result<Self> {
        let file = object::File::parse(elf).context("the firmware is no ELF file")?;
        let is_thumb = file.architecture() == Architecture::Arm;
        let data =
            |name: &str| file.section_by_name(name).map_or(Ok(&[][..]), |section| section.data());
        let dwarf =
            Dwarf::load(|id| data(id.name()).map(|data| EndianSlice::new(data, LittleEndian)))?;

        let mut functions = BTreeMap::new();
        // Besides, because functions that came out alike share an address.
        let mut addresses = BTreeMap::new();
        for symbol in file.symbols() {
            let name = format!("{:#}", rustc_demangle::demangle(symbol.name()?));
            // Assembly may leave its functions without a type; `$t` and the like are marks.
            let is_code = match symbol.kind() {
                SymbolKind::Text => true,
                SymbolKind::Unknown => symbol.size() > 0 && !name.starts_with('$'),
                _ => false,
            };
            let address = symbol.address() & if is_thumb && is_code { !1 } else { !0 };
            addresses.insert(path(&name).to_owned(), address);
            if is_code {
                functions.insert(address, Function { name, bytes: symbol.size() });
            }
        }
        let find = |name| {
            addresses.get(name).copied().with_context(|| {
                format!(
                    "the firmware has no symbol {name}: build it by `cargo xtask firmware`, which keeps \
                     symbols and debugging information, and see that the function is not inlined"
                )
            })
        };
        Ok(Self {
            root: find(ROOT)?,
            layer: find(LAYER)?,
            // It grows down to the static variables.
            stack: find("__ebss")?..find("_stack_start")?,
            compiler: compiler(&String::from_utf8_lossy(data(".comment")?)),
            functions,
            code: file
                .segments()
                .map(|segment| Ok((segment.address(), segment.data()?)))
                .collect::<object::Result<_>>()?,
            is_thumb,
            debug: addr2line::Context::from_dwarf(dwarf)?,
        })
    }

    /// Addresses and codes of a block's instructions; one of four bytes has its first halfword in
    /// the upper half.
    ///
    /// # Errors
    ///
    /// If the firmware has another number of instructions there than QEMU has run.
    pub fn instructions(&self, block: Block) -> anyhow::Result<Vec<(u64, u32)>> {
        let (start, end) = (block.start, block.start + block.bytes);
        let has_start =
            |(base, bytes): &&(u64, &[u8])| (*base..base + bytes.len() as u64).contains(&start);
        let (base, bytes) = self.code.iter().find(has_start).copied().unwrap_or_default();
        let half = |address: u64| {
            let place = (address - base) as usize;
            let half = bytes.get(place..place + 2)?;
            Some(u32::from(u16::from_le_bytes([half[0], half[1]])))
        };
        let (mut found, mut at) = (Vec::new(), start);
        while at < end
            && let Some(first) = half(at)
        {
            let is_wide = if self.is_thumb { first >> 11 >= 0b11101 } else { first & 3 == 3 };
            match half(at + 2) {
                Some(second) if is_wide => found.push((at, first << 16 | second)),
                _ => found.push((at, first)),
            }
            at += if is_wide { 4 } else { 2 };
        }
        if found.len() as u64 != block.instructions {
            bail!(
                "the firmware has {} instructions from {start:#x} to {end:#x}, QEMU has run {} there: is it \
                 another file than the one that runs?",
                found.len(),
                block.instructions
            );
        }
        Ok(found)
    }

    /// The part that an instruction belongs to.
    ///
    /// # Errors
    ///
    /// If debugging information is damaged.
    pub fn part(&self, address: u64) -> anyhow::Result<Part> {
        let below = self.functions.range(..=address).next_back();
        let here = below.filter(|(start, function)| address < **start + function.bytes);
        let function = here.map_or("", |(_, function)| &function.name);
        let mut files = Vec::new();
        let mut frames = self.debug.find_frames(address).skip_all_loads()?;
        while let Some(frame) = frames.next()? {
            files.extend(frame.location.and_then(|location| location.file));
        }
        let rule = RULES.iter().find(|(place, _)| match place {
            Place::File(end) => files.iter().any(|file| file.ends_with(end)),
            Place::Assembly(part) => function.starts_with(KERNELS) && function.contains(part),
        });
        Ok(rule.map_or(Part::Requantize, |(_, part)| *part))
    }

    /// Bytes of code: of the engine's own functions, and of others that have run in it.
    pub fn code_bytes(&self, executed: &[u64]) -> u64 {
        let is_used = |start: u64, function: &Function| {
            let range = start..start + function.bytes;
            ENGINE.iter().any(|module| function.name.contains(module))
                || executed.iter().any(|address| range.contains(address))
        };
        let used = self.functions.iter().filter(|(start, function)| is_used(**start, function));
        used.map(|(_, function)| function.bytes).sum()
    }
}

/// A name without the types in it.
fn path(name: &str) -> &str {
    name.split('<').next().unwrap_or(name).trim_end_matches(':')
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
    fn a_file_that_is_no_firmware_is_refused() {
        let Err(error) = Engine::read(b"\x7fELF") else { panic!("accepted") };
        assert!(error.to_string().contains("ELF"), "{error}");
    }
}
