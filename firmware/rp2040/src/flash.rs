//! The flash chip, which cannot be read while it is written: the code that writes it lies in RAM.
#![allow(unsafe_code)]

use core::mem::transmute;

use inkbit_app::{Journal, RECORD, Slots};
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

/// The chip's memory behind the code: two slots for models, and the journal. It writes neither the slot
/// that is in use nor anything else.
#[derive(Debug)]
pub struct Flash {
    slots: Slots,
    in_use: usize,
}

impl Flash {
    /// # Safety
    ///
    /// There is one. The slots are those of `firmware!`, and nothing but the app, which refers to the one
    /// in use, and this refers to them and to the journal.
    pub unsafe fn new(slots: Slots) -> Self {
        // SAFETY: the caller's promise; nothing is written meanwhile.
        let records = slots.journal.map(|address| unsafe { memory(address, RECORD as u32) });
        Self { slots, in_use: Journal::read(records).slot }
    }

    /// Whether `length` bytes from an address on lie in one of these regions.
    fn within(address: u32, length: u32, regions: &[(u32, u32)]) -> bool {
        regions.iter().any(|&(start, bytes)| {
            address
                .checked_sub(start)
                .is_some_and(|offset| offset <= bytes && length <= bytes - offset)
        })
    }

    fn change(&mut self, address: u32, page: Option<&[u8; STORE_PAGE]>) {
        let Slots { models, bytes, journal, sector } = self.slots;
        let [first, second] = models;
        let spare = if self.in_use == 0 { second } else { first };
        let length = if page.is_some() { STORE_PAGE as u32 } else { SECTOR as u32 };
        let regions = [(spare, bytes), (journal[0], sector), (journal[1], sector)];
        if !Self::within(address, length, &regions) || !address.is_multiple_of(length) {
            return;
        }
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
        let Slots { models, bytes, journal, sector } = self.slots;
        let regions =
            [(models[0], bytes), (models[1], bytes), (journal[0], sector), (journal[1], sector)];
        if !Self::within(address, length, &regions) {
            return &[];
        }
        // SAFETY: the promise of `new`; it is written through `&mut self` alone.
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
