//! Devices: boards on a serial port, and emulated ones.
//!
//! A [`Board`] says what there is, [`flash_image`] makes what is flashed, [`Emulator`] starts it in QEMU
//! and [`port::open`] reaches a real one; a [`Client`] speaks to either, and [`verify`](verify())
//! proves that the device computes the host's bits.

pub mod board;
pub mod client;
pub mod cost;
pub mod counts;
mod elf;
pub mod firmware;
pub mod fit;
pub mod flash_image;
pub mod port;
pub mod qemu;
pub mod qmp;
pub mod reply;
mod verify;

pub use board::Board;
pub use client::Client;
pub use firmware::Firmware;
pub use qemu::Emulator;
pub use reply::{Answer, DeviceError};
pub use verify::{Mismatch, Report, VerifyError, verify};
