//! The worst case of the stack: the deepest path through the call graph of a firmware.

use std::collections::{BTreeMap, BTreeSet};

use object::elf::{EM_RISCV, FileHeader32};
use object::read::elf::ElfFile;
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol, SectionKind};

use crate::code::{Effect, riscv, thumb};

/// What is pushed before a handler runs, at the most: by a Cortex-M with the registers of its
/// floating-point unit. riscv-rt pushes 64 bytes.
const EXCEPTION: u32 = 26 * 4;

/// A function: its frame, whom it calls, and whether it calls through a register.
#[derive(Debug, Default)]
struct Function {
    name: String,
    /// One past its last byte.
    end: u32,
    frame: u32,
    calls: BTreeSet<u32>,
    indirect: bool,
}

/// Where the program begins, and what may interrupt it.
const ROOTS: [&str; 2] = ["main", "hal_main"];
const HANDLERS: [&str; 4] = ["HardFault", "NonMaskableInt", "inkbit_stuck", "_start_trap_rust"];

/// The functions of a firmware by their addresses.
pub(crate) struct Graph {
    functions: BTreeMap<u32, Function>,
    /// Functions that nothing calls by name: a call through a register may lead to any of them.
    nameless: Vec<u32>,
}

impl Graph {
    /// Reads a firmware that was built with `-Zemit-stack-sizes`.
    pub(crate) fn read(elf: &[u8]) -> Result<Self, String> {
        let said = |error: object::read::Error| error.to_string();
        let file = ElfFile::<FileHeader32<LittleEndian>>::parse(elf).map_err(said)?;
        let is_riscv = file.elf_header().e_machine.get(LittleEndian) == EM_RISCV;
        let frames = file.section_by_name(".stack_sizes").ok_or("no section .stack_sizes")?;
        let frames = frames.data().map_err(said)?;
        let frames = stack_sizes(frames);

        // Where functions begin, and where data begins and ends among them.
        let (mut names, mut marks) = (BTreeMap::new(), BTreeMap::new());
        for symbol in file.symbols() {
            let (name, address) = (symbol.name().map_err(said)?, symbol.address() as u32);
            if name.starts_with("$d") || name.starts_with("$t") || name.starts_with("$x") {
                marks.insert(address, name.starts_with("$d"));
            } else if symbol.kind() == object::SymbolKind::Text && !name.is_empty() {
                let size = symbol.size() as u32;
                names.entry(address & !1).or_insert_with(|| (name.to_owned(), size));
            }
        }
        let mut functions = BTreeMap::new();
        for section in file.sections().filter(|section| section.kind() == SectionKind::Text) {
            let (base, code) = (section.address() as u32, section.data().map_err(said)?);
            let end = base + code.len() as u32;
            let starts: Vec<_> = names.range(base..end).map(|(&start, _)| start).collect();
            for (place, &start) in starts.iter().enumerate() {
                let next = starts.get(place + 1).copied().unwrap_or(end);
                let (name, size) = &names[&start];
                // What is between functions is never executed. Assembly states no size.
                let next = if *size > 0 { next.min(start + size) } else { next };
                let mut function =
                    Function { name: name.clone(), end: next, ..Function::default() };
                let mut found = 0;
                let mut at = start;
                while at < next {
                    if marks.range(..=at).next_back().is_some_and(|(_, is_data)| *is_data) {
                        at += 2;
                        continue;
                    }
                    let decode = if is_riscv { riscv } else { thumb };
                    let (length, effect) = decode(code, (at - base) as usize, base);
                    match effect {
                        // Assembly calls parts of itself, and pushes nothing for them.
                        Effect::Call(to) if !(start + 1..next).contains(&to) => {
                            function.calls.insert(to);
                        }
                        Effect::Jump(to) if !(start..next).contains(&to) => {
                            function.calls.insert(to);
                        }
                        Effect::Indirect => function.indirect = true,
                        Effect::Grows(bytes) => found += bytes,
                        _ => {}
                    }
                    at += length as u32;
                }
                // The compiler's own library and assembly state no sizes; their code does.
                function.frame =
                    frames.get(&start).copied().filter(|&size| size > 0).unwrap_or(found);
                functions.insert(start, function);
            }
        }
        let called: BTreeSet<u32> = functions.values().flat_map(|f| f.calls.clone()).collect();
        let starts = |name: &str| ROOTS.contains(&name) || HANDLERS.contains(&name);
        let is_nameless = |(address, function): (&u32, &Function)| {
            let runtime = function.name.starts_with("_start") || function.name == "Reset";
            let known = called.contains(address) || starts(&function.name) || runtime;
            (!known).then_some(*address)
        };
        let nameless = functions.iter().filter_map(is_nameless).collect();
        Ok(Self { functions, nameless })
    }

    /// Bytes of stack that the program needs at the most, with those of a handler on top.
    pub(crate) fn deepest(&self) -> Result<u32, String> {
        Ok(self.deepest_of(&ROOTS)? + EXCEPTION + self.deepest_of(&HANDLERS)?)
    }

    fn deepest_of(&self, names: &[&str]) -> Result<u32, String> {
        let mut deepest = 0;
        for (&address, _) in self.functions.iter().filter(|(_, f)| names.contains(&&*f.name)) {
            deepest = deepest.max(self.depth(address, &mut BTreeMap::new(), &mut Vec::new())?);
        }
        if deepest == 0 { Err(format!("no function {}", names.join(", "))) } else { Ok(deepest) }
    }

    /// The deepest stack from a function on.
    fn depth(
        &self,
        address: u32,
        known: &mut BTreeMap<u32, u32>,
        path: &mut Vec<u32>,
    ) -> Result<u32, String> {
        if let Some(&depth) = known.get(&address) {
            return Ok(depth);
        }
        // A jump may lead into the middle of a function, or to a loop of assembly for ever.
        let below = self.functions.range(..=address).next_back();
        let Some((&start, function)) = below.filter(|(_, function)| address < function.end) else {
            return Ok(0);
        };
        if let Some(place) = path.iter().position(|&function| function == start) {
            // A panic while a panic is reported is not counted: there would be no end to it.
            if path[place..].iter().any(|on| self.functions[on].name.contains("panicking")) {
                return Ok(0);
            }
            return Err(format!("{} calls itself: its stack has no bound", function.name));
        }
        path.push(start);
        let mut below = 0;
        let nameless = if function.indirect { &self.nameless[..] } else { &[] };
        for &call in function.calls.iter().chain(nameless) {
            below = below.max(self.depth(call, known, path)?);
        }
        path.pop();
        known.insert(address, function.frame + below);
        Ok(function.frame + below)
    }
}

/// The section's entries: an address, and a size of seven bits a byte, the last without bit 7.
fn stack_sizes(mut bytes: &[u8]) -> BTreeMap<u32, u32> {
    let mut sizes = BTreeMap::new();
    while let Some((&address, mut rest)) = bytes.split_first_chunk::<4>() {
        let (mut size, mut shift) = (0, 0);
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            size |= u32::from(byte & 0x7F) << shift;
            shift += 7;
            if byte < 0x80 {
                break;
            }
        }
        sizes.insert(u32::from_le_bytes(address) & !1, size);
        bytes = rest;
    }
    sizes
}
