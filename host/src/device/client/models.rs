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
    /// or to its power; it keeps that one if the new one does not fit it, which [`hello`](Self::hello)
    /// tells. A port on USB is gone until it has started.
    ///
    /// # Errors
    ///
    /// [`DeviceError::Refused`] with [`Refusal::NoSlot`] by a board that cannot write its flash, with
    /// [`Refusal::NotKept`] or [`Refusal::Unfit`]; and those of the line.
    pub fn send_model(
        &mut self,
        blob: &Blob,
        mut progress: impl FnMut(usize),
    ) -> Result<(), DeviceError> {
        let timeout = std::mem::replace(&mut self.timeout, TIMEOUT);
        let sent = self.store(blob, &mut progress);
        self.timeout = timeout;
        sent
    }

    fn store(&mut self, blob: &Blob, progress: &mut impl FnMut(usize)) -> Result<(), DeviceError> {
        let bytes = blob.bytes();
        let (mut done, mut tries) = (0, 0);
        while done < bytes.len() {
            let end = bytes.len().min(done + STORE_BYTES);
            let offset = u32::try_from(done).map_err(|_| DeviceError::Refused(Refusal::Unfit))?;
            match self.order(&Request::Store { offset, bytes: &bytes[done..end] }) {
                Ok(()) => done = end,
                // It starts anew with the model, maybe before its answer is on the line. Which one it runs
                // then, it says itself.
                Err(
                    DeviceError::Line(_)
                    | DeviceError::Closed(_)
                    | DeviceError::Silent { .. }
                    | DeviceError::BadLine { .. },
                ) if end == bytes.len() => {
                    done = end;
                }
                Err(DeviceError::Refused(Refusal::Order)) if self.has(blob) => done = bytes.len(),
                // It has started anew for another reason, or the answer to a request that was repeated
                // has been taken for another one's.
                Err(DeviceError::Refused(Refusal::Order)) if tries < TRIES => {
                    (done, tries) = (0, tries + 1);
                }
                Err(error) => return Err(error),
            }
            progress(done);
        }
        Ok(())
    }

    fn has(&mut self, blob: &Blob) -> bool {
        self.hello().is_ok_and(|hello| hello.expect_model(blob.crc()).is_ok())
    }
}
