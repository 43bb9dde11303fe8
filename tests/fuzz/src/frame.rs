//! Frames of the serial line, by the definition of COBS.

use inkbit_tests::oracle::crc32;

/// The frame of a message: with its CRC, and so that no byte but the last is zero.
#[must_use]
pub fn frame(body: &[u8]) -> Vec<u8> {
    let message = [body, &crc32(body).to_le_bytes()].concat();
    let mut frame = Vec::new();
    for mut part in message.split(|&byte| byte == 0) {
        while part.len() >= 254 {
            frame.push(255);
            frame.extend(&part[..254]);
            part = &part[254..];
        }
        frame.push(part.len() as u8 + 1);
        frame.extend(part);
    }
    frame.push(0);
    frame
}
