//! The fields of a blob, read one after another.

use heapless::Vec;

use super::{CRC_BYTES, PREFIX_BYTES};
use crate::error::ModelError;
use crate::model::Header;
use crate::sample::{Frame, Layout, Sample};
use crate::shape::{LayerShape, MAX_LAYERS, MAX_STAGES, Numbers, Stage};
use crate::wire::{Fault, Reader};

/// What lies between a blob's length and its CRC.
pub(super) struct Fields<'a> {
    pub(super) pad: &'a [u8],
    pub(super) data: &'a [u8],
}

/// What is known before a blob has been read.
pub(super) const fn nothing<'a>() -> Header<'a> {
    Header {
        name: "",
        labels: "",
        sample: Sample::mnist(0),
        stages: Vec::new(),
        layers: Vec::new(),
        provenance: &[],
    }
}

impl<'a> Fields<'a> {
    /// Reads them from a whole blob, of which `read` reads to `header` what lies before the parameters.
    #[inline(always)]
    pub(super) fn read(
        blob: &'a [u8],
        read: impl FnOnce(&mut Sticky<'a>, &mut Header<'a>),
        header: &mut Header<'a>,
    ) -> Result<Self, ModelError> {
        let mut fields = Sticky { reader: Reader::new(blob), fault: None };
        fields.bytes_of(|reader| reader.take(PREFIX_BYTES));
        read(&mut fields, header);
        let pad = fields.bytes_of(Reader::bytes);
        let data = fields.bytes_of(Reader::bytes);
        fields.bytes_of(|reader| reader.take(CRC_BYTES));
        let Sticky { reader, fault } = fields;
        match fault {
            None if reader.is_empty() => Ok(Self { pad, data }),
            None | Some(Fault::End) => Err(ModelError::Extent { length: blob.len() }),
            Some(Fault::Number) => Err(ModelError::Number),
            Some(Fault::Utf8) => Err(ModelError::Utf8),
            Some(Fault::List) => {
                let (found, limit) = (reader.length, reader.capacity);
                Err(match limit {
                    MAX_STAGES => ModelError::StageCount { found, limit },
                    _ => ModelError::LayerCount { found, limit },
                })
            }
        }
    }
}

/// A reader that goes on after a fault, with zeros, and remembers the first: to return from each field
/// would take a small board's flash.
pub(super) struct Sticky<'a> {
    pub(super) reader: Reader<'a>,
    fault: Option<Fault>,
}

impl<'a> Sticky<'a> {
    #[inline(always)]
    pub(super) fn get<T: Default>(
        &mut self,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, Fault>,
    ) -> T {
        if self.fault.is_some() {
            return T::default();
        }
        read(&mut self.reader).unwrap_or_else(|fault| {
            self.fault = Some(fault);
            T::default()
        })
    }

    #[inline(never)]
    pub(super) fn byte(&mut self) -> u8 {
        self.get(Reader::byte)
    }

    #[inline(never)]
    pub(super) fn half(&mut self) -> u16 {
        self.get(Reader::half)
    }

    #[inline(never)]
    pub(super) fn word(&mut self) -> u32 {
        self.get(Reader::word)
    }

    #[inline(never)]
    pub(super) fn text(&mut self) -> &'a str {
        self.get(Reader::text)
    }

    #[inline(never)]
    pub(super) fn bytes_of(
        &mut self,
        read: fn(&mut Reader<'a>) -> Result<&'a [u8], Fault>,
    ) -> &'a [u8] {
        self.get(read)
    }

    #[inline(never)]
    pub(super) fn four(&mut self) -> [u8; 4] {
        self.get(Reader::array)
    }

    /// The number of one of `kinds` kinds, from 0.
    #[inline(never)]
    fn kind(&mut self, kinds: u8) -> u8 {
        let kind = self.byte();
        if kind >= kinds && self.fault.is_none() {
            self.fault = Some(Fault::Number);
        }
        kind
    }

    /// The length of a list, and 0 if it is beyond `capacity`.
    #[inline(never)]
    pub(super) fn count(&mut self, capacity: usize) -> usize {
        let count = self.word() as usize;
        if self.fault.is_some() {
            return 0;
        }
        (self.reader.length, self.reader.capacity) = (count, capacity);
        if count > capacity {
            self.fault = Some(Fault::List);
            return 0;
        }
        count
    }

    /// What a blob says before its parameters.
    #[inline(always)]
    pub(super) fn header(&mut self, header: &mut Header<'a>) {
        (header.name, header.labels) = (self.text(), self.text());
        header.sample = self.sample();
        for _ in 0..self.count(MAX_STAGES) {
            let [left, top, wide, high] = self.four();
            let stage = Stage {
                crop: [left, top],
                pool: [wide, high],
                logit_scale: f32::from_le_bytes(self.four()),
                margin: self.word(),
                prominence: self.word(),
                layers: self.byte(),
            };
            let _ = header.stages.push(stage);
        }
        for _ in 0..self.count(MAX_LAYERS) {
            let shape = LayerShape {
                inputs: self.half(),
                outputs: self.half(),
                bits: self.byte(),
                multipliers: self.half(),
                numbers: self.numbers(),
            };
            let _ = header.layers.push(shape);
        }
        header.provenance = self.bytes_of(Reader::bytes);
    }

    #[inline(always)]
    fn sample(&mut self) -> Sample {
        if self.kind(2) == 1 {
            let (count, signed) = (self.half(), self.kind(2) == 1);
            return Sample::Features { count, signed, ranges: self.half() };
        }
        let (width, height) = (self.half(), self.half());
        let layout = match self.kind(3) {
            0 => Layout::AsItIs,
            1 => Layout::Fitted,
            _ => Layout::Centred { ink: self.half() },
        };
        Sample::Image(Frame { width, height, layout })
    }

    #[inline(always)]
    fn numbers(&mut self) -> Numbers {
        match self.kind(2) {
            0 => Numbers::Wide,
            _ => Numbers::Narrow { multiplier_shift: self.byte(), bias_shift: self.byte() },
        }
    }
}

// A list that is too long is told by its capacity.
const _: () = assert!(MAX_LAYERS != MAX_STAGES);
