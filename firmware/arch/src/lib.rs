//! What boards have in common below the app: where the model lies, how deep the stack goes, registers,
//! serial ports, clocks, watchdogs, and what is left of a panic or a fault.

#![no_std]

mod cmsdk;
#[cfg(target_arch = "arm")]
mod cortex_m;
#[cfg(target_arch = "arm")]
mod mem;
mod memory;
mod panic;
mod register;
pub mod reset;
mod serial;
pub mod stack;
#[cfg(target_arch = "arm")]
mod systick;
#[cfg(target_arch = "arm")]
mod vectors;
mod watchdog;

pub use cmsdk::CmsdkUart;
#[cfg(target_arch = "arm")]
pub use cortex_m::{restart, stuck};
pub use memory::model_region;
pub use panic::report;
pub use register::{ByteRegister, Register};
pub use serial::{Port, Serial};
#[cfg(target_arch = "arm")]
pub use systick::SysTick;
#[cfg(target_arch = "arm")]
pub use vectors::Vector;
pub use watchdog::CmsdkWatchdog;
