//! Boards whose part has a boot loader on the serial line.

use serialport::Parity;

use super::place::{PATIENCE, Search};
use super::{Args, Task, usage};
use crate::cli::image::{Parts, pieces};
use crate::cli::progress;
use crate::device::stm32_loader::{Loader, sectors};
use crate::device::{Board, Firmware, port};
use crate::model::Blob;
use crate::support::numbers::grouped;
use crate::support::visible;
use inkbit_boards::Stm32Loader;

/// Flashes these parts to a board that waits in its boot loader, and lets it read digits.
pub fn run(
    args: &Args,
    board: &Board,
    loader: &Stm32Loader,
    parts: Parts,
    (blob, named): (Option<&Blob>, &str),
) -> anyhow::Result<()> {
    let Some(name) = args.port.as_deref().filter(|_| args.disk.is_none()) else {
        return Err(usage(format!(
            "the board {} is flashed over its serial line; name the port with --port, as in \
             --port /dev/ttyUSB0",
            board.name
        )));
    };
    let firmware = (parts != Parts::Model)
        .then(|| Firmware::find(board, args.firmware.as_deref()))
        .transpose()?;
    let pieces = pieces(board, blob, firmware.as_ref());
    let flash = board.memory.flash.address;
    let sectors = sectors(loader, flash, &pieces)?;
    let total = pieces.iter().map(|(_, bytes)| bytes.len()).sum();
    let what = format!("{parts}, {} bytes", grouped(total));
    let line = port::open_with(name, port::BAUD, Parity::Even)?;
    let mut waiting = Loader::begin(line, loader.chip)?;
    let shown = visible::line(name);
    super::super::print(&format!("{named}found the boot loader of a {} at {shown}\n", board.name))?;
    if args.dry_run {
        let sectors: Vec<_> = sectors.iter().map(u16::to_string).collect();
        let sectors = sectors.join(", ");
        return super::super::print(&format!(
            "would erase the sectors {sectors}, and write {what}\n"
        ));
    }
    for &sector in &sectors {
        waiting.erase(sector)?;
    }
    progress::during(total, "writing", |done| {
        let mut before = 0;
        pieces.iter().try_for_each(|&(address, bytes)| {
            waiting.write(address, bytes, |count| done(before + count))?;
            before += bytes.len();
            anyhow::Ok(())
        })
    })?;
    waiting.go(flash)?;
    super::super::print(&format!("wrote {what}, and read them back\n"))?;
    let search = Search { board: &board.name, id: "", disk: None, port: Some(name) };
    Task { args, board, search: &search, blob }.verify(search.come(None, PATIENCE)?, parts)
}
