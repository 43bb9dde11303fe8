//! Networks that are counted only so that estimates know of sizes that no reference model has.

use inkbit_core::Input;

use inkbit_tests::random_model::{Draw, LayerRecipe, Recipe};

/// An image that is shrunk, and the outputs and the width of the weights of each layer.
type Shape = (&'static str, Input, &'static [(u16, u8)]);

const SHAPES: [Shape; 4] = [
    ("probe-pooled-by-4", Input { side: 28, crop: 0, pool: 4 }, &[(24, 8), (40, 4), (10, 8)]),
    ("probe-cropped", Input { side: 28, crop: 4, pool: 1 }, &[(20, 2), (36, 2), (12, 2)]),
    ("probe-2-bits", Input { side: 28, crop: 0, pool: 2 }, &[(64, 2), (48, 2), (32, 2), (10, 2)]),
    ("probe-8-bits", Input { side: 28, crop: 2, pool: 2 }, &[(72, 8), (40, 8), (10, 8)]),
];

/// Their names and blobs, of random weights.
#[must_use]
pub fn probes() -> Vec<(&'static str, Vec<u8>)> {
    let layer = |&(outputs, bits): &(u16, u8)| LayerRecipe {
        outputs,
        bits,
        per_output: true,
        draw: Draw::Usual,
    };
    let probe = |(name, input, layers): &Shape| {
        let recipe = Recipe { input: *input, layers: layers.iter().map(layer).collect(), seed: 1 };
        (*name, recipe.blob().to_vec())
    };
    SHAPES.iter().map(probe).collect()
}
