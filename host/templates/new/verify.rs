//! Answers `inkbit verify` over the serial port of QEMU's machine: @MACHINE@.

use inkbit_core::answer_host;

use crate::{BLOB, Classifier};

const PORT: usize = @PORT@;

/// Sends what comes in to the model, and what it says back, for ever.
pub fn run(mut engine: Classifier) -> ! {
    start();
    answer_host!("@NAME@", BLOB, engine, read, |frame: &[u8]| frame.iter().for_each(|&byte| write(byte)))
}

fn start() {@START@}

fn read() -> u8 {@READ@}

fn write(byte: u8) {@WRITE@}

fn get(register: usize) -> @REGISTER@ {
    // SAFETY: a register of the port, which nothing else uses.
    unsafe { ((PORT + register) as *const @REGISTER@).read_volatile() }
}

fn set(register: usize, value: @REGISTER@) {
    // SAFETY: as in `get`.
    unsafe { ((PORT + register) as *mut @REGISTER@).write_volatile(value) }
}
