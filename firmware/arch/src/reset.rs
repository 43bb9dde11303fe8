//! Resets, and why the last one was: a record in RAM that nothing clears.
#![allow(unsafe_code)]

use core::mem::MaybeUninit;

use inkbit_core::link::Reset;

/// What tells a record from what RAM holds when power comes; the reason's number is added to it.
const MARK: u32 = 0x1CB1_7000;

/// The mark with the reason, and the instruction's address.
// SAFETY: a section for variables that have no value at the start.
#[unsafe(link_section = ".uninit.inkbit_reset")]
static mut RECORD: MaybeUninit<[u32; 2]> = MaybeUninit::uninit();

/// Records why the firmware is about to start anew.
pub fn keep(reset: Reset) {
    let (reason, at) = match reset {
        Reset::Ordinary => (0, 0),
        Reset::Stuck { at } => (1, at),
        Reset::Fault { at } => (2, at),
        Reset::Panic => (3, 0),
    };
    // SAFETY: RAM that only this module uses, with one thread of control.
    unsafe { (&raw mut RECORD).cast::<[u32; 2]>().write_volatile([MARK + reason, at]) }
}

/// Why the firmware has started. Whoever asks again is told that it was in the ordinary way.
pub fn last() -> Reset {
    // SAFETY: as in `keep`; whatever bits are there are two words.
    let [mark, at] = unsafe { (&raw const RECORD).cast::<[u32; 2]>().read_volatile() };
    keep(Reset::Ordinary);
    match mark.wrapping_sub(MARK) {
        1 => Reset::Stuck { at },
        2 => Reset::Fault { at },
        3 => Reset::Panic,
        _ => Reset::Ordinary,
    }
}
