//! The fields of a blob, read one after another.

use heapless::Vec;

use super::{CRC_BYTES, PREFIX_BYTES};
use crate::error::ModelError;
use crate::model::Header;
use crate::shape::{
    ALIGNMENT, Frame, LayerShape, Layout, MAX_LAYERS, MAX_STAGES, Numbers, OLDEST_VERSION,
    PART_ALIGNMENT, Sample, Stage,
};
use crate::wire::{Fault, Reader};

/// The most layers in a blob of version 2.
const MAX_LAYERS_2: usize = 8;

/// What lies between a blob's length and its CRC.
pub(super) struct Fields<'a> {
    pub(super) header: Header<'a>,
    pub(super) pad: &'a [u8],
    pub(super) data: &'a [u8],
    /// What each part of a layer's parameters is padded to.
    pub(super) alignment: usize,
}

impl<'a> Fields<'a> {
    /// Reads them from a whole blob of this version.
    pub(super) fn read(blob: &'a [u8], version: u16) -> Result<Self, ModelError> {
        let mut fields = Sticky { reader: Reader::new(blob), fault: None };
        let is_old = version == OLDEST_VERSION;
        fields.bytes_of(|reader| reader.take(PREFIX_BYTES));
        let header = fields.header(is_old);
        let pad = fields.bytes_of(Reader::bytes);
        let data = fields.bytes_of(Reader::bytes);
        fields.bytes_of(|reader| reader.take(CRC_BYTES));
        let Sticky { reader, fault } = fields;
        match fault {
            None if reader.is_empty() => {
                let alignment = if is_old { ALIGNMENT } else { PART_ALIGNMENT };
                Ok(Self { header, pad, data, alignment })
            }
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
struct Sticky<'a> {
    reader: Reader<'a>,
    fault: Option<Fault>,
}

impl<'a> Sticky<'a> {
    #[inline(always)]
    fn get<T: Default>(&mut self, read: impl FnOnce(&mut Reader<'a>) -> Result<T, Fault>) -> T {
        if self.fault.is_some() {
            return T::default();
        }
        read(&mut self.reader).unwrap_or_else(|fault| {
            self.fault = Some(fault);
            T::default()
        })
    }

    #[inline(never)]
    fn byte(&mut self) -> u8 {
        self.get(Reader::byte)
    }

    #[inline(never)]
    fn half(&mut self) -> u16 {
        self.get(Reader::half)
    }

    #[inline(never)]
    fn word(&mut self) -> u32 {
        self.get(Reader::word)
    }

    #[inline(never)]
    fn text(&mut self) -> &'a str {
        self.get(Reader::text)
    }

    #[inline(never)]
    fn bytes_of(
        &mut self,
        read: fn(&mut Reader<'a>) -> Result<&'a [u8], Fault>,
    ) -> &'a [u8] {
        self.get(read)
    }

    fn float(&mut self) -> f32 {
        f32::from_le_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    fn two(&mut self) -> [u8; 2] {
        [self.byte(), self.byte()]
    }

    /// The number of a kind, of which there are so many.
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
    fn count(&mut self, capacity: usize) -> usize {
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

    /// What a blob says before its parameters, one of version 2 in the words of today.
    #[inline(always)]
    fn header(&mut self, is_old: bool) -> Header<'a> {
        let mut header = Header {
            name: self.text(),
            labels: self.text(),
            sample: Sample::mnist(0),
            stages: Vec::new(),
            layers: Vec::new(),
            provenance: &[],
        };
        header.sample = if is_old { Sample::mnist(self.half()) } else { self.sample() };
        let stages = if is_old { 1 } else { self.count(MAX_STAGES) };
        for _ in 0..stages {
            let [crop, pool] = match is_old {
                true => [[self.byte(); 2], [self.byte(); 2]],
                false => [self.two(), self.two()],
            };
            let mut stage = Stage { crop, pool, logit_scale: self.float(), margin: 0, layers: 0 };
            if !is_old {
                (stage.margin, stage.layers) = (self.word(), self.byte());
            }
            let _ = header.stages.push(stage);
        }
        let count = self.count(if is_old { MAX_LAYERS_2 } else { MAX_LAYERS });
        for _ in 0..count {
            let shape = LayerShape {
                inputs: self.half(),
                outputs: self.half(),
                bits: self.byte(),
                multipliers: self.half(),
                numbers: if is_old { Numbers::Wide } else { self.numbers() },
            };
            let _ = header.layers.push(shape);
        }
        if is_old && let Some(stage) = header.stages.first_mut() {
            stage.layers = count as u8;
        }
        header.provenance =
            if is_old { self.old_provenance() } else { self.bytes_of(Reader::bytes) };
        header
    }

    /// The same bytes as today, but not behind their length.
    #[inline(always)]
    fn old_provenance(&mut self) -> &'a [u8] {
        let before = self.reader.rest();
        (self.text(), self.text());
        self.bytes_of(|reader| reader.take(32));
        self.get(Reader::varint);
        (self.word(), self.word());
        let after = self.reader.rest().len();
        before.get(..before.len() - after).unwrap_or_default()
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

const _: () = assert!(MAX_LAYERS_2 <= MAX_LAYERS && MAX_LAYERS_2 != MAX_STAGES);
