//! A reader, an evaluator and a writer of blobs, written from `core/FORMAT.md` alone.
//!
//! It consists of plain loops over 64-bit integers, in the order of that page, and shares no code
//! with `core`, so that a mistake in either or in the page shows as a difference.

mod read;
mod write;

/// A model as the format describes it, unpacked.
#[derive(Clone, Debug, PartialEq)]
pub struct Oracle {
    /// Field `name`.
    pub name: String,
    /// Field `labels`, as it stands in the blob.
    pub labels: String,
    /// Field `side`.
    pub side: u64,
    /// Field `crop`.
    pub crop: u64,
    /// Field `pool`.
    pub pool: u64,
    /// Field `logit_scale`.
    pub logit_scale: f32,
    /// Field `layers`, with the parameters from `data`.
    pub layers: Vec<OracleLayer>,
    /// Field `tool`.
    pub tool: String,
    /// Field `command`.
    pub command: String,
    /// Field `digest`.
    pub digest: [u8; 32],
    /// Field `seed`.
    pub seed: u64,
    /// Field `correct`.
    pub correct: u64,
    /// Field `tested`.
    pub tested: u64,
}

/// One layer of an [`Oracle`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OracleLayer {
    /// Field `inputs`.
    pub inputs: usize,
    /// Field `outputs`.
    pub outputs: usize,
    /// Field `bits`.
    pub bits: usize,
    /// The multipliers; their number is the field `multipliers`.
    pub multipliers: Vec<i64>,
    /// A bias for each output.
    pub biases: Vec<i64>,
    /// For each output the code of every input.
    pub codes: Vec<Vec<u8>>,
}

impl Oracle {
    /// Outputs of every layer: activations of the hidden layers, then the logits.
    pub fn layers(&self, pixels: &[u8]) -> Vec<Vec<i64>> {
        let mut values = self.inputs(pixels);
        let mut outputs = Vec::new();
        for (number, layer) in self.layers.iter().enumerate() {
            let mut next = Vec::new();
            for j in 0..layer.outputs {
                let mut acc = layer.biases[j];
                for (i, x) in values.iter().enumerate() {
                    acc += weight(layer.bits, layer.codes[j][i]) * x;
                }
                if number + 1 < self.layers.len() {
                    let m = layer.multipliers[if layer.multipliers.len() == 1 { 0 } else { j }];
                    next.push(((acc.max(0) * m) >> 32).min(255));
                } else {
                    next.push(acc);
                }
            }
            values.clone_from(&next);
            outputs.push(next);
        }
        outputs
    }

    /// The first layer's inputs: the image cropped and pooled.
    pub fn inputs(&self, pixels: &[u8]) -> Vec<i64> {
        let width = (self.side - 2 * self.crop) / self.pool;
        let mut inputs = Vec::new();
        for i in 0..width {
            for j in 0..width {
                let mut sum = self.pool * self.pool / 2;
                for u in 0..self.pool {
                    for v in 0..self.pool {
                        let r = self.crop + self.pool * i + u;
                        let c = self.crop + self.pool * j + v;
                        sum += u64::from(pixels[(r * self.side + c) as usize]);
                    }
                }
                inputs.push((sum / (self.pool * self.pool)) as i64);
            }
        }
        inputs
    }
}

/// The table of the layout of weight codes: B, R and s(o).
struct Rows {
    block: usize,
    bytes: usize,
    shift: fn(usize) -> usize,
}

impl Rows {
    fn of(bits: usize) -> Self {
        match bits {
            8 => Self { block: 8, bytes: 8, shift: |o| 8 * o },
            4 => Self { block: 8, bytes: 4, shift: |o| 8 * (o % 4) + 4 * (o / 4) },
            _ => Self { block: 16, bytes: 4, shift: |o| 2 * (o / 2) + 16 * (o % 2) },
        }
    }
}

fn weight(bits: usize, code: u8) -> i64 {
    let c = i64::from(code);
    match bits {
        8 => c - 128,
        4 => 2 * c - 15,
        _ => 2 * c - 3,
    }
}

/// The CRC of each byte, one bit at a time.
const CRC_OF_BYTE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

/// The CRC that closes a blob.
pub fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| crc >> 8 ^ CRC_OF_BYTE[usize::from(crc as u8 ^ byte)];
    !bytes.iter().fold(u32::MAX, step)
}

/// Corrects length and CRC of a changed blob.
pub fn seal(blob: &mut [u8]) {
    let length = blob.len();
    blob[8..12].copy_from_slice(&(length as u32).to_le_bytes());
    let crc = crc32(&blob[..length - 4]);
    blob[length - 4..].copy_from_slice(&crc.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn the_crc_gives_the_check_value_of_the_page() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }
}
