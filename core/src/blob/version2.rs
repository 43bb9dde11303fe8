//! Blobs of version 2, in the words of today. No device reads them: the host writes them anew.

use super::fields::Sticky;
use crate::model::Header;
use crate::sample::Sample;
use crate::shape::{LayerShape, MAX_LAYERS, Numbers, Stage};
use crate::wire::Reader;

impl<'a> Sticky<'a> {
    /// What a blob of version 2 says before its parameters.
    pub(super) fn header_2(&mut self, header: &mut Header<'a>) {
        (header.name, header.labels) = (self.text(), self.text());
        header.sample = Sample::mnist(self.half());
        let (crop, pool) = ([self.byte(); 2], [self.byte(); 2]);
        let logit_scale = f32::from_le_bytes(self.four());
        let layers = self.count(MAX_LAYERS);
        for _ in 0..layers {
            let shape = LayerShape {
                inputs: self.half(),
                outputs: self.half(),
                bits: self.byte(),
                multipliers: self.half(),
                numbers: Numbers::Wide,
            };
            let _ = header.layers.push(shape);
        }
        let stage =
            Stage { crop, pool, logit_scale, margin: 0, prominence: 0, layers: layers as u8 };
        let _ = header.stages.push(stage);
        header.provenance = self.provenance();
    }

    /// The same bytes as today, but not behind their length.
    fn provenance(&mut self) -> &'a [u8] {
        let before = self.reader.rest();
        self.text();
        self.text();
        self.bytes_of(|reader| reader.take(32));
        self.get(Reader::varint);
        self.word();
        self.word();
        let after = self.reader.rest().len();
        before.get(..before.len() - after).unwrap_or_default()
    }
}
