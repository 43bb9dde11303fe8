//! The host's end of the link: sends requests, waits, and repeats those that the line has lost.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use inkbit_core::link::{
    self, Key, Loaded, Mode, PROTOCOL, RESPONSE_FRAME, Receiver, Refusal, Request, Response,
    STORE_BYTES, Status,
};

use super::reply::{Answer, DeviceError, DeviceModel, Hello};
use crate::support::visible;
pub use losses::Losses;
use losses::{Tries, is_about_an_image, is_final};

mod losses;
mod models;
#[cfg(test)]
pub(super) mod simulated;
#[cfg(test)]
mod tests;

/// After this time without a byte the line is taken to be at rest.
const QUIET: Duration = Duration::from_millis(100);

/// A line that carries frames. Reads must return after a few milliseconds, with
/// [`io::ErrorKind::WouldBlock`] or [`io::ErrorKind::TimedOut`] if no byte has come.
pub trait Line: Read + Write + Send {}

impl<T: Read + Write + Send> Line for T {}

/// A connection to one device.
pub struct Client {
    line: Box<dyn Line>,
    last_words: Box<dyn Fn() -> String + Send>,
    receiver: Receiver<RESPONSE_FRAME>,
    received: VecDeque<u8>,
    window: usize,
    timeout: Duration,
    next_id: u32,
    losses: Losses,
}

/// The number of a connection's first image. A device shows its lower half, which counts from 0. The
/// upper half is random: an answer to an earlier process, which is still on its way, must not be taken
/// for that of an image of this one. The highest bit is set, so all numbers are sent in 5 bytes.
fn first_id() -> u32 {
    (RandomState::new().hash_one(std::process::id()) as u32 | 1 << 31) & !0xFFFF
}

/// An image that was sent and not answered.
struct Pending {
    id: u32,
    index: usize,
    frame: Vec<u8>,
}

impl Client {
    /// Connects over `line`, with at most `window` unanswered images at once. A serial port without
    /// flow control needs 1: the next image would be lost while the device is busy with this one.
    pub fn new(line: impl Line + 'static, window: usize) -> Self {
        Self {
            line: Box::new(line),
            last_words: Box::new(String::new),
            receiver: Receiver::new(),
            received: VecDeque::new(),
            window: window.max(1),
            timeout: Duration::from_secs(2),
            next_id: first_id(),
            losses: Losses::default(),
        }
    }

    /// Sets what tells why the line has ended, as the end of a sentence; empty if that is unknown.
    #[must_use]
    pub fn with_last_words(self, last_words: impl Fn() -> String + Send + 'static) -> Self {
        Self { last_words: Box::new(last_words), ..self }
    }

    /// Sets the number of unanswered images at once, as [`new`](Self::new) says.
    #[must_use]
    pub fn with_window(self, window: usize) -> Self {
        Self { window: window.max(1), ..self }
    }

    /// Sets the time to wait for an answer before a request is repeated, an hour at the most.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout: timeout.min(Duration::from_secs(60 * 60)), ..self }
    }

    /// What the line has lost since the beginning.
    pub const fn losses(&self) -> Losses {
        self.losses
    }

    /// Asks for the device's identity.
    pub fn hello(&mut self) -> Result<Hello, DeviceError> {
        self.ask(&Request::Hello, |response| match response {
            Response::Hello(hello) => Some(Hello {
                // A device may have anything in its texts, such as whole lines of ours.
                firmware: visible::line(hello.firmware),
                board: visible::line(hello.board),
                limits: hello.limits,
                model: match hello.model {
                    Ok(Loaded { name, crc, sample, classes }) => Ok(DeviceModel {
                        name: visible::line(name),
                        crc,
                        sample,
                        classes: classes.into(),
                    }),
                    Err(reason) => Err(visible::line(reason)),
                },
                reset: hello.reset,
            }),
            _ => None,
        })
    }

    /// Asks for the content of the display.
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

    /// Makes the firmware panic and returns its message.
    pub fn provoke_panic(&mut self) -> Result<String, DeviceError> {
        match self.order(&Request::Panic) {
            Err(DeviceError::Panicked(message)) => Ok(message),
            Err(error) => Err(error),
            Ok(()) => Err(DeviceError::Refused(Refusal::Unknown)),
        }
    }

    /// Makes the device leave its firmware for the boot loader. It may be gone from the line before its
    /// answer is.
    pub fn boot(&mut self) -> Result<(), DeviceError> {
        match self.order(&Request::Boot) {
            Err(DeviceError::Line(_) | DeviceError::Closed(_)) => Ok(()),
            answered => answered,
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

    /// Classifies images and hands each answer, with the image's index, to `take`. The answers come
    /// in the order of the images unless one was lost. Ends early if `take` breaks.
    pub fn classify_all<'p>(
        &mut self,
        images: impl IntoIterator<Item = &'p [u8]>,
        mut take: impl FnMut(usize, Answer) -> ControlFlow<()>,
    ) -> Result<(), DeviceError> {
        let mut images = images.into_iter().enumerate();
        let mut pending: Vec<Pending> = Vec::new();
        let mut tries = Tries::default();
        // Whether something was lost: then the remaining responses of the device come first.
        let mut settling = false;
        // The last answer to one of these requests, or the last change of `settling`.
        let mut since = Instant::now();
        loop {
            while !settling
                && pending.len() < self.window
                && let Some((index, pixels)) = images.next()
            {
                let id = self.next_id;
                self.next_id = id.wrapping_add(1);
                let frame = classify_frame(id, pixels);
                self.send(&frame)?;
                pending.push(Pending { id, index, frame });
            }
            if pending.is_empty() && !settling {
                return Ok(());
            }
            let timeout = if settling { QUIET } else { self.timeout };
            let answer = |response: Response<'_>| match response {
                Response::Logits { id, nanoseconds, logits } => {
                    Some((id, Answer { logits: logits.to_vec(), nanoseconds }))
                }
                _ => None,
            };
            let mut received = self.receive(timeout, answer)?;
            let is_ours = matches!(&received, Some(Ok(Some((id, _))))
                if pending.iter().any(|pending| pending.id == *id));
            // A line that has everything but answers to tell is as good as silent.
            if !is_ours && since.elapsed() > self.timeout {
                received = None;
            }
            if is_ours || received.is_none() {
                since = Instant::now();
            }
            match received {
                Some(Ok(Some((id, answer)))) => {
                    // Other answers are those of repeated requests, or of an earlier call.
                    if let Some(place) = pending.iter().position(|pending| pending.id == id) {
                        tries = Tries::default();
                        if take(pending.remove(place).index, answer).is_break() {
                            return Ok(());
                        }
                    }
                }
                Some(Ok(None)) => {}
                None if settling => {
                    settling = false;
                    for Pending { frame, .. } in &pending {
                        self.send(frame)?;
                    }
                }
                lost => {
                    let lost = lost.and_then(Result::err);
                    if !settling || lost.is_some_and(is_final) {
                        if let Err(error) = self.losses.count(&mut tries, lost, self.timeout) {
                            // The other images are refused too, and their refusals must not answer
                            // the next request.
                            self.drain()?;
                            return Err(error);
                        }
                        self.end_frame()?;
                        settling = true;
                        since = Instant::now();
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
        let mut buffer = [0; link::request_bytes(STORE_BYTES) + 16];
        let frame = link::encode(request, &mut buffer).expect("the longest fits");
        let mut tries = Tries::default();
        // A shorter wait for the first answer: a device that has just started may have missed the
        // request.
        let mut timeout = self.timeout / 8;
        loop {
            self.send(frame)?;
            let deadline = Instant::now() + timeout;
            let lost = loop {
                let rest = deadline.saturating_duration_since(Instant::now());
                match self.receive(rest, |response| accept(&response))? {
                    Some(Ok(Some(answer))) => return Ok(answer),
                    Some(Err(refusal)) if !is_about_an_image(refusal) => break Some(refusal),
                    None => break None,
                    // A late answer to another request; there is no end to those of some lines.
                    Some(_) if rest.is_zero() => break None,
                    Some(_) => {}
                }
            };
            self.losses.count(&mut tries, lost, self.timeout)?;
            self.end_frame()?;
            // The device's response to the damage does not answer the next try.
            self.drain()?;
            timeout = self.timeout;
        }
    }

    fn send(&mut self, frame: &[u8]) -> Result<(), DeviceError> {
        self.losses.frames += 1;
        Ok(self.line.write_all(frame)?)
    }

    /// Discards responses until the line is at rest, but no longer than one waits for an answer.
    fn drain(&mut self) -> Result<(), DeviceError> {
        let deadline = Instant::now() + self.timeout;
        while self.receive(QUIET, |_| ())?.is_some() && Instant::now() < deadline {}
        Ok(())
    }

    /// Ends the frame that the device may be in.
    fn end_frame(&mut self) -> Result<(), DeviceError> {
        Ok(self.line.write_all(&[0])?)
    }

    /// Waits for one response and hands it to `read`; `None` if none came in time. A damaged
    /// response is a refusal like the device's own.
    fn receive<T>(
        &mut self,
        timeout: Duration,
        read: impl FnOnce(Response<'_>) -> T,
    ) -> Result<Option<Result<T, Refusal>>, DeviceError> {
        let deadline = Instant::now() + timeout;
        // If this process was suspended past the deadline, an answer may wait to be read. One frame
        // is the limit, and a moment for it, so that a line that never rests cannot block the client.
        let mut overdue = 0;
        let mut late = None;
        loop {
            while let Some(byte) = self.received.pop_front() {
                let Some(message) = self.receiver.push(byte) else { continue };
                self.losses.frames += 1;
                let message = match message {
                    Ok(message) => message,
                    Err(refusal) => {
                        self.losses.bad += 1;
                        return Ok(Some(Err(refusal)));
                    }
                };
                return match link::decode(message) {
                    Ok(Response::Panicked { message }) => {
                        Err(DeviceError::Panicked(visible::line(message)))
                    }
                    Ok(Response::Hello(hello)) if hello.protocol != PROTOCOL => {
                        Err(DeviceError::Protocol { found: hello.protocol })
                    }
                    Ok(Response::Refused(refusal)) => {
                        self.losses.bad += u32::from(!is_final(refusal));
                        Ok(Some(Err(refusal)))
                    }
                    Ok(response) => Ok(Some(Ok(read(response)))),
                    // Every version of the protocol has its number at this place.
                    Err(_) if message.first() == Some(&0) && message.get(1) != Some(&PROTOCOL) => {
                        let found = message.get(1).copied().unwrap_or_default();
                        Err(DeviceError::Protocol { found })
                    }
                    Err(refusal) => Ok(Some(Err(refusal))),
                };
            }
            if overdue > RESPONSE_FRAME || late.is_some_and(|late: Instant| late.elapsed() > QUIET)
            {
                return Ok(None);
            }
            let mut bytes = [0; 1024];
            match self.line.read(&mut bytes) {
                Ok(0) => return Err(DeviceError::Closed((self.last_words)())),
                Ok(length) => {
                    let room = bytes.len();
                    let bytes = bytes.get(..length).ok_or_else(|| {
                        let message =
                            format!("it gives {length} bytes where {room} were asked for");
                        io::Error::new(io::ErrorKind::InvalidData, message)
                    })?;
                    self.received.extend(bytes);
                    let now = Instant::now();
                    if now >= deadline {
                        overdue += length;
                        late.get_or_insert(now);
                    }
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                        if Instant::now() < deadline => {}
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => return Ok(None),
                    _ => return Err(error.into()),
                },
            }
        }
    }
}

/// The frame of a request to classify.
fn classify_frame(id: u32, pixels: &[u8]) -> Vec<u8> {
    let mut packed = vec![0; link::request_bytes(pixels.len())];
    let pixels = link::pack_pixels(pixels, &mut packed).expect("as long as any packing");
    // COBS adds a byte for every 254, and two.
    let message = link::request_bytes(pixels.len());
    let mut frame = vec![0; message + message / 254 + 2];
    let request = Request::Classify { id, pixels };
    let length = link::encode(&request, &mut frame).expect("as long as any frame").len();
    frame.truncate(length);
    frame
}
