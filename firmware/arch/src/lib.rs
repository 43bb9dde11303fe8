//! What boards have in common below the app: `main`, where the model lies, how deep the stack goes,
//! registers, serial ports, clocks, watchdogs, and what is left of a panic or a fault. A board is one
//! [`firmware!`].

#![no_std]

mod cmsdk;
#[cfg(target_arch = "arm")]
mod cortex_m;
#[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
mod firmware;
mod lights;
#[cfg(target_arch = "arm")]
mod mem;
mod memory;
mod nrf;
mod panic;
mod pl011;
mod register;
pub mod reset;
#[cfg(target_arch = "riscv32")]
mod riscv;
mod serial;
pub mod stack;
mod stm32;
mod stm32f405;
#[cfg(target_arch = "arm")]
mod systick;
mod vectors;
mod watchdog;

pub use cmsdk::CmsdkUart;
#[cfg(target_arch = "arm")]
pub use cortex_m::{restart, stuck};
#[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
pub use firmware::{begin, end, line_only};
pub use lights::{Lights, NO_LIGHT};
pub use memory::{memory, model_region};
pub use nrf::{NrfPin, NrfUart};
pub use panic::report;
pub use pl011::Pl011;
pub use register::{ByteRegister, Register};
#[cfg(target_arch = "riscv32")]
pub use riscv::restart;
pub use serial::{Port, Serial};
pub use stm32::Stm32Usart;
pub use stm32f405::Stm32F405;
#[cfg(target_arch = "arm")]
pub use systick::SysTick;
pub use vectors::Vector;
pub use watchdog::CmsdkWatchdog;
