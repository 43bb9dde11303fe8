use super::{Oracle, OracleLayer, Rows, crc32};

/// What is wrong with a blob, in a few words. Tests only ask whether something is.
type Fault = &'static str;

impl Oracle {
    /// Reads a blob and makes every check that the page requires.
    ///
    /// # Errors
    ///
    /// The first check that failed.
    pub fn read(blob: &[u8]) -> Result<Self, Fault> {
        demand(blob.len() >= 12, "shorter than its prefix")?;
        demand(blob.starts_with(b"INKBIT"), "magic")?;
        demand(blob[6..8] == [2, 0], "version")?;
        demand(
            u32::from_le_bytes([blob[8], blob[9], blob[10], blob[11]]) as usize == blob.len(),
            "length",
        )?;
        demand(blob.len() >= 16, "no room for the CRC")?;
        let (body, crc) = blob.split_at(blob.len() - 4);
        demand(crc32(body).to_le_bytes() == crc, "crc")?;

        let mut bytes = Cursor { blob, at: 12 };
        let name = bytes.text(32)?;
        let labels = bytes.text(65_535)?;
        let side = bytes.number(16)?;
        let crop: u64 = bytes.take(1)?[0].into();
        let pool: u64 = bytes.take(1)?[0].into();
        let logit_scale = f32::from_le_bytes(bytes.array()?);
        let mut layers = Vec::new();
        for _ in 0..bytes.number(32)? {
            demand(layers.len() < 8, "more than 8 layers")?;
            layers.push(bytes.layer()?);
        }
        let tool = bytes.text(64)?;
        let command = bytes.text(512)?;
        let digest = bytes.array()?;
        let seed = bytes.number(64)?;
        let correct = bytes.number(32)?;
        let tested = bytes.number(32)?;
        let pad = bytes.number(32)? as usize;
        demand(pad < 8 && bytes.take(pad)?.iter().all(|&byte| byte == 0), "pad")?;
        let length = bytes.number(32)? as usize;
        demand(bytes.at.is_multiple_of(8), "data is not aligned")?;
        let data = bytes.take(length)?;
        demand(bytes.at == body.len(), "fields do not end before the CRC")?;

        demand((1..=1024).contains(&side) && 2 * crop < side, "side and crop")?;
        demand([1, 2, 4].contains(&pool) && (side - 2 * crop).is_multiple_of(pool), "pool")?;
        demand(logit_scale.is_finite() && logit_scale > 0.0, "logit scale")?;
        demand(correct <= tested, "correct")?;
        check_layers(&layers, ((side - 2 * crop) / pool).pow(2) as usize)?;
        let classes: Vec<&str> = labels.split('\n').collect();
        let outputs = layers.last().map_or(0, |layer| layer.outputs);
        demand(classes.len() == outputs && !classes.contains(&""), "labels")?;

        let mut data = Cursor { blob: data, at: 0 };
        for layer in &mut layers {
            data.parameters(layer)?;
        }
        demand(data.at == data.blob.len(), "data is too long")?;
        Ok(Self {
            name,
            labels,
            side,
            crop,
            pool,
            logit_scale,
            layers,
            tool,
            command,
            digest,
            seed,
            correct,
            tested,
        })
    }
}

fn demand(holds: bool, otherwise: Fault) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(otherwise) }
}

fn check_layers(layers: &[OracleLayer], inputs: usize) -> Result<(), Fault> {
    demand(!layers.is_empty(), "no layers")?;
    let mut given = inputs;
    for (number, layer) in layers.iter().enumerate() {
        demand((1..=4096).contains(&layer.inputs), "inputs")?;
        demand((1..=4096).contains(&layer.outputs), "outputs")?;
        demand(layer.inputs == given, "inputs are not what is given")?;
        demand([2, 4, 8].contains(&layer.bits), "bits")?;
        let count = layer.multipliers.len();
        let last = number + 1 == layers.len();
        demand(
            if last { count == 0 } else { count == 1 || count == layer.outputs },
            "multipliers",
        )?;
        given = layer.outputs;
    }
    Ok(())
}

struct Cursor<'a> {
    blob: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        demand(count <= self.blob.len() - self.at, "fields run past the end")?;
        self.at += count;
        Ok(&self.blob[self.at - count..self.at])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn number(&mut self, bits: u32) -> Result<u64, Fault> {
        let mut number: u128 = 0;
        for group in 0..10 {
            let byte = self.take(1)?[0];
            number |= u128::from(byte & 127) << (7 * group);
            if byte & 128 == 0 {
                demand(byte != 0 || group == 0, "number is not in its shortest form")?;
                demand(number >> bits == 0, "number is out of range")?;
                return Ok(number as u64);
            }
        }
        Err("number does not end")
    }

    fn text(&mut self, limit: u64) -> Result<String, Fault> {
        let length = self.number(32)?;
        let bytes = self.take(length as usize)?;
        demand(length <= limit, "text is too long")?;
        String::from_utf8(bytes.to_vec()).map_err(|_| "text is not UTF-8")
    }

    fn layer(&mut self) -> Result<OracleLayer, Fault> {
        let inputs = self.number(16)? as usize;
        let outputs = self.number(16)? as usize;
        let bits = self.take(1)?[0].into();
        let multipliers = vec![0; self.number(16)? as usize];
        Ok(OracleLayer { inputs, outputs, bits, multipliers, ..OracleLayer::default() })
    }

    /// The three parts of a layer with room for its multipliers.
    fn parameters(&mut self, layer: &mut OracleLayer) -> Result<(), Fault> {
        for multiplier in &mut layer.multipliers {
            *multiplier = u32::from_le_bytes(self.array()?).into();
        }
        self.skip_padding()?;
        for _ in 0..layer.outputs {
            let bias = i32::from_le_bytes(self.array()?).into();
            demand((-1_073_741_824..=1_073_741_824).contains(&bias), "bias")?;
            layer.biases.push(bias);
        }
        self.skip_padding()?;
        layer.codes = vec![vec![0; layer.inputs]; layer.outputs];
        let rows = Rows::of(layer.bits);
        for first in (0..layer.outputs).step_by(rows.block) {
            for input in 0..layer.inputs {
                let mut bytes = [0; 8];
                bytes[..rows.bytes].copy_from_slice(self.take(rows.bytes)?);
                let row = u64::from_le_bytes(bytes);
                for o in 0..rows.block {
                    let code = (row >> (rows.shift)(o)) % (1 << layer.bits);
                    if let Some(codes) = layer.codes.get_mut(first + o) {
                        codes[input] = code as u8;
                    }
                }
            }
        }
        self.skip_padding()
    }

    fn skip_padding(&mut self) -> Result<(), Fault> {
        self.take((8 - self.at % 8) % 8).map(|_| ())
    }
}
