use super::{Oracle, OracleLayer, Rows, seal};

impl Oracle {
    /// Writes the blob unchecked: tests also write illegal ones.
    pub fn write(&self) -> Vec<u8> {
        let mut blob = b"INKBIT\x02\x00....".to_vec();
        text(&mut blob, &self.name);
        text(&mut blob, &self.labels);
        number(&mut blob, self.side);
        blob.push(self.crop as u8);
        blob.push(self.pool as u8);
        blob.extend(self.logit_scale.to_le_bytes());
        number(&mut blob, self.layers.len() as u64);
        let mut data = Vec::new();
        for layer in &self.layers {
            number(&mut blob, layer.inputs as u64);
            number(&mut blob, layer.outputs as u64);
            blob.push(layer.bits as u8);
            number(&mut blob, layer.multipliers.len() as u64);
            layer.write_parameters(&mut data);
        }
        text(&mut blob, &self.tool);
        text(&mut blob, &self.command);
        blob.extend(self.digest);
        number(&mut blob, self.seed);
        number(&mut blob, self.correct);
        number(&mut blob, self.tested);
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
}

impl OracleLayer {
    fn write_parameters(&self, data: &mut Vec<u8>) {
        for &multiplier in &self.multipliers {
            data.extend((multiplier as u32).to_le_bytes());
        }
        data.resize(data.len().next_multiple_of(8), 0);
        for &bias in &self.biases {
            data.extend((bias as i32).to_le_bytes());
        }
        data.resize(data.len().next_multiple_of(8), 0);
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
        data.resize(data.len().next_multiple_of(8), 0);
    }
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
