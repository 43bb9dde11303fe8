use super::{Oracle, OracleLayer, OracleLayout, OracleProvenance, OracleSample, OracleStage};
use super::{Rows, crc32, layout_of_version_2};

/// What is wrong with a blob, in a few words. Tests only ask whether something is.
type Fault = &'static str;

impl Oracle {
    /// Reads a blob of version 3 or 2 and makes every check that the page requires, but for the
    /// address, at which nothing is read in place here.
    ///
    /// # Errors
    ///
    /// The first check that failed.
    pub fn read(blob: &[u8]) -> Result<Self, Fault> {
        demand(blob.len() >= 12, "shorter than its prefix")?;
        demand(blob.starts_with(b"INKBIT"), "magic")?;
        demand(blob[6..8] == [3, 0] || blob[6..8] == [2, 0], "version")?;
        demand(
            u32::from_le_bytes([blob[8], blob[9], blob[10], blob[11]]) as usize == blob.len(),
            "length",
        )?;
        demand(blob.len() >= 16, "no room for the CRC")?;
        let (body, crc) = blob.split_at(blob.len() - 4);
        demand(crc32(body).to_le_bytes() == crc, "crc")?;

        let mut bytes = Cursor { blob: body, at: 12 };
        let (mut oracle, multiple) =
            if blob[6] == 2 { (bytes.version_2()?, 8) } else { (bytes.version_3()?, 4) };
        let pad = bytes.number(32)? as usize;
        demand(pad < 8 && bytes.take(pad)?.iter().all(|&byte| byte == 0), "pad")?;
        let length = bytes.number(32)? as usize;
        demand(bytes.at.is_multiple_of(8), "data is not aligned")?;
        let data = bytes.take(length)?;
        demand(bytes.at == body.len(), "fields do not end before the CRC")?;
        oracle.check()?;

        let mut data = Cursor { blob: data, at: 0 };
        if let OracleSample::Features { ranges, .. } = &mut oracle.sample {
            data.ranges(ranges)?;
        }
        for layer in oracle.stages.iter_mut().flat_map(|stage| &mut stage.layers) {
            data.parameters(layer, multiple)?;
        }
        demand(data.at == data.blob.len(), "data is too long")?;
        Ok(oracle)
    }

    /// All limits on fields.
    fn check(&self) -> Result<(), Fault> {
        self.sample.check()?;
        demand((1..=4).contains(&self.stages.len()), "stages")?;
        let outputs = |stage: &OracleStage| stage.layers.last().map_or(0, |layer| layer.outputs);
        let classes = outputs(&self.stages[0]);
        for stage in &self.stages {
            stage.check(&self.sample)?;
            demand(outputs(stage) == classes, "stages differ in classes")?;
        }
        if self.labels.is_empty() {
            demand(classes <= 10, "no labels")?;
        } else {
            let labels: Vec<&str> = self.labels.split('\n').collect();
            demand(labels.len() == classes && !labels.contains(&""), "labels")?;
        }
        demand(self.provenance.len() <= 631, "provenance")
    }
}

impl OracleProvenance {
    /// Reads what the field `provenance` has, if that is anything.
    ///
    /// # Errors
    ///
    /// The first check that failed.
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let mut cursor = Cursor { blob: bytes, at: 0 };
        let tool = cursor.text(64)?;
        let command = cursor.text(512)?;
        let digest = cursor.array()?;
        let seed = cursor.number(64)?;
        let correct = cursor.number(32)?;
        let tested = cursor.number(32)?;
        demand(cursor.at == bytes.len(), "more than a provenance")?;
        demand(correct <= tested, "correct")?;
        Ok(Self { tool, command, digest, seed, correct, tested })
    }
}

fn demand(holds: bool, otherwise: Fault) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(otherwise) }
}

impl OracleSample {
    fn check(&self) -> Result<(), Fault> {
        match self {
            Self::Image { width, height, layout } => {
                demand((1..=1024).contains(width), "width")?;
                demand((1..=1024).contains(height), "height")?;
                let OracleLayout::Centred { ink } = layout else { return Ok(()) };
                demand((1..=*width.min(height)).contains(ink), "ink")
            }
            Self::Features { count, ranges, .. } => {
                demand((1..=4096).contains(count), "count")?;
                demand(ranges.len() == 1 || ranges.len() == *count, "ranges")
            }
        }
    }
}

impl OracleStage {
    fn check(&self, sample: &OracleSample) -> Result<(), Fault> {
        let mut given = match *sample {
            OracleSample::Image { width, height, .. } => {
                let mut inputs = 1;
                for (axis, pixels) in [width, height].into_iter().enumerate() {
                    let (crop, pool) = (self.crop[axis], self.pool[axis]);
                    demand(2 * crop < pixels, "crop")?;
                    demand([1, 2, 4].contains(&pool), "pool")?;
                    demand((pixels - 2 * crop).is_multiple_of(pool), "pool does not divide")?;
                    inputs *= (pixels - 2 * crop) / pool;
                }
                inputs as usize
            }
            OracleSample::Features { count, .. } => {
                demand(self.crop == [0, 0], "crop of features")?;
                demand(self.pool == [1, 1], "pool of features")?;
                count
            }
        };
        demand(self.logit_scale.is_finite() && self.logit_scale > 0.0, "logit scale")?;
        demand(!self.layers.is_empty(), "no layers")?;
        for (number, layer) in self.layers.iter().enumerate() {
            layer.check(number + 1 == self.layers.len())?;
            demand(layer.inputs == given, "inputs are not what is given")?;
            given = layer.outputs;
        }
        Ok(())
    }
}

impl OracleLayer {
    fn check(&self, last: bool) -> Result<(), Fault> {
        demand((1..=4096).contains(&self.inputs), "inputs")?;
        demand((1..=4096).contains(&self.outputs), "outputs")?;
        demand([2, 4, 8].contains(&self.bits), "bits")?;
        let count = self.multipliers.len();
        demand(if last { count == 0 } else { count == 1 || count == self.outputs }, "multipliers")?;
        let (multiplier_shift, bias_shift) = self.narrow.unwrap_or((0, 0));
        demand(multiplier_shift <= 16, "multiplier shift")?;
        demand(bias_shift <= 14, "bias shift")
    }
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

    fn byte(&mut self) -> Result<u8, Fault> {
        Ok(self.take(1)?[0])
    }

    fn number(&mut self, bits: u32) -> Result<u64, Fault> {
        let mut number: u128 = 0;
        for group in 0..10 {
            let byte = self.byte()?;
            number |= u128::from(byte & 127) << (7 * group);
            if byte & 128 == 0 {
                demand(byte != 0 || group == 0, "number is not in its shortest form")?;
                demand(number >> bits == 0, "number is out of range")?;
                return Ok(number as u64);
            }
        }
        Err("number does not end")
    }

    /// A byte that is 0 or 1.
    fn bool(&mut self) -> Result<bool, Fault> {
        let byte = self.byte()?;
        demand(byte < 2, "neither 0 nor 1")?;
        Ok(byte == 1)
    }

    fn text(&mut self, limit: u64) -> Result<String, Fault> {
        let length = self.number(32)?;
        let bytes = self.take(length as usize)?;
        demand(length <= limit, "text is too long")?;
        String::from_utf8(bytes.to_vec()).map_err(|_| "text is not UTF-8")
    }

    /// The fields from `name` to `provenance`, with room for the parameters.
    fn version_3(&mut self) -> Result<Oracle, Fault> {
        let name = self.text(32)?;
        let labels = self.text(65_535)?;
        let sample = self.sample()?;
        let mut stages = Vec::new();
        for _ in 0..self.number(32)? {
            demand(stages.len() < 4, "more than 4 stages")?;
            stages.push(self.stage()?);
        }
        let mut layers = Vec::new();
        for _ in 0..self.number(32)? {
            demand(layers.len() < 8, "more than 8 layers")?;
            let mut layer = self.layer()?;
            layer.narrow = self.numbers()?;
            layers.push(layer);
        }
        let mut layers = layers.into_iter();
        for layer in stages.iter_mut().flat_map(|stage| &mut stage.layers) {
            *layer = layers.next().ok_or("stages have more layers than there are")?;
        }
        demand(layers.next().is_none(), "stages have fewer layers than there are")?;
        let length = self.number(32)? as usize;
        let provenance = self.take(length)?.to_vec();
        Ok(Oracle { name, labels, sample, stages, provenance })
    }

    fn version_2(&mut self) -> Result<Oracle, Fault> {
        let name = self.text(32)?;
        let labels = self.text(65_535)?;
        demand(!labels.is_empty(), "no labels")?;
        let side = self.number(16)?;
        let layout = layout_of_version_2(side);
        let crop = [self.byte()?.into(); 2];
        let pool = [self.byte()?.into(); 2];
        let logit_scale = f32::from_le_bytes(self.array()?);
        let mut layers = Vec::new();
        for _ in 0..self.number(32)? {
            demand(layers.len() < 8, "more than 8 layers")?;
            layers.push(self.layer()?);
        }
        let start = self.at;
        self.text(64)?;
        self.text(512)?;
        self.take(32)?;
        self.number(64)?;
        self.number(32)?;
        self.number(32)?;
        let provenance = self.blob[start..self.at].to_vec();
        OracleProvenance::read(&provenance)?;
        Ok(Oracle {
            name,
            labels,
            sample: OracleSample::Image { width: side, height: side, layout },
            stages: vec![OracleStage { crop, pool, logit_scale, margin: 0, prominence: 0, layers }],
            provenance,
        })
    }

    fn sample(&mut self) -> Result<OracleSample, Fault> {
        match self.byte()? {
            0 => {
                let width = self.number(16)?;
                let height = self.number(16)?;
                let layout = match self.byte()? {
                    0 => OracleLayout::AsItIs,
                    1 => OracleLayout::Fitted,
                    2 => OracleLayout::Centred { ink: self.number(16)? },
                    _ => return Err("kind of layout"),
                };
                Ok(OracleSample::Image { width, height, layout })
            }
            1 => {
                let count = self.number(16)? as usize;
                let signed = self.bool()?;
                let ranges = vec![(0, 0); self.number(16)? as usize];
                Ok(OracleSample::Features { signed, count, ranges })
            }
            _ => Err("kind of sample"),
        }
    }

    fn stage(&mut self) -> Result<OracleStage, Fault> {
        let crop = self.array::<2>()?.map(u64::from);
        let pool = self.array::<2>()?.map(u64::from);
        let logit_scale = f32::from_le_bytes(self.array()?);
        let margin = self.number(32)?;
        let prominence = self.number(32)?;
        let layers = vec![OracleLayer::default(); self.byte()?.into()];
        Ok(OracleStage { crop, pool, logit_scale, margin, prominence, layers })
    }

    /// The fields that both versions have.
    fn layer(&mut self) -> Result<OracleLayer, Fault> {
        let inputs = self.number(16)? as usize;
        let outputs = self.number(16)? as usize;
        let bits = self.byte()?.into();
        let multipliers = vec![0; self.number(16)? as usize];
        Ok(OracleLayer { inputs, outputs, bits, multipliers, ..OracleLayer::default() })
    }

    fn numbers(&mut self) -> Result<Option<(u32, u32)>, Fault> {
        match self.byte()? {
            0 => Ok(None),
            1 => Ok(Some((self.byte()?.into(), self.byte()?.into()))),
            _ => Err("kind of numbers"),
        }
    }

    fn ranges(&mut self, ranges: &mut [(i64, i64)]) -> Result<(), Fault> {
        for (offset, multiplier) in ranges {
            *offset = i32::from_le_bytes(self.array()?).into();
            demand((-32_768..=32_767).contains(offset), "offset")?;
            *multiplier = u32::from_le_bytes(self.array()?).into();
        }
        Ok(())
    }

    /// The three parts of a layer with room for its multipliers, each padded to a multiple of so
    /// many bytes.
    fn parameters(&mut self, layer: &mut OracleLayer, multiple: usize) -> Result<(), Fault> {
        for multiplier in &mut layer.multipliers {
            *multiplier = match layer.narrow {
                None => u32::from_le_bytes(self.array()?).into(),
                Some((shift, _)) => i64::from(u16::from_le_bytes(self.array()?)) << shift,
            };
        }
        self.skip_padding(multiple)?;
        for _ in 0..layer.outputs {
            let bias = match layer.narrow {
                None => i32::from_le_bytes(self.array()?).into(),
                Some((_, shift)) => i64::from(i16::from_le_bytes(self.array()?)) << shift,
            };
            demand((-1_073_741_824..=1_073_741_824).contains(&bias), "bias")?;
            layer.biases.push(bias);
        }
        self.skip_padding(multiple)?;
        let rows = Rows::of(layer.bits);
        let blocks = layer.outputs.div_ceil(rows.block);
        // All of them at once, so that no memory is taken for codes that are not there.
        let mut bytes = self.take(blocks * layer.inputs * rows.bytes)?.chunks(rows.bytes);
        layer.codes = vec![vec![0; layer.inputs]; layer.outputs];
        for block in 0..blocks {
            for input in 0..layer.inputs {
                let mut row = [0; 8];
                row[..rows.bytes].copy_from_slice(bytes.next().expect("a row"));
                let row = u64::from_le_bytes(row);
                for o in 0..rows.block {
                    let code = (row >> (rows.shift)(o)) % (1 << layer.bits);
                    if let Some(codes) = layer.codes.get_mut(block * rows.block + o) {
                        codes[input] = code as u8;
                    }
                }
            }
        }
        self.skip_padding(multiple)
    }

    fn skip_padding(&mut self, multiple: usize) -> Result<(), Fault> {
        self.take(self.at.next_multiple_of(multiple) - self.at).map(|_| ())
    }
}
