//! Legal models of every shape: all kernels of this processor and the oracle agree on every layer.
#![no_main]

use arbitrary::{Result, Unstructured};
use inkbit_core::{Input, Layout, Model, ModelError};
use inkbit_fuzz::engine;
use inkbit_tests::oracle::Oracle;
use inkbit_tests::random_model::{
    Draw, FeatureRecipe, LayerRecipe, Margin, More, Recipe, StageRecipe, ways,
};
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
        Err(ModelError::Bias { .. } | ModelError::Offset { .. }) => return Ok(()),
        model => model.expect("only a bias or an offset can be beyond its limit"),
    };
    let mut out = vec![0; model.max_blob_bytes()];
    let written = model.write(&mut out).expect("as long as asked for").to_vec();
    assert_eq!(Model::parse(&written).as_ref(), Ok(&model));
    engine::assert_written_as(&model, &written);
    let oracle = Oracle::read(&written).expect("the oracle reads what core writes");
    let (seed, ink) = (u.arbitrary()?, u.arbitrary()?);
    let mut sample = engine::sample(model.sample().bytes(), seed, ink);
    for byte in &mut sample {
        *byte ^= u.arbitrary::<u8>()?;
        if u.is_empty() {
            break;
        }
    }
    engine::assert_kernels_agree(&model, &oracle, &sample);
    Ok(())
}

fn recipe(u: &mut Unstructured<'_>) -> Result<Recipe> {
    let (input, features) = if u.ratio(1, 4)? {
        let features = FeatureRecipe { signed: u.arbitrary()?, each: u.arbitrary()? };
        let input = Input { width: size(u, 600)?, height: 1, crop: [0; 2], pool: [1; 2] };
        (input, Some(features))
    } else {
        let across @ (width, ..) = axis(u)?;
        let down = if u.arbitrary()? { across } else { axis(u)? };
        let (crop, pool) = ([across.1, down.1], [across.2, down.2]);
        (Input { width, height: down.0, crop, pool }, None)
    };
    let layout = match u.int_in_range(0..=3)? {
        0 => Some(Layout::AsItIs),
        1 => Some(Layout::Fitted),
        2 => Some(Layout::Centred { ink: u.int_in_range(1..=input.width.min(input.height))? }),
        _ => None,
    };
    // Twelve layers in all, at the most.
    let mut left = u.int_in_range(1..=8)?;
    let layers = layers(u, &mut left)?;
    let margin = margin(u)?;
    let mut stages = Vec::new();
    while left > 0 && stages.len() < 3 {
        let ways = ways(input);
        let &Input { crop, pool, .. } = u.choose(&ways)?;
        stages.push(StageRecipe {
            crop,
            pool,
            margin: self::margin(u)?,
            layers: self::layers(u, &mut left)?,
        });
    }
    let no_labels = u.arbitrary()? && layers.last().is_some_and(|layer| layer.outputs <= 10);
    let no_provenance = u.arbitrary()?;
    let more = More { layout, features, margin, stages, no_labels, no_provenance };
    Ok(Recipe { input, layers, seed: u.arbitrary()?, more })
}

/// Pixels along an axis, how many are cut off, how many are averaged.
fn axis(u: &mut Unstructured<'_>) -> Result<(u16, u8, u8)> {
    let (crop, pool) = (u.int_in_range(0..=5)?, *u.choose(&[1, 2, 4])?);
    Ok((size(u, 64)? * u16::from(pool) + 2 * u16::from(crop), crop, pool))
}

fn margin(u: &mut Unstructured<'_>) -> Result<Margin> {
    Ok(match u.int_in_range(0..=3)? {
        0 => Margin::None,
        1 => Margin::At(u.arbitrary()?),
        2 => Margin::Above(u.arbitrary()?),
        _ => Margin::Exactly(u.arbitrary()?),
    })
}

/// Some of the layers that are left.
fn layers(u: &mut Unstructured<'_>, left: &mut usize) -> Result<Vec<LayerRecipe>> {
    let count = u.int_in_range(1..=*left)?;
    *left -= count;
    (0..count).map(|_| layer(u)).collect()
}

fn layer(u: &mut Unstructured<'_>) -> Result<LayerRecipe> {
    let shifts = |u: &mut Unstructured<'_>| Ok([u.int_in_range(0..=16)?, u.int_in_range(0..=14)?]);
    Ok(LayerRecipe {
        outputs: size(u, 600)?,
        bits: *u.choose(&[8, 4, 2])?,
        per_output: u.arbitrary()?,
        narrow: if u.arbitrary()? { Some(shifts(u)?) } else { None },
        draw: *u.choose(&[Draw::Usual, Draw::Extreme, Draw::Wild])?,
    })
}

/// A width, mostly a small one: those are quick, and the edges of blocks are among them.
fn size(u: &mut Unstructured<'_>, limit: u16) -> Result<u16> {
    let limit = if u.ratio(1, 8)? { limit } else { limit.min(34) };
    u.int_in_range(1..=limit)
}
