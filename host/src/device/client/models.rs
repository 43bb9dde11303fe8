//! Models over the line.

use std::time::Duration;

use inkbit_core::link::{Refusal, Request, STORE_BYTES};

use super::super::reply::{DeviceError, TRIES};
use super::Client;
use crate::model::Blob;

/// A chip may take half a second to erase a sector, and the first answer is waited for an eighth of
/// this.
const TIMEOUT: Duration = Duration::from_secs(8);

impl Client {
    /// Sends a model to the device's second slot, and lets the device start anew with it. `progress`
    /// gets the number of bytes that were taken.
    ///
    /// Until the device has the whole model it runs the one that it has, whatever happens to the line
    /// or to its power. A port on USB is gone until it has started.
    ///
    /// # Errors
    ///
    /// [`DeviceError::Refused`] with [`Refusal::NoSlot`] by a board that cannot write its flash, with
    /// [`Refusal::TooLong`], [`Refusal::NotKept`] or [`Refusal::Unfit`]; and those of the line.
    pub fn send_model(
        &mut self,
        blob: &Blob,
        mut progress: impl FnMut(usize),
    ) -> Result<(), DeviceError> {
        let timeout = std::mem::replace(&mut self.timeout, TIMEOUT);
        let sent = self.store(blob.bytes(), &mut progress).and_then(|()| self.adopt(blob.crc()));
        self.timeout = timeout;
        sent
    }

    fn store(&mut self, blob: &[u8], progress: &mut impl FnMut(usize)) -> Result<(), DeviceError> {
        let (mut done, mut tries) = (0, 0);
        while done < blob.len() {
            let end = blob.len().min(done + STORE_BYTES);
            let offset = u32::try_from(done).map_err(|_| DeviceError::Refused(Refusal::NoSlot))?;
            match self.order(&Request::Store { offset, bytes: &blob[done..end] }) {
                Ok(()) => done = end,
                // The answer to a request that was repeated has been taken for another one's.
                Err(DeviceError::Refused(Refusal::Order)) if tries < TRIES => {
                    (done, tries) = (0, tries + 1);
                }
                Err(error) => return Err(error),
            }
            progress(done);
        }
        Ok(())
    }

    fn adopt(&mut self, crc: u32) -> Result<(), DeviceError> {
        match self.order(&Request::Adopt { crc }) {
            // It may have started anew before its answer was on the line.
            Err(DeviceError::Line(_) | DeviceError::Closed(_)) => Ok(()),
            Err(DeviceError::Refused(Refusal::Unfit)) if self.has(crc) => Ok(()),
            answered => answered,
        }
    }

    fn has(&mut self, crc: u32) -> bool {
        self.hello().is_ok_and(|hello| hello.model.is_ok_and(|model| model.crc == crc))
    }
}
