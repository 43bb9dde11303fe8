use super::{Oracle, OracleLayer, OracleLayout, OracleProvenance, OracleSample, Rows};
use super::{layout_of_version_2, seal};

impl Oracle {
    /// Writes the blob unchecked: tests also write illegal ones.
    ///
    /// Narrow multipliers and biases are divided by their powers of two, whatever remains.
    pub fn write(&self) -> Vec<u8> {
        let mut blob = b"INKBIT\x03\x00....".to_vec();
        text(&mut blob, &self.name);
        text(&mut blob, &self.labels);
        let mut data = Vec::new();
        self.sample.write(&mut blob, &mut data);
        number(&mut blob, self.stages.len() as u64);
        for stage in &self.stages {
            blob.extend(stage.crop.map(|pixels| pixels as u8));
            blob.extend(stage.pool.map(|pixels| pixels as u8));
            blob.extend(stage.logit_scale.to_le_bytes());
            number(&mut blob, stage.margin);
            number(&mut blob, stage.prominence);
            blob.push(stage.layers.len() as u8);
        }
        number(&mut blob, self.stages.iter().map(|stage| stage.layers.len() as u64).sum());
        for layer in self.stages.iter().flat_map(|stage| &stage.layers) {
            layer.write_shape(&mut blob);
            match layer.narrow {
                None => blob.push(0),
                Some((multiplier_shift, bias_shift)) => {
                    blob.extend([1, multiplier_shift as u8, bias_shift as u8]);
                }
            }
            layer.write_parameters(&mut data, 4);
        }
        number(&mut blob, self.provenance.len() as u64);
        blob.extend(&self.provenance);
        finish(blob, &data)
    }

    /// Writes the blob in version 2, just as unchecked.
    ///
    /// # Panics
    ///
    /// If the model has what version 2 has no words for.
    pub fn write_version_2(&self) -> Vec<u8> {
        let [stage] = &self.stages[..] else { panic!("version 2 has one stage") };
        let OracleSample::Image { width: side, height, layout } = self.sample else {
            panic!("version 2 takes an image");
        };
        assert_eq!(side, height, "version 2 takes a square image");
        assert_eq!(layout, layout_of_version_2(side), "version 2 has one layout");
        assert_eq!(stage.crop[0], stage.crop[1], "version 2 crops both axes alike");
        assert_eq!(stage.pool[0], stage.pool[1], "version 2 pools both axes alike");
        assert_eq!((stage.margin, stage.prominence), (0, 0), "version 2 has no threshold");
        assert!(!self.provenance.is_empty(), "version 2 has provenance");

        let mut blob = b"INKBIT\x02\x00....".to_vec();
        text(&mut blob, &self.name);
        text(&mut blob, &self.labels);
        number(&mut blob, side);
        blob.push(stage.crop[0] as u8);
        blob.push(stage.pool[0] as u8);
        blob.extend(stage.logit_scale.to_le_bytes());
        number(&mut blob, stage.layers.len() as u64);
        let mut data = Vec::new();
        for layer in &stage.layers {
            assert_eq!(layer.narrow, None, "version 2 has wide numbers");
            layer.write_shape(&mut blob);
            layer.write_parameters(&mut data, 8);
        }
        blob.extend(&self.provenance);
        finish(blob, &data)
    }
}

impl OracleSample {
    fn write(&self, blob: &mut Vec<u8>, data: &mut Vec<u8>) {
        match self {
            Self::Image { width, height, layout } => {
                blob.push(0);
                number(blob, *width);
                number(blob, *height);
                match layout {
                    OracleLayout::AsItIs => blob.push(0),
                    OracleLayout::Fitted => blob.push(1),
                    OracleLayout::Centred { ink } => {
                        blob.push(2);
                        number(blob, *ink);
                    }
                }
            }
            Self::Features { signed, count, ranges } => {
                blob.push(1);
                number(blob, *count as u64);
                blob.push((*signed).into());
                number(blob, ranges.len() as u64);
                for &(offset, multiplier) in ranges {
                    data.extend((offset as i32).to_le_bytes());
                    data.extend((multiplier as u32).to_le_bytes());
                }
            }
        }
    }
}

impl OracleProvenance {
    /// What the field `provenance` has of it, unchecked.
    pub fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        text(&mut bytes, &self.tool);
        text(&mut bytes, &self.command);
        bytes.extend(self.digest);
        number(&mut bytes, self.seed);
        number(&mut bytes, self.correct);
        number(&mut bytes, self.tested);
        bytes
    }
}

impl OracleLayer {
    /// The fields that both versions have.
    fn write_shape(&self, blob: &mut Vec<u8>) {
        number(blob, self.inputs as u64);
        number(blob, self.outputs as u64);
        blob.push(self.bits as u8);
        number(blob, self.multipliers.len() as u64);
    }

    /// The three parts, each padded to a multiple of so many bytes.
    fn write_parameters(&self, data: &mut Vec<u8>, multiple: usize) {
        for &multiplier in &self.multipliers {
            match self.narrow {
                None => data.extend((multiplier as u32).to_le_bytes()),
                Some((shift, _)) => data.extend(narrow(multiplier, shift)),
            }
        }
        data.resize(data.len().next_multiple_of(multiple), 0);
        for &bias in &self.biases {
            match self.narrow {
                None => data.extend((bias as i32).to_le_bytes()),
                Some((_, shift)) => data.extend(narrow(bias, shift)),
            }
        }
        data.resize(data.len().next_multiple_of(multiple), 0);
        let rows = Rows::of(self.bits);
        for block in self.codes.chunks(rows.block) {
            for input in 0..self.inputs {
                let mut row = 0;
                for (o, codes) in block.iter().enumerate() {
                    row |= u64::from(*codes.get(input).unwrap_or(&0)) << (rows.shift)(o);
                }
                data.extend(&row.to_le_bytes()[..rows.bytes]);
            }
        }
        data.resize(data.len().next_multiple_of(multiple), 0);
    }
}

/// Signed or not, these are the bits. A shift may be illegal.
fn narrow(value: i64, shift: u32) -> [u8; 2] {
    ((value >> shift.min(63)) as u16).to_le_bytes()
}

/// Appends what follows the fields: `pad`, `data` and `crc`.
fn finish(mut blob: Vec<u8>, data: &[u8]) -> Vec<u8> {
    let mut length = Vec::new();
    number(&mut length, data.len() as u64);
    let pad = (8 - (blob.len() + 1 + length.len()) % 8) % 8;
    blob.push(pad as u8);
    blob.extend(&[0; 8][..pad]);
    blob.extend(length);
    blob.extend(data);
    blob.extend([0; 4]);
    seal(&mut blob);
    blob
}

fn number(blob: &mut Vec<u8>, mut value: u64) {
    while value >= 128 {
        blob.push((value % 128 + 128) as u8);
        value /= 128;
    }
    blob.push(value as u8);
}

fn text(blob: &mut Vec<u8>, value: &str) {
    number(blob, value.len() as u64);
    blob.extend(value.as_bytes());
}
