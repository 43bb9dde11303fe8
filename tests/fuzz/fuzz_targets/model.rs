//! Legal models of every shape: all kernels of this processor and the oracle agree on every layer.
#![no_main]

use arbitrary::{Result, Unstructured};
use inkbit_core::{Input, Model, ModelError};
use inkbit_fuzz::engine;
use inkbit_tests::oracle::Oracle;
use inkbit_tests::random_model::{Draw, LayerRecipe, Recipe};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = try_model(&mut Unstructured::new(data));
});

fn try_model(u: &mut Unstructured<'_>) -> Result<()> {
    let recipe = recipe(u)?;
    let blob = recipe.blob();
    let first = Model::parse(&blob).expect("core reads what it writes");
    // Parameters that the recipe does not draw, such as codes without a weight.
    let mut data = first.data().to_vec();
    for _ in 0..u.int_in_range(0..=8)? {
        let length = data.len() - 1;
        data[u.int_in_range(0..=length)?] = u.arbitrary()?;
    }
    let model = match Model::new(first.header().clone(), &data) {
        Err(ModelError::Bias { .. }) => return Ok(()),
        model => model.expect("only a bias can be beyond its limit"),
    };
    let mut out = vec![0; model.max_blob_bytes()];
    let written = model.write(&mut out).expect("as long as asked for").to_vec();
    assert_eq!(Model::parse(&written).as_ref(), Ok(&model));
    engine::assert_written_as(&model, &written);
    let oracle = Oracle::read(&written).expect("the oracle reads what core writes");
    let (seed, ink) = (u.arbitrary()?, u.arbitrary()?);
    let mut pixels = engine::pixels(model.input().pixels(), seed, ink);
    for pixel in &mut pixels {
        *pixel ^= u.arbitrary::<u8>()?;
        if u.is_empty() {
            break;
        }
    }
    engine::assert_kernels_agree(&model, &oracle, &pixels);
    Ok(())
}

fn recipe(u: &mut Unstructured<'_>) -> Result<Recipe> {
    let (crop, pool) = (u.int_in_range(0..=5)?, *u.choose(&[1, 2, 4])?);
    let width = u16::from(size(u, 64)? as u8);
    let side = width * u16::from(pool) + 2 * u16::from(crop);
    let layers = (0..u.int_in_range(1..=8)?).map(|_| layer(u)).collect::<Result<_>>()?;
    Ok(Recipe { input: Input { side, crop, pool }, layers, seed: u.arbitrary()? })
}

fn layer(u: &mut Unstructured<'_>) -> Result<LayerRecipe> {
    Ok(LayerRecipe {
        outputs: size(u, 600)?,
        bits: *u.choose(&[8, 4, 2])?,
        per_output: u.arbitrary()?,
        draw: *u.choose(&[Draw::Usual, Draw::Extreme, Draw::Wild])?,
    })
}

/// A width, mostly a small one: those are quick, and the edges of blocks are among them.
fn size(u: &mut Unstructured<'_>, limit: u16) -> Result<u16> {
    let limit = if u.ratio(1, 8)? { limit } else { limit.min(34) };
    u.int_in_range(1..=limit)
}
