//! A plugin for QEMU that counts what runs between the call of one function and its return.
//!
//!     -plugin libinkbit_count_plugin.so,root=ADDRESS,marks=ADDRESS,stack=LOW-HIGH,out=FILE
//!
//! All numbers are hexadecimal, here and in the file. `root` is the function's address, without the
//! Thumb bit. Each call of it is cut into segments, which begin where the function `marks` is
//! entered. `stack` is where the stack lies.
//!
//! The file has three kinds of lines:
//!
//! - `block START BYTES INSTRUCTIONS`: code that always runs from its first instruction to its
//!   last. Blocks are numbered from 0, in the order of their lines, and stated before they are
//!   counted;
//! - `segment NUMBER:RUNS:JUMPS ...`: how often each block has run since the segment began, and how
//!   often it was followed by something else than the code behind it;
//! - `return BYTES`: the call is over, and has written this far below the beginning of its stack.
//!
//! A call's lines are in the file when the function has returned, however QEMU ends. The plugin
//! follows one processor, which is what the boards have.
#![allow(unsafe_code)]

mod qemu;

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock};

/// Consecutive instructions.
struct Block {
    number: usize,
    range: Range<u64>,
    instructions: usize,
    is_mark: bool,
    /// In this segment.
    runs: AtomicU64,
    /// In this segment.
    jumps: AtomicU64,
}

struct Options {
    root: u64,
    marks: u64,
    stack: Range<u64>,
}

/// What has been translated, and where it is written.
struct Log {
    blocks: Vec<&'static Block>,
    /// The number of blocks that the file states.
    known: usize,
    text: String,
    file: File,
}

static OPTIONS: OnceLock<Options> = OnceLock::new();
static LOG: OnceLock<Mutex<Log>> = OnceLock::new();

/// The last block that ran.
static LAST: AtomicPtr<Block> = AtomicPtr::new(std::ptr::null_mut());
/// Whether the root has been called and has not returned.
static RUNNING: AtomicBool = AtomicBool::new(false);
/// The address to which the root returns.
static RETURN: AtomicU64 = AtomicU64::new(0);
/// Whether the root has not yet left the first block that writes to the stack: it saves the
/// caller's registers, at the beginning of the root's stack.
static ENTERING: AtomicBool = AtomicBool::new(false);
/// One past the highest byte of the stack that was written while [`ENTERING`].
static TOP: AtomicU64 = AtomicU64::new(0);
/// The lowest byte of the stack that has been written since.
static DEEPEST: AtomicU64 = AtomicU64::new(0);

/// QEMU's call at the start.
///
/// # Safety
///
/// `arguments` are `count` C strings; `info` is not read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qemu_plugin_install(
    id: qemu::Id,
    _info: *const c_void,
    count: c_int,
    arguments: *const *const c_char,
) -> c_int {
    let arguments = (0..usize::try_from(count).unwrap_or_default()).map(|index| {
        // SAFETY: the caller's promise.
        let text = unsafe { CStr::from_ptr(*arguments.add(index)) };
        text.to_string_lossy().into_owned()
    });
    match read(arguments) {
        Ok((options, file)) => {
            let log = Log { blocks: Vec::new(), known: 0, text: String::new(), file };
            let first = OPTIONS.set(options).is_ok() && LOG.set(Mutex::new(log)).is_ok();
            if !first {
                return fail("the plugin was loaded twice");
            }
            // SAFETY: the id is ours and the function lives as long as QEMU.
            unsafe { qemu::qemu_plugin_register_vcpu_tb_trans_cb(id, translated) };
            0
        }
        Err(message) => fail(&message),
    }
}

fn fail(message: &str) -> c_int {
    let text = CString::new(format!("inkbit-count-plugin: {message}\n")).unwrap_or_default();
    // SAFETY: a C string.
    unsafe { qemu::qemu_plugin_outs(text.as_ptr()) };
    eprintln!("inkbit-count-plugin: {message}");
    1
}

fn read(arguments: impl Iterator<Item = String>) -> Result<(Options, File), String> {
    let (mut root, mut marks, mut stack, mut file) = (None, None, 0..0, None);
    for argument in arguments {
        let (name, value) = argument.split_once('=').unwrap_or((&argument, ""));
        let number = |digits: &str| {
            let digits = digits.trim_start_matches("0x");
            u64::from_str_radix(digits, 16)
                .map_err(|error| format!("{argument}: not a hexadecimal number ({error})"))
        };
        match name {
            "root" => root = Some(number(value)?),
            "marks" => marks = Some(number(value)?),
            "stack" => {
                let (low, high) = value.split_once('-').ok_or("stack wants LOW-HIGH")?;
                stack = number(low)?..number(high)?;
            }
            "out" => {
                let created = File::create(value);
                file = Some(created.map_err(|error| format!("cannot create {value}: {error}"))?);
            }
            _ => return Err(format!("there is no option '{name}'")),
        }
    }
    let root = root.ok_or("the option root is missing")?;
    let marks = marks.ok_or("the option marks is missing")?;
    Ok((Options { root, marks, stack }, file.ok_or("the option out is missing")?))
}

fn log() -> std::sync::MutexGuard<'static, Log> {
    let log = LOG.get().expect("set before anything is translated");
    log.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn options() -> &'static Options {
    OPTIONS.get().expect("set before anything is translated")
}

/// Called when QEMU has translated a block, before it runs.
extern "C" fn translated(_: qemu::Id, block: *mut qemu::Block) {
    // SAFETY: the block is QEMU's and lives during this call, and so do its instructions.
    let (range, instructions) = unsafe {
        let instructions = qemu::qemu_plugin_tb_n_insns(block);
        let at = |index| qemu::qemu_plugin_tb_get_insn(block, index);
        if instructions == 0 {
            return;
        }
        for index in 0..instructions {
            qemu::qemu_plugin_register_vcpu_mem_cb(
                at(index),
                written,
                qemu::NO_REGISTERS,
                qemu::WRITES,
                std::ptr::null_mut(),
            );
        }
        let (first, last) = (at(0), at(instructions - 1));
        let end = qemu::qemu_plugin_insn_vaddr(last) + qemu::qemu_plugin_insn_size(last) as u64;
        (qemu::qemu_plugin_insn_vaddr(first)..end, instructions)
    };
    let mut log = log();
    let number = log.blocks.len();
    // Never freed: QEMU keeps the address.
    let own: &'static Block = Box::leak(Box::new(Block {
        number,
        is_mark: options().marks == range.start,
        range,
        instructions,
        runs: AtomicU64::new(0),
        jumps: AtomicU64::new(0),
    }));
    log.blocks.push(own);
    let data = std::ptr::from_ref(own).cast_mut().cast();
    // SAFETY: as above; `running` is given what it expects.
    unsafe { qemu::qemu_plugin_register_vcpu_tb_exec_cb(block, running, qemu::NO_REGISTERS, data) };
}

/// Called when a block begins to run.
extern "C" fn running(_: c_uint, block: *mut c_void) {
    // SAFETY: `translated` has given a block that is never freed.
    let block: &'static Block = unsafe { &*block.cast_const().cast() };
    let last = LAST.swap(std::ptr::from_ref(block).cast_mut(), Relaxed);
    // SAFETY: null or a block that is never freed.
    let last = unsafe { last.as_ref() };
    if !RUNNING.load(Relaxed) {
        if block.range.start != options().root {
            return;
        }
        RETURN.store(last.map_or(0, |last| last.range.end), Relaxed);
        TOP.store(0, Relaxed);
        DEEPEST.store(u64::MAX, Relaxed);
        ENTERING.store(true, Relaxed);
        RUNNING.store(true, Relaxed);
        add(&block.runs);
        return;
    }
    if TOP.load(Relaxed) != 0 {
        ENTERING.store(false, Relaxed);
    }
    if let Some(last) = last.filter(|last| last.range.end != block.range.start) {
        add(&last.jumps);
    }
    if block.range.start == RETURN.load(Relaxed) {
        RUNNING.store(false, Relaxed);
        let mut log = log();
        log.segment();
        log.finish(TOP.load(Relaxed).saturating_sub(DEEPEST.load(Relaxed)));
        return;
    }
    if block.is_mark {
        log().segment();
    }
    add(&block.runs);
}

/// Called when an instruction has written to memory.
extern "C" fn written(_: c_uint, kind: u32, address: u64, _: *mut c_void) {
    if !RUNNING.load(Relaxed) || !options().stack.contains(&address) {
        return;
    }
    // SAFETY: QEMU's own value.
    let bytes = 1 << unsafe { qemu::qemu_plugin_mem_size_shift(kind) };
    if ENTERING.load(Relaxed) {
        TOP.fetch_max(address + bytes, Relaxed);
    }
    DEEPEST.fetch_min(address, Relaxed);
}

/// Adds 1. Cheaper than `fetch_add`, and sufficient with one writing thread.
fn add(counter: &AtomicU64) {
    counter.store(counter.load(Relaxed) + 1, Relaxed);
}

impl Log {
    /// Writes what has run since the last segment, and begins another.
    fn segment(&mut self) {
        for Block { range, instructions, .. } in &self.blocks[self.known..] {
            let (start, bytes) = (range.start, range.end - range.start);
            let _ = writeln!(self.text, "block {start:x} {bytes:x} {instructions:x}");
        }
        self.known = self.blocks.len();
        self.text.push_str("segment");
        for Block { number, runs, jumps, .. } in &self.blocks {
            let (runs, jumps) = (runs.swap(0, Relaxed), jumps.swap(0, Relaxed));
            if runs != 0 || jumps != 0 {
                let _ = write!(self.text, " {number:x}:{runs:x}:{jumps:x}");
            }
        }
        self.text.push('\n');
    }

    fn finish(&mut self, stack: u64) {
        let _ = writeln!(self.text, "return {stack:x}");
        if let Err(error) = self.file.write_all(self.text.as_bytes()) {
            fail(&format!("cannot write counts: {error}"));
        }
        self.text.clear();
    }
}
