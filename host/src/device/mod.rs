//! Devices: boards on a serial port, and emulated ones.
//!
//! A [`Board`] says what there is, a [`Firmware`] takes a model into it, [`Emulator`] starts it in
//! QEMU; a [`Client`] speaks to it or to a real one, and [`verify`](verify()) proves that the device
//! computes the host's bits.

pub mod board;
mod client;
pub mod cost;
pub mod counts;
mod elf;
mod firmware;
pub mod fit;
pub(crate) mod flash_image;
pub(crate) mod port;
pub mod qemu;
pub mod qmp;
mod reply;
mod verify;

pub use board::Board;
pub use client::{Client, Line};
pub use firmware::{Firmware, FirmwareError, Footprint};
pub use flash_image::ImageError;
pub use qemu::Emulator;
pub use reply::{Answer, DeviceError, DeviceModel, Hello};
pub use verify::{Mismatch, Report, VerifyError, verify};
