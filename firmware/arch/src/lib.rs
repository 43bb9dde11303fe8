//! What boards have in common below the app: where the model lies, how deep the stack goes, registers,
//! serial ports, clocks, and the report of a panic.

#![no_std]

mod cmsdk;
#[cfg(target_arch = "arm")]
mod mem;
mod memory;
mod panic;
mod register;
mod serial;
pub mod stack;
#[cfg(target_arch = "arm")]
mod systick;
#[cfg(target_arch = "arm")]
mod vectors;

pub use cmsdk::CmsdkUart;
pub use memory::model_region;
pub use panic::report;
pub use register::{ByteRegister, Register};
pub use serial::{Port, Serial};
#[cfg(target_arch = "arm")]
pub use systick::SysTick;
