//! What boards have in common below the app: memory for it, the stack's measure, registers, clocks
//! and what happens at a panic.

#![no_std]

mod memory;
mod panic;
mod register;
pub mod stack;
#[cfg(target_arch = "arm")]
mod systick;

pub use memory::Memory;
pub use panic::report;
pub use register::Register;
#[cfg(target_arch = "arm")]
pub use systick::SysTick;
