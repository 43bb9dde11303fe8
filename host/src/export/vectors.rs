//! Samples with the logits that a model gives for them, for a test of anybody's own.

use std::fmt::{Display, Write as _};

use serde::Serialize;

use crate::data::Images;
use crate::support::replace::Kind;
use crate::support::visible;

/// How NPY files begin: magic and version 1.0.
const NPY: &[u8] = b"\x93NUMPY\x01\x00";
/// The first field's name stands behind them and the length of the header.
const NPY_FIELD: &[u8] = b"{'descr': [('inkbit_sample', ";
const NPY_FIELD_AT: usize = NPY.len() + 2;
/// NPY's header ends at a multiple of this.
const NPY_ALIGNMENT: usize = 64;

/// A file of vectors.
pub const KIND: Kind = Kind::known(
    "a file of vectors that `inkbit export` wrote",
    NPY_FIELD_AT + NPY_FIELD.len(),
    |start| {
        start.starts_with(b"/* Vectors by `inkbit export`")
            || start.starts_with(b"{\"written_by\":\"inkbit export")
            || start.starts_with(NPY) && start.get(NPY_FIELD_AT..) == Some(NPY_FIELD)
    },
);

/// The form of a file of vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A C header with two arrays
    C,
    /// One JSON object
    Json,
    /// NumPy's array of records
    Npy,
}

/// Samples and their logits.
#[derive(Debug)]
pub struct Vectors<'v> {
    /// The model's name.
    pub model: &'v str,
    /// The CRC-32 of its blob.
    pub crc: u32,
    /// The samples.
    pub images: &'v Images,
    /// The logits of all samples, one after another.
    pub logits: &'v [i32],
}

/// The content of a JSON file.
#[derive(Serialize)]
struct Json<'j> {
    written_by: String,
    model: &'j str,
    crc: String,
    signed: bool,
    vectors: Vec<Vector<'j>>,
}

#[derive(Serialize)]
struct Vector<'j> {
    sample: Vec<i16>,
    logits: &'j [i32],
}

impl Vectors<'_> {
    /// Their file.
    pub fn file(&self, format: Format) -> Vec<u8> {
        match format {
            Format::C => self.c().into_bytes(),
            Format::Json => self.json().into_bytes(),
            Format::Npy => self.npy(),
        }
    }

    fn classes(&self) -> usize {
        self.logits.len() / self.images.len().max(1)
    }

    fn pairs(&self) -> impl Iterator<Item = (&[u8], &[i32])> {
        self.images.iter().map(|(sample, _)| sample).zip(self.logits.chunks(self.classes().max(1)))
    }

    /// Samples as bytes, which `inkbit_infer` takes.
    fn c(&self) -> String {
        let (count, bytes, classes) =
            (self.images.len(), self.images.shape.bytes(), self.classes());
        let mut text = format!(
            "/* Vectors by `inkbit export`: samples, and the logits of the model whose CRC-32 is \
             0x{:08x}. */\n\
             #ifndef INKBIT_VECTORS_H\n#define INKBIT_VECTORS_H\n\n#include <stdint.h>\n\n\
             #define INKBIT_VECTORS {count}U\n\n\
             static const uint8_t inkbit_samples[{count}][{bytes}] = {{\n",
            self.crc
        );
        self.pairs().for_each(|(sample, _)| row(&mut text, sample));
        let _ =
            write!(text, "}};\n\nstatic const int32_t inkbit_logits[{count}][{classes}] = {{\n");
        self.pairs().for_each(|(_, logits)| row(&mut text, logits));
        text + "};\n\n#endif\n"
    }

    /// Samples as numbers.
    fn json(&self) -> String {
        let shape = &self.images.shape;
        let vector = |(sample, logits)| Vector { sample: shape.values(sample), logits };
        let json = Json {
            written_by: format!("inkbit export {}", env!("CARGO_PKG_VERSION")),
            model: self.model,
            crc: format!("0x{:08x}", self.crc),
            signed: self.is_signed(),
            vectors: self.pairs().map(vector).collect(),
        };
        visible::json(&serde_json::to_string(&json).unwrap_or_default()) + "\n"
    }

    /// Whether a value has 16 bits.
    fn is_signed(&self) -> bool {
        let [width, height] = self.images.shape.size();
        self.images.shape.bytes() > width * height
    }

    /// Records of a sample and its logits, by NumPy's definition of format version 1.0.
    fn npy(&self) -> Vec<u8> {
        let (kind, width) = if self.is_signed() { ("<i2", 2) } else { ("|u1", 1) };
        let values = self.images.shape.bytes() / width;
        let mut header = format!(
            "{{'descr': [('inkbit_sample', '{kind}', ({values},)), ('logits', '<i4', ({},))], \
             'fortran_order': False, 'shape': ({},), }}",
            self.classes(),
            self.images.len()
        );
        let length = (NPY_FIELD_AT + header.len() + 1).next_multiple_of(NPY_ALIGNMENT);
        let padding = length - NPY_FIELD_AT - header.len() - 1;
        header.extend(std::iter::repeat_n(' ', padding));
        header.push('\n');
        let mut file = NPY.to_vec();
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header.as_bytes());
        for (sample, logits) in self.pairs() {
            file.extend(sample);
            file.extend(logits.iter().flat_map(|logit| logit.to_le_bytes()));
        }
        file
    }
}

fn row(text: &mut String, numbers: &[impl Display]) {
    text.push('{');
    numbers.iter().for_each(|number| _ = write!(text, "{number},"));
    text.push_str("},\n");
}
