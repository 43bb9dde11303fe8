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
    /// Field `sample`, with the ranges from `data`.
    pub sample: OracleSample,
    /// Field `stages`.
    pub stages: Vec<OracleStage>,
    /// Field `provenance`, of which a reader need not know more.
    pub provenance: Vec<u8>,
}

/// What a model takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OracleSample {
    /// Kind 0.
    Image {
        /// Field `width`.
        width: u64,
        /// Field `height`.
        height: u64,
        /// Field `layout`.
        layout: OracleLayout,
    },
    /// Kind 1.
    Features {
        /// Field `signed`.
        signed: bool,
        /// Field `count`.
        count: usize,
        /// Offset and multiplier of each range; their number is the field `ranges`.
        ranges: Vec<(i64, i64)>,
    },
}

/// How ink lies in an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OracleLayout {
    /// Kind 0.
    AsItIs,
    /// Kind 1.
    Fitted,
    /// Kind 2.
    Centred {
        /// Field `ink`.
        ink: u64,
    },
}

/// One stage of an [`Oracle`].
#[derive(Clone, Debug, PartialEq)]
pub struct OracleStage {
    /// Field `crop`.
    pub crop: [u64; 2],
    /// Field `pool`.
    pub pool: [u64; 2],
    /// Field `logit_scale`.
    pub logit_scale: f32,
    /// Field `margin`.
    pub margin: u64,
    /// Field `prominence`.
    pub prominence: u64,
    /// The stage's part of the list `layers`; their number is the stage's field `layers`.
    pub layers: Vec<OracleLayer>,
}

/// One layer of an [`OracleStage`], with its parameters from `data`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OracleLayer {
    /// Field `inputs`.
    pub inputs: usize,
    /// Field `outputs`.
    pub outputs: usize,
    /// Field `bits`.
    pub bits: usize,
    /// The multipliers m, of narrow numbers too; their number is the field `multipliers`.
    pub multipliers: Vec<i64>,
    /// The bias b of each output, of narrow numbers too.
    pub biases: Vec<i64>,
    /// For each output the code of every input.
    pub codes: Vec<Vec<u8>>,
    /// Field `numbers`: `multiplier_shift` and `bias_shift` if it is narrow.
    pub narrow: Option<(u32, u32)>,
}

/// Where a model comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OracleProvenance {
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

/// What a model makes of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The stage whose answer stands, or the last.
    pub stage: usize,
    /// The class, or none where the last stage's answer does not stand.
    pub class: Option<usize>,
    /// The class of the greatest logit, whether or not it stands.
    pub likeliest: usize,
    /// That stage's logits.
    pub logits: Vec<i64>,
}

impl Oracle {
    /// How many bytes a sample is long.
    pub fn sample_bytes(&self) -> usize {
        match self.sample {
            OracleSample::Image { width, height, .. } => (width * height) as usize,
            OracleSample::Features { signed, count, .. } => count * if signed { 2 } else { 1 },
        }
    }

    /// What the model makes of a sample.
    pub fn answer(&self, sample: &[u8]) -> Answer {
        self.evaluate(sample).1
    }

    /// Outputs of every layer that is evaluated: the first stage's activations, then its logits,
    /// then the same of the next stage if it is asked, and so on.
    pub fn layers(&self, sample: &[u8]) -> Vec<Vec<i64>> {
        self.evaluate(sample).0
    }

    fn evaluate(&self, sample: &[u8]) -> (Vec<Vec<i64>>, Answer) {
        let mut outputs = Vec::new();
        let mut number = 0;
        loop {
            let stage = &self.stages[number];
            outputs.extend(stage.layers(self.inputs(number, sample)));
            let logits = outputs.last().expect("a stage has a layer").clone();
            let mut likeliest = 0;
            for j in 1..logits.len() {
                if logits[j] > logits[likeliest] {
                    likeliest = j;
                }
            }
            let mut stands = true;
            let differences: i64 = logits.iter().map(|logit| logits[likeliest] - logit).sum();
            if differences.min((1 << 32) - 1) < stage.prominence as i64 {
                stands = false;
            }
            for j in 0..logits.len() {
                if j != likeliest && logits[likeliest] - logits[j] < stage.margin as i64 {
                    stands = false;
                }
            }
            if stands || number + 1 == self.stages.len() {
                let class = if stands { Some(likeliest) } else { None };
                return (outputs, Answer { stage: number, class, likeliest, logits });
            }
            number += 1;
        }
    }

    /// The inputs of a stage's first layer: the image cropped and pooled, or the features in
    /// their ranges.
    pub fn inputs(&self, stage: usize, sample: &[u8]) -> Vec<i64> {
        assert_eq!(sample.len(), self.sample_bytes(), "bytes of a sample");
        match &self.sample {
            &OracleSample::Image { width, height, .. } => {
                self.stages[stage].image_inputs(width, height, sample)
            }
            OracleSample::Features { signed, count, ranges } => {
                let mut inputs = Vec::new();
                for k in 0..*count {
                    let v = if *signed {
                        i64::from(i16::from_le_bytes([sample[2 * k], sample[2 * k + 1]]))
                    } else {
                        i64::from(sample[k])
                    };
                    let (o, f) = ranges[if ranges.len() == 1 { 0 } else { k }];
                    inputs.push((((v - o).max(0) * f + (1 << 23)) >> 24).min(255));
                }
                inputs
            }
        }
    }
}

impl OracleStage {
    fn image_inputs(&self, width: u64, height: u64, pixels: &[u8]) -> Vec<i64> {
        let ([left, top], [p, q]) = (self.crop, self.pool);
        let mut inputs = Vec::new();
        for i in 0..(height - 2 * top) / q {
            for j in 0..(width - 2 * left) / p {
                let mut sum = p * q / 2;
                for u in 0..q {
                    for v in 0..p {
                        let r = top + q * i + u;
                        let c = left + p * j + v;
                        sum += u64::from(pixels[(r * width + c) as usize]);
                    }
                }
                inputs.push((sum >> (p * q).ilog2()) as i64);
            }
        }
        inputs
    }

    fn layers(&self, mut values: Vec<i64>) -> Vec<Vec<i64>> {
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
}

/// How ink lies in the images of a blob of version 2.
fn layout_of_version_2(side: u64) -> OracleLayout {
    OracleLayout::Centred { ink: ((20 * side + 14) / 28).max(1) }
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
