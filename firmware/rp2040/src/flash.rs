//! The flash chip, which cannot be read while it is written: the code that writes it lies in RAM.
#![allow(unsafe_code)]

use core::mem::transmute;

use inkbit_arch::{memory, restart};
use inkbit_core::link::{Reset, STORE_PAGE};
use rp2040_hal::rom_data;

use crate::guard::FETCHED;

/// Where the chip's memory begins, by which the boot ROM counts.
const START: u32 = 0x1000_0000;
const SECTOR: usize = 4096;
/// What the chip erases at once at the most, and its command for that. The boot ROM uses it where it
/// can.
const BLOCK: (u32, u8) = (1 << 16, 0xD8);

/// What makes the flash readable again as fast as at the start.
#[repr(align(4))]
struct Boot2([u8; 256]);

// SAFETY: the linker has a place for initialized variables by this name.
#[unsafe(link_section = ".data.boot2")]
static BOOT2: Boot2 = Boot2(rp2040_boot2::BOOT_LOADER_W25Q080);

type Routine = unsafe extern "C" fn();

/// Routines of the boot ROM, which is asked for them while the flash can be read.
struct Rom {
    connect: Routine,
    exit_xip: Routine,
    erase: unsafe extern "C" fn(u32, usize, u32, u8),
    program: unsafe extern "C" fn(u32, *const u8, usize),
    flush: Routine,
}

impl Rom {
    fn find() -> Self {
        Self {
            connect: rom_data::connect_internal_flash::ptr(),
            exit_xip: rom_data::flash_exit_xip::ptr(),
            erase: rom_data::flash_range_erase::ptr(),
            program: rom_data::flash_range_program::ptr(),
            flush: rom_data::flash_flush_cache::ptr(),
        }
    }
}

/// Programs a page at an offset in flash, or erases a sector.
///
/// # Safety
///
/// No reference to these bytes is there; no interrupt is served; the other core does not run.
// SAFETY: as above. In RAM, and it calls nothing in flash.
#[unsafe(link_section = ".data.flash")]
#[inline(never)]
unsafe extern "C" fn change(
    rom: &Rom,
    boot2: Routine,
    offset: u32,
    page: Option<&[u8; STORE_PAGE]>,
) {
    // SAFETY: the order of RP2040's data sheet, 2.8.3.1.3, and the caller's promise.
    unsafe {
        (rom.connect)();
        (rom.exit_xip)();
        match page {
            Some(page) => (rom.program)(offset, page.as_ptr(), STORE_PAGE),
            None => (rom.erase)(offset, SECTOR, BLOCK.0, BLOCK.1),
        }
        (rom.flush)();
        boot2();
    }
}

/// The chip's memory behind the code: a slot for a model that is not in use, and the journal.
#[derive(Debug)]
pub struct Flash(());

impl Flash {
    /// # Safety
    ///
    /// There is one, and nothing else refers to what is written by it.
    pub(crate) const unsafe fn new() -> Self {
        Self(())
    }

    fn change(&mut self, address: u32, page: Option<&[u8; STORE_PAGE]>) {
        let rom = Rom::find();
        let start = BOOT2.0.as_ptr().addr() | 1;
        // SAFETY: it is Thumb code, and returns to where it was called from.
        let boot2 = unsafe { transmute::<usize, Routine>(start) };
        critical_section::with(|_| {
            // SAFETY: the promise of `new`, and nothing starts the other core.
            unsafe { change(&rom, boot2, address - START, page) }
        });
    }
}

impl inkbit_app::Flash for Flash {
    fn bytes(&self, address: u32, length: u32) -> &[u8] {
        // SAFETY: it is written through `&mut self` alone.
        unsafe { memory(address, length) }
    }

    fn erase(&mut self, address: u32) {
        self.change(address, None);
    }

    fn program(&mut self, address: u32, page: &[u8; STORE_PAGE]) {
        self.change(address, Some(page));
    }

    fn restart(&mut self) {
        cortex_m::asm::delay(FETCHED);
        restart(Reset::Ordinary)
    }
}
