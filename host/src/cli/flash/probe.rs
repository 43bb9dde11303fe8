//! Boards that a debug probe is connected with.

use super::Content;
use crate::cli::{print, progress};
use crate::device::probe::attach;

/// Flashes the part that a probe holds, and starts it. Returns whether anything was written.
pub fn write(
    selector: Option<&str>,
    part: &str,
    content: &Content<'_>,
    is_dry: bool,
) -> anyhow::Result<bool> {
    let Content { what, bytes, pieces } = content;
    let held = attach(selector, part)?;
    print(&format!("found a {part} by the debug probe {}\n", held.probe))?;
    if is_dry {
        print(&format!("would write {what}\n"))?;
        return Ok(false);
    }
    progress::during(*bytes, "writing", |done| held.flash(pieces, done))?;
    print(&format!("wrote {what}, and read them back\n"))?;
    Ok(true)
}
