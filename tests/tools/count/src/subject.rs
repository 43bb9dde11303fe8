//! What is counted: models and images, and what the oracle says about each.

use anyhow::bail;
use inkbit::data::{Images, mnist, synthetic};
use inkbit::model::Blob;
use inkbit::support::parallel;
use inkbit_core::blob::pack_layer;
use inkbit_core::{Input, Layer, Model, PackError};
use inkbit_tests::oracle::Oracle;
use inkbit_tests::random_model::{Draw, LayerRecipe, More, Recipe};

/// Synthetic images that every run counts, and that `--check` compares.
pub const REFERENCE: usize = 20;

/// The bits of a weight that every weight of fewer bits fits too.
const EIGHT: u8 = 8;

/// An image that is shrunk, and the outputs and the width of the weights of each layer.
type Shape = (&'static str, Input, &'static [(u16, u8)]);

/// Networks that are counted only so that estimates know of sizes that no reference model has.
const PROBES: [Shape; 4] = [
    ("probe-pooled-by-4", Input::square(28, 0, 4), &[(24, 8), (40, 4), (10, 8)]),
    ("probe-cropped", Input::square(28, 4, 1), &[(20, 2), (36, 2), (12, 2)]),
    ("probe-2-bits", Input::square(28, 0, 2), &[(64, 2), (48, 2), (32, 2), (10, 2)]),
    ("probe-8-bits", Input::square(28, 2, 2), &[(72, 8), (40, 8), (10, 8)]),
];

/// What is known of a model.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Its own name.
    pub name: String,
    /// The CRC-32 that closes its blob.
    pub crc: u32,
    /// The image that it takes.
    pub input: Input,
    /// Inputs, then the outputs of each layer.
    pub widths: Vec<usize>,
    /// Widths of the layers of each stage, inputs first.
    pub networks: Vec<Vec<usize>>,
    /// Bits of a weight in each layer.
    pub bits: Vec<usize>,
    /// Bytes of working memory.
    pub scratch_bytes: usize,
}

/// What an image must give.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The logits.
    pub logits: Vec<i64>,
    /// The stage that decides, from 0.
    pub stage: usize,
    /// The number of non-zero inputs of each layer that is evaluated.
    pub nonzero: Vec<u64>,
}

/// A model and what it must say about every image.
pub struct Subject {
    /// What is known of it.
    pub facts: Facts,
    /// The model.
    pub blob: Blob,
    /// Whether it is counted for estimates alone, and so not shown.
    pub is_probe: bool,
    /// The same with 8 bits a weight, where it has fewer and is shown.
    pub in_8_bits: Option<Blob>,
    /// For each image.
    pub expected: Vec<Expected>,
}

/// The images: one of ink alone, [`REFERENCE`] synthetic ones, and those of the data set.
pub struct Pictures {
    /// The pixels of each.
    pub pixels: Vec<Vec<u8>>,
    /// What the data set is called.
    pub data: &'static str,
}

impl Pictures {
    /// With `count` images of MNIST where it is at hand, else synthetic ones.
    ///
    /// # Errors
    ///
    /// If MNIST cannot be read or has fewer.
    pub fn new(count: usize) -> anyhow::Result<Self> {
        let reference = synthetic::images(synthetic::Part::Test, REFERENCE, 1);
        let (images, data) = match mnist::at_hand()? {
            Some(mnist) => (mnist.test, "MNIST"),
            None => (synthetic::images(synthetic::Part::Test, count, 1), "synthetic"),
        };
        if count > images.len() {
            bail!("--images is {count}, but there are {} test images: ask for fewer", images.len());
        }
        let all = |images: &Images, count| -> Vec<Vec<u8>> {
            images.iter().take(count).map(|(pixels, _)| pixels.to_vec()).collect()
        };
        let ink = vec![255; reference.shape.bytes()];
        let pixels = [vec![ink], all(&reference, REFERENCE), all(&images, count)].concat();
        Ok(Self { pixels, data })
    }
}

impl Subject {
    /// A model to count and to show.
    ///
    /// # Errors
    ///
    /// If the oracle or core refuses it, or if it takes other images.
    pub fn new(blob: Blob, pictures: &Pictures) -> anyhow::Result<Self> {
        let oracle = Oracle::read(blob.bytes())
            .map_err(|fault| anyhow::anyhow!("the model breaks core/FORMAT.md: {fault:?}"))?;
        let model = blob.model()?;
        let (bytes, given) = (model.sample().bytes(), pictures.pixels[0].len());
        if bytes != given {
            bail!(
                "the model takes samples of {bytes} bytes, the images have {given}: take another"
            );
        }
        let layers = model.layers();
        let facts = Facts {
            name: model.header().name.to_owned(),
            crc: blob.crc(),
            input: model.input(),
            widths: widths(layers),
            networks: (0..model.stages().len())
                .map(|stage| widths(model.layers_of(stage)))
                .collect(),
            bits: layers.iter().map(|layer| layer.bits().bits()).collect(),
            scratch_bytes: model.scratch_cells() * size_of::<i32>(),
        };
        let in_8_bits = in_8_bits(&model)?;
        drop(model);
        let expect = |image: usize| expected(&oracle, &pictures.pixels[image]);
        Ok(Self {
            facts,
            is_probe: false,
            in_8_bits,
            expected: parallel::map(pictures.pixels.len(), expect),
            blob,
        })
    }

    /// The [`PROBES`], of random weights.
    ///
    /// # Errors
    ///
    /// As [`Subject::new`].
    pub fn probes(pictures: &Pictures) -> anyhow::Result<Vec<Self>> {
        let layer = |&(outputs, bits): &(u16, u8)| LayerRecipe {
            outputs,
            bits,
            per_output: true,
            narrow: None,
            draw: Draw::Usual,
        };
        let probe = |(name, input, layers): &Shape| {
            let layers = layers.iter().map(layer).collect();
            let recipe = Recipe { input: *input, layers, seed: 1, more: More::default() };
            let mut probe = Self::new(Blob::from_bytes(&recipe.blob()), pictures)?;
            (probe.is_probe, probe.in_8_bits) = (true, None);
            (*name).clone_into(&mut probe.facts.name);
            Ok(probe)
        };
        PROBES.iter().map(probe).collect()
    }
}

/// Inputs of the first layer, then the outputs of each.
fn widths(layers: &[Layer<'_>]) -> Vec<usize> {
    let outputs = layers.iter().map(Layer::outputs);
    layers.iter().take(1).map(Layer::inputs).chain(outputs).collect()
}

fn expected(oracle: &Oracle, pixels: &[u8]) -> Expected {
    let (outputs, answer) = (oracle.layers(pixels), oracle.answer(pixels));
    let mut outputs = outputs.into_iter();
    let mut nonzero = Vec::new();
    for stage in 0..=answer.stage {
        let mut inputs = oracle.inputs(stage, pixels);
        // Its last outputs are logits, which no layer takes.
        for output in outputs.by_ref().take(oracle.stages[stage].layers.len()) {
            nonzero.push(inputs.iter().filter(|input| **input != 0).count() as u64);
            inputs = output;
        }
    }
    Expected { logits: answer.logits, stage: answer.stage, nonzero }
}

/// A model with the same weights, biases and multipliers, and so the same logits for every image,
/// whose weights all have 8 bits. None if they have already.
fn in_8_bits(model: &Model<'_>) -> Result<Option<Blob>, PackError> {
    let layers = model.layers();
    if layers.iter().all(|layer| layer.shape().bits == EIGHT) {
        return Ok(None);
    }
    let mut header = model.header().clone();
    for shape in &mut header.layers {
        shape.bits = EIGHT;
    }
    let mut data = vec![0; header.data_bytes()];
    let mut rest = data.as_mut_slice();
    for range in model.ranges() {
        let (own, others) = rest.split_at_mut(size_of_val(&range.to_bytes()));
        own.copy_from_slice(&range.to_bytes());
        rest = others;
    }
    for (number, (layer, shape)) in layers.iter().zip(&header.layers).enumerate() {
        let multipliers: Vec<u32> =
            (0..usize::from(shape.multipliers)).map(|output| layer.multiplier(output)).collect();
        let bias: Vec<i64> = (0..layer.outputs()).map(|output| layer.bias(output).into()).collect();
        let weight = |output: usize, input: usize| layer.weight(output, input);
        rest = pack_layer(number, *shape, &multipliers, &bias, weight, rest)?;
    }
    Blob::from_model(&Model::new(header, Blob::from_bytes(&data).bytes())?).map(Some)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngSeed};

    use super::*;
    use inkbit_tests::random_model::recipes;

    proptest! {
        #![proptest_config(Config { cases: 20, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() })]

        #[test]
        fn more_bits_for_the_same_weights_leave_every_logit_as_it_is(recipe in recipes()) {
            let given = Blob::from_bytes(&recipe.blob());
            let widened = in_8_bits(&given.model().unwrap()).unwrap();
            let model = given.model().unwrap();
            let has_fewer = model.layers().iter().any(|layer| layer.shape().bits < EIGHT);
            prop_assert_eq!(widened.is_some(), has_fewer);
            if let Some(widened) = widened {
                let model = widened.model().unwrap();
                prop_assert!(model.layers().iter().all(|layer| layer.shape().bits == EIGHT));
                let mut random = fastrand::Rng::with_seed(recipe.seed);
                let sample: Vec<u8> = (0..model.sample().bytes()).map(|_| random.u8(..)).collect();
                let [given, widened] =
                    [&given, &widened].map(|blob| Oracle::read(blob.bytes()).unwrap());
                prop_assert_eq!(given.layers(&sample), widened.layers(&sample));
            }
        }
    }
}
