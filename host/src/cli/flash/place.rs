//! Where a board is that is to be flashed: it waits as a disk, or runs a firmware.

use std::fmt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use crate::cli::usage;
use crate::device::disk::{self, Disk, DiskError};
use crate::device::{Client, Hello, port};
use crate::support::{system, visible};

/// The most time for a board to show its disk, to take a file, and to start.
pub const PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(100);
/// The time for an answer, when nothing but the question is on the line.
const ANSWER: Duration = Duration::from_millis(500);

const BUTTON: &str = "hold the board's button BOOTSEL while you plug its cable in, and try again";

/// Which board is looked for, and where.
pub struct Search<'a> {
    /// The board's name.
    pub board: &'a str,
    /// The ID of its boot loader.
    pub id: &'a str,
    /// The folder of its disk, if it is named.
    pub disk: Option<&'a Path>,
    /// Its port, if it is named.
    pub port: Option<&'a str>,
}

/// Where a board was found.
#[expect(clippy::large_enum_variant, reason = "there is one")]
pub enum Place {
    /// It waits for a file; and what another board says that is at the port.
    Disk(Disk, Option<Hello>),
    /// It runs a firmware.
    Running(Running),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(disk, _) => write!(f, "the disk {disk}"),
            Self::Running(running) => running.fmt(f),
        }
    }
}

/// A board that runs a firmware.
pub struct Running {
    port: String,
    pub client: Client,
    pub hello: Hello,
}

impl fmt::Display for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hello { board, firmware, model, .. } = &self.hello;
        let model = match model {
            Ok(model) => format!("the model {}", model.name),
            Err(reason) => format!("without a model ({reason})"),
        };
        write!(f, "{board}, firmware {firmware}, {model} at {}", visible::line(&self.port))
    }
}

impl Running {
    fn greet(port: String) -> anyhow::Result<Self> {
        let line = port::open(&port, port::BAUD)?;
        let mut client = Client::new(line, 1).with_timeout(ANSWER);
        let hello = client.hello()?;
        Ok(Self { port, client, hello })
    }

    /// Refuses a board of another name.
    pub fn expect(&self, board: &str) -> anyhow::Result<()> {
        ensure!(
            self.hello.board == board,
            "at {} is {}, firmware {}, expected {board}; name the port of that board with --port, \
             or this one with --board",
            visible::line(&self.port),
            self.hello.board,
            self.hello.firmware
        );
        Ok(())
    }

    /// Whether the same words were said before.
    fn says(&self, before: &Hello) -> bool {
        let words = |Hello { board, firmware, model, .. }: &Hello| {
            (board.clone(), firmware.clone(), model.clone())
        };
        words(&self.hello) == words(before)
    }

    fn warn(&self) {
        if let Some(warning) = self.hello.warning() {
            crate::cli::complain(&format!("warning: {warning}"));
        }
    }
}

/// No board has said that it has what was written.
#[derive(Debug, thiserror::Error)]
#[error("unverified: {0}; to verify it, name its --port next time")]
pub struct Unverified(&'static str);

impl Search<'_> {
    /// The one board that is plugged in.
    pub fn find(&self) -> anyhow::Result<Place> {
        let running = self.running()?;
        let is_enough = self.port.is_some() || matches!(running, Some((_, Ok(_))));
        let disk = self.own(is_enough, self.disk())?;
        match (disk, running) {
            (Some(disk), Some((port, Ok(_)))) if self.disk.is_none() => bail!(
                "two boards are plugged in: one waits as the disk {disk}, another one runs at {}; \
                 unplug one, or name the disk with --disk",
                visible::line(&port)
            ),
            (Some(disk), Some((_, Ok(running)))) => {
                if self.port.is_some() {
                    running.expect(self.board)?;
                }
                Ok(Place::Disk(disk, Some(running.hello)))
            }
            (Some(disk), _) => Ok(Place::Disk(disk, None)),
            (None, Some((_, Ok(running)))) => {
                running.expect(self.board)?;
                running.warn();
                Ok(Place::Running(running))
            }
            (None, Some((port, Err(error)))) => Err(error.context(format!(
                "{}, and no board answers at {}; {BUTTON}",
                self.missing(),
                visible::line(&port)
            ))),
            (None, None) => bail!("{}, and no serial port of a board; {BUTTON}", self.missing()),
        }
    }

    /// The disk of a board that waits, or that runs a firmware and becomes a disk; and what another
    /// board says that is at the port.
    pub fn boot(&self, place: Place) -> anyhow::Result<(Disk, Option<Hello>)> {
        let Running { port, mut client, .. } = match place {
            Place::Disk(disk, before) => return Ok((disk, before)),
            Place::Running(running) => running,
        };
        client.boot().with_context(|| format!("the board does not become a disk; {BUTTON}"))?;
        // The system gives the port up when nobody has it open.
        drop(client);
        let deadline = Instant::now() + PATIENCE;
        let disk = loop {
            let disk = self.own(true, self.disk())?;
            if disk.is_some() || Instant::now() >= deadline {
                break disk;
            }
            thread::sleep(POLL);
        };
        let shown = visible::line(&port);
        // A disk would be that of another board.
        ensure!(
            Running::greet(port).is_err(),
            "the board at {shown} was asked to become a disk, and still runs its firmware; {BUTTON}"
        );
        let disk = disk.with_context(|| {
            format!(
                "the board has left its firmware, but {}; mount its disk, and name the folder with \
                 --disk",
                self.missing()
            )
        })?;
        Ok((disk, None))
    }

    /// The board that runs after it was written to. One that said the same words before is another
    /// one.
    pub fn come(&self, before: Option<&Hello>, patience: Duration) -> anyhow::Result<Running> {
        let deadline = Instant::now() + patience;
        loop {
            match self.running()? {
                Some((_, Ok(running))) if !before.is_some_and(|before| running.says(before)) => {
                    running.warn();
                    return Ok(running);
                }
                _ if Instant::now() < deadline => thread::sleep(POLL),
                Some((_, Ok(_))) => {
                    let why = "the board on the serial port was there before, and is as it was";
                    return Err(Unverified(why).into());
                }
                Some((_, Err(error))) if self.port.is_some() => {
                    return Err(error.context("the board does not start"));
                }
                _ => return Err(Unverified("no board answers on a serial port").into()),
            }
        }
    }

    /// What is at the one port, which comes first.
    fn running(&self) -> anyhow::Result<Option<(String, anyhow::Result<Running>)>> {
        let mut ports = self.port.map_or_else(port::plugged_in, |port| vec![port.to_owned()]);
        match ports.len() {
            0 | 1 => Ok(ports.pop().map(|port| (port.clone(), Running::greet(port)))),
            _ if self.disk.is_some() => Ok(None),
            _ => Err(usage(format!(
                "several boards may be plugged in: {}; name one of these ports with --port",
                visible::line(&ports.join(", "))
            ))),
        }
    }

    fn disk(&self) -> Result<Option<Disk>, DiskError> {
        let folders = self.disk.map_or_else(system::disks, |folder| vec![folder.to_owned()]);
        disk::find(folders, self.id)
    }

    /// The disk that was found. One of another board that was not named is none if this board is
    /// known by its port.
    fn own(
        &self,
        has_port: bool,
        found: Result<Option<Disk>, DiskError>,
    ) -> Result<Option<Disk>, DiskError> {
        match found {
            Err(DiskError::OtherBoard { .. }) if has_port && self.disk.is_none() => Ok(None),
            found => found,
        }
    }

    /// What was looked for in vain.
    fn missing(&self) -> String {
        match self.disk {
            Some(folder) => format!(
                "{} is not the disk {}: it has no {}",
                visible::path(folder),
                self.id,
                disk::INFO
            ),
            None => format!("there is no disk {} in {}", self.id, system::DISKS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_boards_disk_does_not_matter_to_a_board_that_is_known_by_its_port() {
        let search = Search { board: "pico", id: "RPI-RP2", disk: None, port: Some("any") };
        let other = || {
            let (found, expected) = ("RP2350".to_owned(), "RPI-RP2".to_owned());
            Err(DiskError::OtherBoard { folder: "/mnt/other".into(), found, expected })
        };
        assert_eq!(search.own(true, other()).unwrap(), None);
        search.own(false, other()).unwrap_err();
        let named = Search { disk: Some(Path::new("/mnt/other")), ..search };
        named.own(true, other()).unwrap_err();
    }
}
