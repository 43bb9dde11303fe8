//! Debug probes, by which any part that probe-rs knows is flashed.

use probe_rs::flashing::{
    DownloadOptions, FlashError, FlashProgress, ProgressEvent, ProgressOperation,
};
use probe_rs::probe::list::Lister;
use probe_rs::probe::{DebugProbeError, DebugProbeSelector};
use probe_rs::{Permissions, Session};

use crate::support::visible;

/// What a probe does not do.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The selector is none.
    #[error("{0} names no probe; write VID:PID or VID:PID:SERIAL, such as 0d28:0204")]
    Selector(String),
    /// There is none.
    #[error("no debug probe is plugged in{0}")]
    None(&'static str),
    /// There are several.
    #[error("several debug probes are plugged in: {0}; name one with --probe")]
    Several(String),
    /// It cannot be opened.
    #[error("the debug probe {0} cannot be opened; does another program use it, and may you?")]
    Open(String, #[source] DebugProbeError),
    /// It does not reach the part.
    #[error(
        "the debug probe {probe} finds no {part}; is it connected with the board, and is the board powered?"
    )]
    Attach {
        /// The probe.
        probe: String,
        /// What was looked for.
        part: String,
        /// Why.
        source: Box<probe_rs::Error>,
    },
    /// The part's flash is not written.
    #[error("the part's flash is not what was to be written; try again")]
    Flash(#[from] FlashError),
    /// The part does not start.
    #[error("the part is written, but does not start; reset it")]
    Reset(#[source] Box<probe_rs::Error>),
}

/// A part that a probe holds.
pub struct Held {
    /// The probe's name.
    pub probe: String,
    session: Session,
}

/// Attaches the one probe that is plugged in, or that this selector names, to a part.
///
/// # Errors
///
/// All of [`ProbeError`] but the last two.
pub fn attach(selector: Option<&str>, part: &str) -> Result<Held, ProbeError> {
    let given = selector
        .map(|text| {
            text.parse::<DebugProbeSelector>()
                .map_err(|_| ProbeError::Selector(visible::line(text)))
        })
        .transpose()?;
    let mut probes = Lister::new().list(given.as_ref());
    let names = |probe: &_| visible::line(&format!("{probe}"));
    let info = match (probes.pop(), probes.is_empty()) {
        (Some(info), true) => info,
        (None, _) => {
            let other = if given.is_some() { " that --probe names" } else { "" };
            return Err(ProbeError::None(other));
        }
        (Some(last), false) => {
            probes.push(last);
            let all: Vec<_> = probes.iter().map(names).collect();
            return Err(ProbeError::Several(all.join(", ")));
        }
    };
    let probe = names(&info);
    let opened = info.open().map_err(|source| ProbeError::Open(probe.clone(), source))?;
    match opened.attach(part, Permissions::default()) {
        Ok(session) => Ok(Held { probe, session }),
        Err(source) => {
            Err(ProbeError::Attach { probe, part: part.to_owned(), source: Box::new(source) })
        }
    }
}

impl Held {
    /// Writes pieces of flash, reads them back, and starts the part. What else lies in their sectors
    /// stays. `progress` gets the number of bytes that are written.
    ///
    /// # Errors
    ///
    /// [`ProbeError::Flash`] and [`ProbeError::Reset`].
    pub fn flash(
        mut self,
        pieces: &[(u32, &[u8])],
        mut progress: impl FnMut(usize),
    ) -> Result<(), ProbeError> {
        let mut loader = self.session.target().flash_loader();
        for &(address, bytes) in pieces {
            loader.add_data(address.into(), bytes)?;
        }
        let mut options = DownloadOptions::default();
        (options.keep_unwritten_bytes, options.verify) = (true, true);
        let mut done = 0;
        options.progress = FlashProgress::new(move |event| {
            if let ProgressEvent::Progress { operation: ProgressOperation::Program, size, .. } =
                event
            {
                done += size as usize;
                progress(done);
            }
        });
        loader.commit(&mut self.session, options)?;
        let started = self.session.core(0).and_then(|mut core| core.reset());
        started.map_err(|source| ProbeError::Reset(Box::new(source)))
    }
}

/// Whether probe-rs knows a part and has a way to write these addresses of its flash.
#[cfg(test)]
fn can_write(part: &str, pieces: &[(u32, &[u8])]) -> Result<(), String> {
    let target = probe_rs::config::Registry::from_builtin_families().get_target_by_name(part);
    let mut loader = target.map_err(|error| error.to_string())?.flash_loader();
    pieces.iter().try_for_each(|&(address, bytes)| {
        loader.add_data(address.into(), bytes).map_err(|error| error.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::board;

    #[test]
    fn every_part_that_a_board_names_is_known_with_the_flash_that_the_board_has() {
        let boards =
            board::all().into_iter().filter_map(|board| Some((board.part.clone()?, board)));
        let mut count = 0;
        for (part, board) in boards {
            let byte = [0xFF];
            let flash = board.memory.flash;
            let last = flash.address + flash.bytes - 1;
            let pieces =
                [flash.address, board.memory.model.address, last].map(|at| (at, &byte[..]));
            can_write(&part, &pieces).unwrap_or_else(|error| panic!("{}: {error}", board.name));
            count += 1;
        }
        assert!(count >= 9, "{count} boards");
    }

    #[test]
    fn a_probe_that_is_not_there_or_has_no_name_is_said() {
        let message = |selector| attach(selector, "nRF52840_xxAA").err().unwrap().to_string();
        assert_eq!(message(Some("dead:beef")), "no debug probe is plugged in that --probe names");
        assert!(message(Some("mine")).contains("mine names no probe; write VID:PID"));
    }
}
