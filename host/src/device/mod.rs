//! Devices: boards on a serial port, and emulated ones.
//!
//! A [`Board`] describes the hardware, a [`Firmware`] runs on it, an [`Emulator`] starts it without
//! hardware; a [`Client`] speaks to an emulated or a real board, and [`verify`](verify()) proves that
//! the device computes the host's bits.

pub mod board;
mod client;
pub mod cost;
pub mod counts;
pub(crate) mod disk;
pub mod emulator;
mod firmware;
pub mod fit;
pub(crate) mod flash_image;
pub(crate) mod port;
#[cfg(feature = "probe")]
pub(crate) mod probe;
mod reply;
pub mod selftest;
pub(crate) mod stm32_loader;
pub(crate) mod uf2;
mod verify;

pub use board::Board;
pub use client::{Client, Line, Losses};
pub use emulator::Emulator;
pub use firmware::{Firmware, FirmwareError, Footprint};
pub use flash_image::FlashImageError;
pub use reply::{Answer, DeviceError, DeviceModel, Hello};
pub use verify::{Mismatch, Verification, VerifyError, verify};
