//! The model's place in flash.
#![allow(unsafe_code)]

use inkbit_app::Board;

/// The region of flash for the board's model.
///
/// # Safety
///
/// The region is memory that can be read and that nothing writes to.
pub unsafe fn model_region(board: &Board) -> &'static [u8] {
    let address = core::ptr::with_exposed_provenance(board.model_address as usize);
    // SAFETY: the caller's promise.
    unsafe { core::slice::from_raw_parts(address, board.model_bytes as usize) }
}
