//! What every operating system does in a way of its own. Both files have the same names in them, and
//! a test holds that no other file of this package calls a system.

use std::fs::File;

use super::limit;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::*;
#[cfg(windows)]
pub use windows::*;

/// The bytes of memory that this process has, where the system tells them in a file, as Linux does.
pub fn resident() -> Option<usize> {
    /// No system has smaller pages.
    const PAGE: usize = 4096;
    let mut text = Vec::new();
    limit::up_to(File::open("/proc/self/statm").ok()?, 200, &mut text).ok()?;
    let pages: usize = String::from_utf8(text).ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * PAGE)
}
