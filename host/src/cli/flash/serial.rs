//! Boards whose part has a boot loader on the serial line.

use inkbit_boards::Stm32Loader;
use serialport::Parity;

use super::Content;
use crate::cli::{print, progress};
use crate::device::stm32_loader::{Loader, sectors};
use crate::device::{Board, port};
use crate::support::visible;

/// Flashes a board that waits in its boot loader at this port, and starts it. Returns whether anything
/// was written.
pub fn write(
    board: &Board,
    loader: &Stm32Loader,
    name: &str,
    content: &Content<'_>,
    is_dry: bool,
) -> anyhow::Result<bool> {
    let Content { what, bytes, pieces } = content;
    let flash = board.memory.flash.address;
    let sectors = sectors(loader, flash, pieces)?;
    let line = port::open_with(name, port::BAUD, Parity::Even)?;
    let mut waiting = Loader::begin(line, loader.chip)?;
    let shown = visible::line(name);
    print(&format!("found the boot loader of a {} at {shown}\n", board.name))?;
    if is_dry {
        let sectors: Vec<_> = sectors.iter().map(u16::to_string).collect();
        let sectors = sectors.join(", ");
        print(&format!("would erase the sectors {sectors}, and write {what}\n"))?;
        return Ok(false);
    }
    for &sector in &sectors {
        waiting.erase(sector)?;
    }
    progress::during(*bytes, "writing", |done| {
        let mut before = 0;
        pieces.iter().try_for_each(|&(address, piece)| {
            waiting.write(address, piece, |count| done(before + count))?;
            before += piece.len();
            anyhow::Ok(())
        })
    })?;
    waiting.go(flash)?;
    print(&format!("wrote {what}, and read them back\n"))?;
    Ok(true)
}
