//! A program for a device that links only if nothing that it calls in `inkbit-core` can panic: its
//! panic handler needs a function that does not exist.
//!
//! `cargo build --package no-panic --profile device --target thumbv7m-none-eabi` builds it. It is
//! never run, and empty on the host.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod device;

#[cfg(not(target_os = "none"))]
fn main() {}
