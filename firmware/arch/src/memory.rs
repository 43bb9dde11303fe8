//! Memory that a board's file tells of.
#![allow(unsafe_code)]

use inkbit_app::{Board, Journal, RECORD, Slots};

/// The region of flash for the board's model: the slot that is in use if there are two, which the board
/// is told.
///
/// # Safety
///
/// The region is memory that can be read and that nothing writes to, and so is the journal now.
#[inline(always)]
pub unsafe fn model_region(board: &mut Board, slots: Option<Slots>) -> &'static [u8] {
    if let Some(slots) = slots {
        // SAFETY: the caller's promise.
        let records = slots.journal.map(|address| unsafe { memory(address, RECORD as u32) });
        let [first, second] = slots.models;
        board.model_address = if Journal::read(records).slot == 0 { first } else { second };
    }
    // SAFETY: the caller's promise.
    unsafe { memory(board.model_address, board.model_bytes) }
}

/// What lies at an address.
///
/// # Safety
///
/// It is memory that can be read, and that nothing writes to as long as the reference is there.
pub unsafe fn memory<'a>(address: u32, length: u32) -> &'a [u8] {
    let address = core::ptr::with_exposed_provenance(address as usize);
    // SAFETY: the caller's promise.
    unsafe { core::slice::from_raw_parts(address, length as usize) }
}
