//! QEMU's machine protocol, which does what a person would do at the emulator's window.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::limit::TEXT;
use crate::support::system::Stream;

/// A connection to a running emulator.
#[derive(Debug)]
pub struct Qmp {
    stream: BufReader<Stream>,
}

impl Qmp {
    /// Begins to speak it.
    pub(super) fn new(stream: Stream) -> io::Result<Self> {
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut qmp = Self { stream: BufReader::new(stream) };
        // The greeting, and the command that must come first.
        qmp.line()?;
        qmp.execute("qmp_capabilities", &json!({}))?;
        Ok(qmp)
    }

    /// Executes a command and returns its result.
    pub fn execute(&mut self, command: &str, arguments: &Value) -> io::Result<Value> {
        let request = json!({ "execute": command, "arguments": arguments });
        writeln!(self.stream.get_mut(), "{request}")?;
        loop {
            let mut answer = self.line()?;
            if let Some(error) = answer.get("error") {
                return Err(io::Error::other(format!("QEMU refuses {command}: {error}")));
            }
            if let Some(value) = answer.get_mut("return") {
                return Ok(value.take());
            }
            // Every other line is an event.
        }
    }

    /// Writes the display as a PNG file.
    pub fn screenshot(&mut self, file: &Path) -> io::Result<()> {
        let file = std::path::absolute(file)?;
        let arguments = json!({ "filename": file, "format": "png" });
        self.execute("screendump", &arguments).map(drop)
    }

    /// Presses the key of this QEMU name, and releases it after `hold`. Returns at once.
    pub fn press(&mut self, key: &str, hold: Duration) -> io::Result<()> {
        let arguments = json!({
            "keys": [{ "type": "qcode", "data": key }],
            "hold-time": hold.as_millis() as u64,
        });
        self.execute("send-key", &arguments).map(drop)
    }

    fn line(&mut self) -> io::Result<Value> {
        let mut line = Vec::new();
        (&mut self.stream).take(TEXT).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "QEMU has ended"));
        }
        if line.len() as u64 == TEXT {
            let message = format!("QEMU sends a line of {TEXT} bytes or more, the limit is {TEXT}");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(serde_json::from_slice(&line)?)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_line_without_end_is_refused_at_the_limit() {
        let (stream, mut other) = Stream::pair().unwrap();
        let other = thread::spawn(move || while other.write_all(&[b' '; 4096]).is_ok() {});
        let error = Qmp::new(stream).unwrap_err().to_string();
        assert!(error.contains("262144 bytes or more, the limit is 262144"), "{error}");
        other.join().unwrap();
    }
}
