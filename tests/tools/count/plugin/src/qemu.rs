//! The functions of QEMU's plugin interface that are used, as its header `qemu-plugin.h` has
//! declared them since version 1 of the interface (QEMU 4.2).

use std::ffi::{c_char, c_int, c_uint, c_void};
use std::sync::atomic::{AtomicI32, Ordering};

/// The requested version of the interface. QEMU refuses versions older than its oldest and newer
/// than its newest; the functions used here are the same in all.
#[unsafe(no_mangle)]
pub(crate) static qemu_plugin_version: AtomicI32 = AtomicI32::new(1);

/// Called when QEMU loads the plugin, before it reads the version.
#[used]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
static INIT: extern "C" fn() = choose_version;

/// Requests version 2 from QEMU 9.0 on, which has a function that came with that version.
extern "C" fn choose_version() {
    // SAFETY: a C string; the handle stands for everything that is loaded.
    let came_with_2 = unsafe { dlsym(LOADED, c"qemu_plugin_scoreboard_new".as_ptr()) };
    if !came_with_2.is_null() {
        qemu_plugin_version.store(2, Ordering::Relaxed);
    }
}

/// RTLD_DEFAULT, as dlfcn.h defines it.
const LOADED: *mut c_void = std::ptr::without_provenance_mut(if cfg!(target_vendor = "apple") {
    usize::MAX - 1
} else {
    0
});

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

pub(crate) type OnBlock = extern "C" fn(c_uint, *mut c_void);

/// Callback for a memory access: processor, kind, address, own data.
pub(crate) type OnMemory = extern "C" fn(c_uint, u32, u64, *mut c_void);

unsafe extern "C" {
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
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
