//! The few functions of QEMU's plugin interface that are used, as its header `qemu-plugin.h`
//! declares them since version 1 of the interface (QEMU 4.2).

use std::ffi::{c_char, c_int, c_uint, c_void};

/// The version of the interface that is asked for. QEMU refuses versions older than its oldest and
/// newer than its newest; what is used here is the same in all, so the build may name another one.
#[unsafe(no_mangle)]
pub(crate) static qemu_plugin_version: c_int = version(option_env!("INKBIT_PLUGIN_API"));

/// From QEMU 9.0 on; before, it was 1 and less.
const DEFAULT: c_int = 2;

const fn version(text: Option<&str>) -> c_int {
    let Some(text) = text else { return DEFAULT };
    match c_int::from_str_radix(text, 10) {
        Ok(version) => version,
        Err(_) => panic!("INKBIT_PLUGIN_API must be the number of a plugin interface's version"),
    }
}

/// The plugin, as QEMU calls it.
pub(crate) type Id = u64;

/// A block of instructions while it is translated.
#[repr(C)]
pub(crate) struct Block {
    _opaque: [u8; 0],
}

/// An instruction while it is translated.
#[repr(C)]
pub(crate) struct Instruction {
    _opaque: [u8; 0],
}

/// Neither reads nor writes the processor's registers.
pub(crate) const NO_REGISTERS: c_int = 0;

/// Accesses that write.
pub(crate) const WRITES: c_int = 2;

/// What is called when a block runs.
pub(crate) type OnBlock = extern "C" fn(c_uint, *mut c_void);

/// What is called when an instruction has accessed memory: processor, kind, address, own data.
pub(crate) type OnMemory = extern "C" fn(c_uint, u32, u64, *mut c_void);

unsafe extern "C" {
    pub(crate) fn qemu_plugin_register_vcpu_tb_trans_cb(id: Id, on: extern "C" fn(Id, *mut Block));
    pub(crate) fn qemu_plugin_register_vcpu_tb_exec_cb(
        block: *mut Block,
        on: OnBlock,
        flags: c_int,
        data: *mut c_void,
    );
    pub(crate) fn qemu_plugin_register_vcpu_mem_cb(
        instruction: *mut Instruction,
        on: OnMemory,
        flags: c_int,
        accesses: c_int,
        data: *mut c_void,
    );
    pub(crate) fn qemu_plugin_tb_n_insns(block: *const Block) -> usize;
    pub(crate) fn qemu_plugin_tb_get_insn(block: *const Block, index: usize) -> *mut Instruction;
    pub(crate) fn qemu_plugin_insn_vaddr(instruction: *const Instruction) -> u64;
    pub(crate) fn qemu_plugin_insn_size(instruction: *const Instruction) -> usize;
    pub(crate) fn qemu_plugin_mem_size_shift(kind: u32) -> c_uint;
    pub(crate) fn qemu_plugin_outs(text: *const c_char);
}
