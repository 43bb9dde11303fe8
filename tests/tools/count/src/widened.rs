//! The same net with 8 bits a weight, which shows what fewer bits cost in instructions.

use inkbit::model::Blob;
use inkbit_core::blob::pack_layer;
use inkbit_core::{Layer, LayerShape, Model, PackError};

/// The bits of a code that every weight of fewer bits fits too.
const BITS: u8 = 8;

/// A model with the same weights, biases and multipliers, and so the same logits for every image,
/// whose codes all have 8 bits. Nothing if they have already.
///
/// # Errors
///
/// [`PackError`] if the model cannot be written; any that was parsed can.
pub fn in_8_bits(model: &Model<'_>) -> Result<Option<Blob>, PackError> {
    let layers = model.layers();
    if layers.iter().all(|layer| layer.shape().bits == BITS) {
        return Ok(None);
    }
    let mut header = model.header().clone();
    for shape in &mut header.layers {
        shape.bits = BITS;
    }
    let mut data = vec![0; header.data_bytes()];
    let mut rest = data.as_mut_slice();
    for (number, (layer, shape)) in layers.iter().zip(&header.layers).enumerate() {
        rest = pack(number, layer, *shape, rest)?;
    }
    Blob::from_model(&Model::new(header, Blob::from_bytes(&data).bytes())?).map(Some)
}

fn pack<'o>(
    number: usize,
    layer: &Layer<'_>,
    shape: LayerShape,
    out: &'o mut [u8],
) -> Result<&'o mut [u8], PackError> {
    let multipliers: Vec<u32> =
        (0..usize::from(shape.multipliers)).map(|output| layer.multiplier(output)).collect();
    let bias: Vec<i64> = (0..layer.outputs()).map(|output| layer.bias(output).into()).collect();
    let weight = |output: usize, input: usize| layer.weight(output, input);
    pack_layer(number, shape, &multipliers, &bias, weight, out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngSeed};

    use super::*;
    use inkbit_tests::oracle::Oracle;
    use inkbit_tests::random_model::recipes;

    proptest! {
        #![proptest_config(Config { cases: 20, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() })]

        #[test]
        fn more_bits_for_the_same_weights_leave_every_logit_as_it_is(recipe in recipes()) {
            let given = Blob::from_bytes(&recipe.blob());
            let widened = in_8_bits(&given.model().unwrap()).unwrap();
            let has_fewer = recipe.layers.iter().any(|layer| layer.bits < BITS);
            prop_assert_eq!(widened.is_some(), has_fewer);
            if let Some(widened) = widened {
                let model = widened.model().unwrap();
                prop_assert!(model.layers().iter().all(|layer| layer.shape().bits == BITS));
                let mut random = fastrand::Rng::with_seed(recipe.seed);
                let pixels: Vec<u8> = (0..model.input().pixels()).map(|_| random.u8(..)).collect();
                let [given, widened] =
                    [&given, &widened].map(|blob| Oracle::read(blob.bytes()).unwrap());
                prop_assert_eq!(given.layers(&pixels), widened.layers(&pixels));
            }
        }
    }
}
