//! The host's end of the link: asks, waits, and asks again where the line has lost something.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use inkbit_core::link::{
    self, Key, Loaded, Mode, PROTOCOL, RESPONSE_FRAME, Receiver, Refusal, Request, Response, Status,
};

use super::reply::{Answer, DeviceError, DeviceModel, Hello, TRIES};

#[cfg(test)]
pub(super) mod simulated;
#[cfg(test)]
mod tests;

/// A line that has carried nothing for so long carries nothing any more.
const QUIET: Duration = Duration::from_millis(100);

/// What carries frames. Reads must return after a few milliseconds, with
/// [`io::ErrorKind::WouldBlock`] or [`io::ErrorKind::TimedOut`] if nothing has come.
pub trait Line: Read + Write + Send {
    /// Why it has ended, as far as it knows.
    fn last_words(&mut self) -> String {
        String::new()
    }
}

impl Line for Box<dyn serialport::SerialPort> {}

/// A connection to one device.
pub struct Client {
    line: Box<dyn Line>,
    receiver: Receiver<RESPONSE_FRAME>,
    received: VecDeque<u8>,
    window: usize,
    timeout: Duration,
    next_id: u32,
    repeats: u32,
}

/// An image that is on its way.
struct Pending {
    id: u32,
    index: usize,
    frame: Vec<u8>,
}

impl Client {
    /// Speaks over `line`, with at most `window` images on their way at once. A serial port without
    /// flow control takes 1: the next image would be lost while the device is busy with this one.
    pub fn new(line: impl Line + 'static, window: usize) -> Self {
        Self {
            line: Box::new(line),
            receiver: Receiver::new(),
            received: VecDeque::new(),
            window: window.max(1),
            timeout: Duration::from_secs(2),
            next_id: 0,
            repeats: 0,
        }
    }

    /// Waits so long for an answer before it asks again.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How often something had to be asked again since the beginning.
    #[must_use]
    pub const fn repeats(&self) -> u32 {
        self.repeats
    }

    /// Asks who the device is.
    pub fn hello(&mut self) -> Result<Hello, DeviceError> {
        self.ask(&Request::Hello, |response| match response {
            Response::Hello(hello) => Some(Hello {
                firmware: hello.firmware.to_owned(),
                board: hello.board.to_owned(),
                limits: hello.limits,
                model: match hello.model {
                    Ok(Loaded { name, crc, side, classes }) => Ok(DeviceModel {
                        name: name.to_owned(),
                        crc,
                        side: side.into(),
                        classes: classes.into(),
                    }),
                    Err(reason) => Err(reason.to_owned()),
                },
            }),
            _ => None,
        })
    }

    /// Asks what is on the display.
    pub fn status(&mut self) -> Result<Status, DeviceError> {
        self.ask(&Request::Status, |response| match response {
            Response::Status(status) => Some(*status),
            _ => None,
        })
    }

    /// Presses or releases a key.
    pub fn key(&mut self, key: Key, pressed: bool) -> Result<(), DeviceError> {
        self.order(&Request::Key { key, pressed })
    }

    /// Moves the pen over the canvas.
    pub fn pen(&mut self, x: u8, y: u8, down: bool) -> Result<(), DeviceError> {
        self.order(&Request::Pen { x, y, down })
    }

    /// Wipes the canvas.
    pub fn clear(&mut self) -> Result<(), DeviceError> {
        self.order(&Request::Clear)
    }

    /// Changes the screen.
    pub fn show(&mut self, mode: Mode) -> Result<(), DeviceError> {
        self.order(&Request::Show(mode))
    }

    /// Makes the firmware panic and returns what it says about it.
    ///
    /// # Errors
    ///
    /// [`DeviceError`], unless it is [`DeviceError::Panicked`].
    pub fn provoke_panic(&mut self) -> Result<String, DeviceError> {
        match self.order(&Request::Panic) {
            Err(DeviceError::Panicked(message)) => Ok(message),
            Err(error) => Err(error),
            Ok(()) => Err(DeviceError::Refused(Refusal::Unknown)),
        }
    }

    /// Classifies one image.
    pub fn classify(&mut self, pixels: &[u8]) -> Result<Answer, DeviceError> {
        let mut found = None;
        self.classify_all([pixels], |_, answer| {
            found = Some(answer);
            ControlFlow::Continue(())
        })?;
        found.ok_or(DeviceError::Silent { timeout: self.timeout })
    }

    /// Classifies images and hands each answer, with the image's place in the row, to `take`. The
    /// order is that of the images but where something was lost. Ends early if `take` says so.
    pub fn classify_all<'p>(
        &mut self,
        images: impl IntoIterator<Item = &'p [u8]>,
        mut take: impl FnMut(usize, Answer) -> ControlFlow<()>,
    ) -> Result<(), DeviceError> {
        let mut images = images.into_iter().enumerate();
        let mut pending: Vec<Pending> = Vec::new();
        let mut tries = 0;
        // Whether something was lost, and what else the device has to say is still waited for.
        let mut settling = false;
        loop {
            while !settling
                && pending.len() < self.window
                && let Some((index, pixels)) = images.next()
            {
                let id = self.next_id;
                self.next_id = id.wrapping_add(1);
                let frame = classify_frame(id, pixels);
                self.line.write_all(&frame)?;
                pending.push(Pending { id, index, frame });
            }
            if pending.is_empty() && !settling {
                return Ok(());
            }
            let timeout = if settling { QUIET } else { self.timeout };
            match self.receive(timeout, |response| own_answer(&response))? {
                Some(Ok(Some((id, answer)))) => {
                    // It may answer what was asked twice, or belong to an earlier call.
                    if let Some(place) = pending.iter().position(|pending| pending.id == id) {
                        tries = 0;
                        if take(pending.remove(place).index, answer).is_break() {
                            return Ok(());
                        }
                    }
                }
                Some(Ok(None)) => {}
                None if settling => {
                    settling = false;
                    for Pending { frame, .. } in &pending {
                        self.line.write_all(frame)?;
                    }
                }
                lost => {
                    let lost = lost.and_then(Result::err);
                    if !settling || lost.is_some_and(is_final) {
                        if let Err(error) = self.count_loss(&mut tries, lost) {
                            // The other images on their way are refused too, and their refusals
                            // must not answer the next request.
                            self.drain()?;
                            return Err(error);
                        }
                        self.end_frame()?;
                        settling = true;
                    }
                }
            }
        }
    }

    /// Sends a request that is answered by [`Response::Done`].
    fn order(&mut self, request: &Request<'_>) -> Result<(), DeviceError> {
        self.ask(request, |response| (*response == Response::Done).then_some(()))
    }

    /// Sends a request until `accept` takes a response as its answer.
    fn ask<T>(
        &mut self,
        request: &Request<'_>,
        mut accept: impl FnMut(&Response<'_>) -> Option<T>,
    ) -> Result<T, DeviceError> {
        let mut buffer = [0; 64];
        let frame = link::encode(request, &mut buffer).expect("a request without pixels is short");
        let mut tries = 0;
        // A device that has just started may have missed the first try, so that is not waited for
        // as long as the others.
        let mut timeout = self.timeout / 8;
        loop {
            self.line.write_all(frame)?;
            let lost = loop {
                match self.receive(timeout, |response| accept(&response))? {
                    Some(Ok(Some(answer))) => return Ok(answer),
                    // A late answer to another request.
                    Some(Ok(None)) => {}
                    Some(Err(refusal)) => break Some(refusal),
                    None => break None,
                }
            };
            self.count_loss(&mut tries, lost)?;
            self.end_frame()?;
            // What the device has to say to the damage is nothing to the next try.
            self.drain()?;
            timeout = self.timeout;
        }
    }

    /// Counts a request as lost, or fails if asking again would not help.
    fn count_loss(&mut self, tries: &mut u32, why: Option<Refusal>) -> Result<(), DeviceError> {
        self.repeats += 1;
        *tries += 1;
        match why {
            Some(refusal) if is_final(refusal) || *tries == TRIES => {
                Err(DeviceError::Refused(refusal))
            }
            None if *tries == TRIES => Err(DeviceError::Silent { timeout: self.timeout }),
            _ => Ok(()),
        }
    }

    /// Passes over what the device says until it says no more.
    fn drain(&mut self) -> Result<(), DeviceError> {
        while self.receive(QUIET, |_| ())?.is_some() {}
        Ok(())
    }

    /// Ends whatever frame the device believes to be in.
    fn end_frame(&mut self) -> Result<(), DeviceError> {
        Ok(self.line.write_all(&[0])?)
    }

    /// Waits for one response and hands it to `read`; `None` if none came in time. A response that
    /// was damaged on the way is an error like the device's own.
    fn receive<T>(
        &mut self,
        timeout: Duration,
        read: impl FnOnce(Response<'_>) -> T,
    ) -> Result<Option<Result<T, Refusal>>, DeviceError> {
        let deadline = Instant::now() + timeout;
        // Where this process was held off past the deadline, the answer may wait to be read; but
        // no more than one, so that a line that never rests cannot hold it.
        let mut overdue = 0;
        loop {
            while let Some(byte) = self.received.pop_front() {
                let message = match self.receiver.push(byte) {
                    None => continue,
                    Some(Err(refusal)) => return Ok(Some(Err(refusal))),
                    Some(Ok(message)) => message,
                };
                return match link::decode(message) {
                    Ok(Response::Panicked { message }) => {
                        Err(DeviceError::Panicked(message.to_owned()))
                    }
                    Ok(Response::Hello(hello)) if hello.protocol != PROTOCOL => {
                        Err(DeviceError::Protocol { found: hello.protocol })
                    }
                    Ok(Response::Refused(refusal)) => Ok(Some(Err(refusal))),
                    Ok(response) => Ok(Some(Ok(read(response)))),
                    // The version is at the same place for ever, whatever follows it.
                    Err(_) if message.first() == Some(&0) && message.get(1) != Some(&PROTOCOL) => {
                        let found = message.get(1).copied().unwrap_or_default();
                        Err(DeviceError::Protocol { found })
                    }
                    Err(refusal) => Ok(Some(Err(refusal))),
                };
            }
            if overdue > RESPONSE_FRAME {
                return Ok(None);
            }
            let mut bytes = [0; 1024];
            match self.line.read(&mut bytes) {
                Ok(0) => return Err(DeviceError::Closed(self.line.last_words())),
                Ok(length) => {
                    self.received.extend(&bytes[..length]);
                    if Instant::now() >= deadline {
                        overdue += length;
                    }
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                        if Instant::now() >= deadline {
                            return Ok(None);
                        }
                    }
                    _ => return Err(error.into()),
                },
            }
        }
    }
}

/// Whether asking again would not help.
const fn is_final(refusal: Refusal) -> bool {
    !matches!(refusal, Refusal::Damaged | Refusal::Oversized { .. })
}

/// The frame of a request to classify.
fn classify_frame(id: u32, pixels: &[u8]) -> Vec<u8> {
    let mut packed = vec![0; link::request_bytes(pixels.len())];
    let pixels = link::pack_pixels(pixels, &mut packed).expect("as long as any packing");
    // COBS adds a byte for every 254, and two.
    let mut frame = vec![0; packed_frame_bytes(pixels.len())];
    let length = link::encode(&Request::Classify { id, pixels }, &mut frame)
        .expect("as long as any frame")
        .len();
    frame.truncate(length);
    frame
}

const fn packed_frame_bytes(packed: usize) -> usize {
    let message = link::request_bytes(packed);
    message + message / 254 + 2
}

fn own_answer(response: &Response<'_>) -> Option<(u32, Answer)> {
    match response {
        Response::Logits { id, nanoseconds, logits } => {
            Some((*id, Answer { logits: logits.to_vec(), nanoseconds: *nanoseconds }))
        }
        _ => None,
    }
}
