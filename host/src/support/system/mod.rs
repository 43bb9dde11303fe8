//! What every operating system does in a way of its own. Both files have the same names in them, and
//! a test holds that no other file of this package calls a system.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::*;
#[cfg(windows)]
pub use windows::*;
