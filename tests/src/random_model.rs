//! Random models, through core's public writer.

mod strategies;

use inkbit_core::blob::pack_layer;
use inkbit_core::kernel::Portable;
use inkbit_core::{
    Engine, Frame, Header, Input, LayerShape, Layout, MAX_BIAS, MAX_PROVENANCE, Model, Numbers,
    Provenance, Range, Sample, Stage, WeightBits,
};

pub use strategies::{recipes, ways};

use crate::Aligned;

/// How the parameters of a layer are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draw {
    /// Any weights, biases that matter beside them, multipliers that spread the activations.
    Usual,
    /// The greatest legal weights or their negatives; biases and multipliers greatest, least, or
    /// usual.
    Extreme,
    /// Usual weights; any legal biases and multipliers.
    Wild,
}

/// Recipe of one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerRecipe {
    /// Number of outputs.
    pub outputs: u16,
    /// Bits of a weight: 8, 4 or 2.
    pub bits: u8,
    /// Whether each output has its own multiplier.
    pub per_output: bool,
    /// Places by which multipliers and biases are shifted, if they are narrow. What does not fit is
    /// the nearest number that does.
    pub narrow: Option<[u8; 2]>,
    /// How its parameters are drawn.
    pub draw: Draw,
}

/// Recipe of a model, small enough to read in a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The image that the first stage takes. Features are an image of one row.
    pub input: Input,
    /// The first stage's layers.
    pub layers: Vec<LayerRecipe>,
    /// Seed of all parameters.
    pub seed: u64,
    /// What a simple model has not.
    pub more: More,
}

/// What a simple model has not. By default, it is of one stage and of images that are laid out as
/// MNIST's, its answers always stand, and it has labels and a provenance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct More {
    /// How ink lies in an image, if not as MNIST's.
    pub layout: Option<Layout>,
    /// Whether it takes features, and which.
    pub features: Option<FeatureRecipe>,
    /// Margin of the first stage.
    pub margin: Margin,
    /// The stages after the first.
    pub stages: Vec<StageRecipe>,
    /// Whether the labels are the digits. There are 10 classes at the most.
    pub no_labels: bool,
    /// Whether it says nothing of where it comes from.
    pub no_provenance: bool,
}

/// Recipe of features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureRecipe {
    /// Whether they are signed numbers of 16 bits.
    pub signed: bool,
    /// Whether each has its own range.
    pub each: bool,
}

/// Recipe of a stage after the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageRecipe {
    /// What it cuts off the image.
    pub crop: [u8; 2],
    /// What it averages.
    pub pool: [u8; 2],
    /// When its answer stands.
    pub margin: Margin,
    /// Its layers. The last one has as many outputs as there are classes, whatever it says.
    pub layers: Vec<LayerRecipe>,
}

/// When an answer stands: by the margin, or by the prominence where the number is odd.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Margin {
    /// Always.
    #[default]
    None,
    /// Just for that one of the [`samples`] for which it is the number-th least, by halves.
    At(u8),
    /// Just not for it.
    Above(u8),
    /// Where the margin is as much.
    Exactly(u32),
}

/// Samples of so many bytes that reach the extremes of sums, and one of noise.
pub fn samples(bytes: usize, seed: u64) -> Vec<(&'static str, Vec<u8>)> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut single = vec![0; bytes];
    single[random.usize(..bytes)] = random.u8(1..);
    let mut sparse = vec![0; bytes];
    sparse.iter_mut().for_each(|pixel| *pixel = random.u8(..).saturating_mul(random.u8(..3) / 2));
    vec![
        ("no ink", vec![0; bytes]),
        ("all ink", vec![255; bytes]),
        ("a single pixel", single),
        ("a third of the pixels", sparse),
        ("noise", (0..bytes).map(|_| random.u8(..)).collect()),
    ]
}

impl Recipe {
    /// What the model takes.
    pub fn sample(&self) -> Sample {
        let Input { width, height, .. } = self.input;
        match self.more.features {
            Some(FeatureRecipe { signed, each }) => {
                Sample::Features { count: width, signed, ranges: if each { width } else { 1 } }
            }
            None => {
                let layout = self.more.layout.unwrap_or(Layout::mnist(width.min(height)));
                Sample::Image(Frame { width, height, layout })
            }
        }
    }

    /// All stages, the first one too.
    fn stages(&self) -> Vec<StageRecipe> {
        let Self { input: Input { crop, pool, .. }, layers, more, .. } = self;
        let (layers, margin) = (layers.clone(), more.margin);
        let mut stages = vec![StageRecipe { crop: *crop, pool: *pool, margin, layers }];
        stages.extend(more.stages.iter().cloned());
        let classes = stages[0].layers.last().map_or(1, |layer| layer.outputs);
        for last in stages.iter_mut().filter_map(|stage| stage.layers.last_mut()) {
            last.outputs = classes;
        }
        stages
    }

    /// The blob of the model, as core writes it.
    ///
    /// # Panics
    ///
    /// If the format does not allow such a model.
    pub fn blob(&self) -> Aligned {
        let mut random = fastrand::Rng::with_seed(self.seed);
        let sample = self.sample();
        let ranges = match sample {
            Sample::Image(_) => Vec::new(),
            Sample::Features { signed, ranges, .. } => {
                (0..ranges).flat_map(|_| range(signed, &mut random).to_bytes()).collect()
            }
        };
        let (mut data, mut stages, mut shapes) = (ranges.clone(), Vec::new(), Vec::new());
        let mut classes = 0;
        for StageRecipe { crop, pool, margin, layers } in self.stages() {
            let mut inputs = Input { crop, pool, ..self.input }.inputs() as u16;
            let (mut own, mut own_shapes) = (ranges.clone(), Vec::new());
            for (number, layer) in layers.iter().enumerate() {
                let shape = layer.shape(inputs, number + 1 == layers.len());
                own.extend(layer.parameters(shapes.len() + number, shape, &mut random));
                own_shapes.push(shape);
                inputs = layer.outputs;
            }
            classes = inputs;
            let stage = Stage {
                crop,
                pool,
                logit_scale: random.f32() + 0.001,
                margin: 0,
                prominence: 0,
                layers: layers.len() as u8,
            };
            let (number, more) = match margin {
                Margin::None => (None, 0),
                Margin::Exactly(margin) => (None, margin),
                Margin::At(number) => (Some(number), 0),
                Margin::Above(number) => (Some(number), 1),
            };
            // Every second one asks for a prominence.
            let is_prominence = number.is_some_and(|number| number % 2 == 1);
            let measure = if is_prominence { prominence } else { self::margin };
            let found = number
                .map_or(0, |number| self.nearest(number / 2, stage, &own_shapes, &own, measure));
            let threshold = found.saturating_add(more);
            let [margin, prominence] = if is_prominence { [0, threshold] } else { [threshold, 0] };
            stages.push(Stage { margin, prominence, ..stage });
            shapes.extend(own_shapes);
            data.extend(&own[ranges.len()..]);
        }
        let labels: Vec<String> = (0..classes).map(|class| format!("c{class}")).collect();
        let labels = if self.more.no_labels { String::new() } else { labels.join("\n") };
        let provenance = Provenance {
            tool: concat!("inkbit-tests ", env!("CARGO_PKG_VERSION")),
            command: "",
            digest: std::array::from_fn(|_| random.u8(..)),
            seed: self.seed,
            correct: 0,
            tested: 0,
        };
        let mut room = [0; MAX_PROVENANCE];
        let provenance = provenance.write(&mut room).expect("it is within the limits");
        let header = Header {
            name: "random",
            labels: &labels,
            sample,
            stages: stages.into_iter().collect(),
            layers: shapes.into_iter().collect(),
            provenance: if self.more.no_provenance { &[] } else { provenance },
        };
        let data = Aligned::new(&data);
        let model = Model::new(header, &data).expect("recipes are within the limits");
        let mut out = vec![0; model.max_blob_bytes()];
        Aligned::new(model.write(&mut out).expect("the buffer has the size that was asked for"))
    }

    /// What a measure of a stage's logits gives for one of the samples: the number-th least of them.
    fn nearest(
        &self,
        number: u8,
        stage: Stage,
        shapes: &[LayerShape],
        data: &[u8],
        measure: fn(&[i32]) -> u32,
    ) -> u32 {
        let sample = self.sample();
        let classes = shapes.last().map_or(1, |shape| shape.outputs.into());
        let header = Header {
            name: "",
            labels: &vec!["c"; classes].join("\n"),
            sample,
            stages: [stage].into_iter().collect(),
            layers: shapes.iter().copied().collect(),
            provenance: &[],
        };
        let data = Aligned::new(data);
        let model = Model::new(header, &data).expect("recipes are within the limits");
        let mut cells = vec![0; model.scratch_cells()];
        let mut engine = Engine::new(model, &mut cells[..]).expect("as many as it needs");
        let mut found = Vec::new();
        for (_, sample) in samples(sample.bytes(), self.seed) {
            let logits = engine.infer_by::<Portable>(&sample, |_, _| ()).expect("its length");
            if logits.len() > 1 {
                found.push(measure(&logits));
            }
        }
        found.sort_unstable();
        found.get(usize::from(number) % found.len().max(1)).copied().unwrap_or_default()
    }
}

/// By how much the greatest of several logits is above the second greatest.
fn margin(logits: &[i32]) -> u32 {
    let mut logits = logits.to_vec();
    logits.sort_unstable();
    let [.., second, greatest] = logits[..] else { return 0 };
    greatest.abs_diff(second)
}

/// By how much it is above all others together, at the most as much as a threshold can be.
fn prominence(logits: &[i32]) -> u32 {
    let greatest = logits.iter().max().copied().unwrap_or_default();
    let sum: u64 = logits.iter().map(|logit| u64::from(greatest.abs_diff(*logit))).sum();
    sum.try_into().unwrap_or(u32::MAX)
}

impl LayerRecipe {
    fn shape(&self, inputs: u16, last: bool) -> LayerShape {
        let multipliers = match (last, self.per_output) {
            (true, _) => 0,
            (false, true) => self.outputs,
            (false, false) => 1,
        };
        let numbers = match self.narrow {
            None => Numbers::Wide,
            Some([multiplier_shift, bias_shift]) => {
                Numbers::Narrow { multiplier_shift, bias_shift }
            }
        };
        LayerShape { inputs, outputs: self.outputs, bits: self.bits, multipliers, numbers }
    }

    fn parameters(&self, number: usize, shape: LayerShape, random: &mut fastrand::Rng) -> Vec<u8> {
        let bits = WeightBits::from_bits(self.bits).expect("recipes have 8, 4 or 2 bits");
        let (inputs, max) = (usize::from(shape.inputs), bits.max_weight());
        let mut weights = Vec::new();
        for _ in 0..usize::from(shape.outputs) * inputs {
            let step = random.i32(0..=2 * max / bits.step());
            weights.push(match self.draw {
                Draw::Extreme => {
                    if random.bool() {
                        max
                    } else {
                        -max
                    }
                }
                Draw::Usual | Draw::Wild => step * bits.step() - max,
            });
        }
        // The standard deviation of such a sum, within a factor of 2.
        let spread = f64::from(max) * 128.0 * (inputs as f64).sqrt();
        let limit = i64::from(MAX_BIAS);
        let bias = (0..shape.outputs).map(|_| match (self.draw, random.u8(..4)) {
            (Draw::Extreme, 0) => limit,
            (Draw::Extreme, 1) => -limit,
            (Draw::Wild, _) => random.i64(-limit..=limit),
            _ => ((random.f64() - 0.5) * spread) as i64,
        });
        let mut bias: Vec<i64> = bias.collect();
        let multipliers = (0..shape.multipliers).map(|_| match (self.draw, random.u8(..8)) {
            (Draw::Extreme, 0) => u32::MAX,
            (Draw::Extreme, 1) => random.u32(0..=1),
            (Draw::Wild, _) => random.u32(..) >> random.u32(0..32),
            _ => (random.f64() * 512.0 / spread * 4_294_967_296.0) as u32,
        });
        let mut multipliers: Vec<u32> = multipliers.collect();
        if let Some([multiplier_shift, bias_shift]) = self.narrow {
            for multiplier in &mut multipliers {
                let most = u32::from(u16::MAX);
                *multiplier = (*multiplier >> multiplier_shift).min(most) << multiplier_shift;
            }
            for bias in &mut bias {
                let range = [i16::MIN, i16::MAX].map(i64::from);
                *bias = (*bias >> bias_shift).clamp(range[0], range[1]) << bias_shift;
            }
        }
        let mut data = vec![0xAA; shape.data_bytes()];
        let weight = |output: usize, input: usize| weights[output * inputs + input];
        let rest = pack_layer(number, shape, &multipliers, &bias, weight, &mut data)
            .expect("recipes are within the limits");
        assert!(rest.is_empty());
        data
    }
}

/// A range of features: mostly one that many of them lie in, or else any.
fn range(signed: bool, random: &mut fastrand::Rng) -> Range {
    if random.u8(..4) == 0 {
        let multiplier = random.u32(..) >> random.u32(0..32);
        return Range { offset: random.i16(..).into(), multiplier };
    }
    let (offset, span) = if signed {
        (random.i32(-32_768..=1000), random.u32(1..=65_535))
    } else {
        (random.i32(-20..=100), random.u32(1..=255))
    };
    Range { offset, multiplier: (255 << 24) / span }
}
