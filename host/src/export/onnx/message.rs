//! Writes protobuf messages.
//!
//! Source: the encoding's description, protobuf.dev/programming-guides/encoding.

/// A message, field after field.
#[derive(Clone, Debug, Default)]
pub struct Message(Vec<u8>);

impl Message {
    /// Adds a whole number.
    pub fn number(mut self, field: u64, number: u64) -> Self {
        self.varint(field << 3);
        self.varint(number);
        self
    }

    /// Adds a text, bytes or a message.
    pub fn bytes(mut self, field: u64, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    /// Adds several of these under one number.
    pub fn each(self, field: u64, all: impl IntoIterator<Item: AsRef<[u8]>>) -> Self {
        all.into_iter().fold(self, |message, one| message.bytes(field, one))
    }

    /// Its bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// A number in groups of seven bits, the lowest first.
    fn varint(&mut self, mut number: u64) {
        while number > 0x7f {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }
}

impl AsRef<[u8]> for Message {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_takes_a_byte_for_every_seven_bits_and_a_text_its_length() {
        let message = Message::default().number(1, 150).bytes(2, "ab").number(3, u64::MAX);
        let expected = [&b"\x08\x96\x01\x12\x02ab\x18"[..], &[0xff; 9], &[1]].concat();
        assert_eq!(message.into_bytes(), expected);
    }
}
