//! Random models, through core's public writer.

use inkbit_core::blob::pack_layer;
use inkbit_core::{Header, Input, LayerShape, MAX_BIAS, Model, Provenance, WeightBits};
use proptest::prelude::*;

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
    /// How its parameters are drawn.
    pub draw: Draw,
}

/// Recipe of a model, small enough to read in a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The image it takes.
    pub input: Input,
    /// Its layers.
    pub layers: Vec<LayerRecipe>,
    /// Seed of all parameters.
    pub seed: u64,
}

/// Recipes of 1 to 4 layers with widths of 1 to 1024, mostly small, and any image that fits.
pub fn recipes() -> impl Strategy<Value = Recipe> {
    let layers = prop::collection::vec(layer_recipes(), 1..=4);
    (inputs(), layers, any::<u64>()).prop_map(|(input, layers, seed)| Recipe {
        input,
        layers,
        seed,
    })
}

fn inputs() -> impl Strategy<Value = Input> {
    let edge = prop_oneof![6 => 1_u16..=7, 2 => 8_u16..=28, 1 => 29_u16..=32];
    (edge, 0_u8..=5, prop::sample::select(vec![1, 2, 4])).prop_map(|(edge, crop, pool)| Input {
        side: edge * u16::from(pool) + 2 * u16::from(crop),
        crop,
        pool,
    })
}

fn layer_recipes() -> impl Strategy<Value = LayerRecipe> {
    let outputs = prop_oneof![
        6 => 1_u16..=17,
        3 => 18_u16..=130,
        1 => prop::sample::select(vec![255, 256, 257, 511, 1000, 1023, 1024]),
    ];
    let bits = prop::sample::select(vec![8, 4, 2]);
    let draw = prop::sample::select(vec![Draw::Usual, Draw::Usual, Draw::Extreme, Draw::Wild]);
    (outputs, bits, any::<bool>(), draw).prop_map(|(outputs, bits, per_output, draw)| LayerRecipe {
        outputs,
        bits,
        per_output,
        draw,
    })
}

impl Recipe {
    /// The blob of the model, as core writes it.
    pub fn blob(&self) -> Aligned {
        let mut random = fastrand::Rng::with_seed(self.seed);
        let mut data = Vec::new();
        let mut shapes = Vec::new();
        let mut inputs = self.input.inputs() as u16;
        for (number, layer) in self.layers.iter().enumerate() {
            let last = number + 1 == self.layers.len();
            let multipliers = match (last, layer.per_output) {
                (true, _) => 0,
                (false, true) => layer.outputs,
                (false, false) => 1,
            };
            let shape =
                LayerShape { inputs, outputs: layer.outputs, bits: layer.bits, multipliers };
            data.extend(layer.parameters(number, shape, &mut random));
            shapes.push(shape);
            inputs = layer.outputs;
        }
        let labels: Vec<String> = (0..inputs).map(|class| format!("c{class}")).collect();
        let header = Header {
            name: "random",
            labels: &labels.join("\n"),
            input: self.input,
            logit_scale: random.f32() + 0.001,
            layers: shapes.into_iter().collect(),
            provenance: Provenance {
                tool: concat!("inkbit-tests ", env!("CARGO_PKG_VERSION")),
                command: "",
                digest: std::array::from_fn(|_| random.u8(..)),
                seed: self.seed,
                correct: 0,
                tested: 0,
            },
        };
        let model = Model::new(header, &data).expect("recipes are within the limits");
        let mut out = vec![0; model.max_blob_bytes()];
        Aligned::new(model.write(&mut out).expect("the buffer has the size that was asked for"))
    }
}

impl LayerRecipe {
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
        let bias: Vec<i64> = bias.collect();
        let multipliers = (0..shape.multipliers).map(|_| match (self.draw, random.u8(..8)) {
            (Draw::Extreme, 0) => u32::MAX,
            (Draw::Extreme, 1) => random.u32(0..=1),
            (Draw::Wild, _) => random.u32(..) >> random.u32(0..32),
            _ => (random.f64() * 512.0 / spread * 4_294_967_296.0) as u32,
        });
        let multipliers: Vec<u32> = multipliers.collect();
        let mut data = vec![0xAA; shape.data_bytes()];
        let weight = |output: usize, input: usize| weights[output * inputs + input];
        let rest = pack_layer(number, shape, &multipliers, &bias, weight, &mut data)
            .expect("recipes are within the limits");
        assert!(rest.is_empty());
        data
    }
}
