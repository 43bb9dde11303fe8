//! Recipes of every kind of model.

use inkbit_core::{Input, Layout, MAX_LAYERS, MAX_WIDTH};
use proptest::prelude::*;

use super::{Draw, FeatureRecipe, LayerRecipe, Margin, More, Recipe, StageRecipe};

/// Recipes of 1 to 4 stages of 1 to 4 layers with widths of 1 to 1024, mostly small, of features or
/// of any image that fits; every second one is of the simplest kind.
pub fn recipes() -> impl Strategy<Value = Recipe> {
    let layers = || prop::collection::vec(layer_recipes(), 1..=4);
    let recipe = |input, layers, seed, more| Recipe { input, layers, seed, more };
    prop_oneof![
        (axes(), layers(), any::<u64>()).prop_map(move |([axis, _], layers, seed)| {
            let input = image([axis; 2]);
            let layers = layers.into_iter().map(|layer| LayerRecipe { narrow: None, ..layer });
            recipe(input, layers.collect(), seed, More::default())
        }),
        (
            takes(),
            layers(),
            any::<u64>(),
            margins(),
            prop::collection::vec(stages(), 0..=3),
            names()
        )
            .prop_map(
                move |((input, layout, features), layers, seed, margin, stages, names)| {
                    let mut left = MAX_LAYERS - layers.len();
                    let mut stages: Vec<StageRecipe> =
                        stages.into_iter().map(|stage| stage.of(input)).collect();
                    stages.retain(|stage| {
                        let fits = stage.layers.len() <= left;
                        left -= if fits { stage.layers.len() } else { 0 };
                        fits
                    });
                    let classes = layers.last().map_or(0, |layer| layer.outputs);
                    let no_labels = names[0] && classes <= 10;
                    let more = More {
                        layout,
                        features,
                        margin,
                        stages,
                        no_labels,
                        no_provenance: names[1],
                    };
                    recipe(input, layers, seed, more)
                }
            ),
    ]
}

fn names() -> impl Strategy<Value = [bool; 2]> {
    any::<[bool; 2]>()
}

/// What becomes of an axis: how many pixels it has, how many are cut off, how many are averaged.
type Axis = (u16, u8, u8);

fn axes() -> impl Strategy<Value = [Axis; 2]> {
    let axis = || {
        let edge = prop_oneof![6 => 1_u16..=7, 2 => 8_u16..=28, 1 => 29_u16..=32];
        (edge, 0_u8..=5, prop::sample::select(vec![1, 2, 4])).prop_map(|(edge, crop, pool)| {
            (edge * u16::from(pool) + 2 * u16::from(crop), crop, pool)
        })
    };
    [axis(), axis()]
}

fn image([across, down]: [Axis; 2]) -> Input {
    Input { width: across.0, height: down.0, crop: [across.1, down.1], pool: [across.2, down.2] }
}

/// What a model takes: an image and how ink lies in it, or features.
fn takes() -> impl Strategy<Value = (Input, Option<Layout>, Option<FeatureRecipe>)> {
    let images = (axes(), 0..4, any::<u16>()).prop_map(|(axes, kind, ink)| {
        let input = image(axes);
        let layout = match kind {
            0 => None,
            1 => Some(Layout::AsItIs),
            2 => Some(Layout::Fitted),
            _ => Some(Layout::Centred { ink: 1 + ink % input.width.min(input.height) }),
        };
        (input, layout, None)
    });
    let count = prop_oneof![4 => 1_u16..=40, 1 => 41_u16..=1000];
    let features = (count, any::<bool>(), any::<bool>()).prop_map(|(width, signed, each)| {
        let input = Input { width, height: 1, crop: [0; 2], pool: [1; 2] };
        (input, None, Some(FeatureRecipe { signed, each }))
    });
    prop_oneof![2 => images, 1 => features]
}

fn margins() -> impl Strategy<Value = Margin> {
    prop_oneof![
        2 => Just(Margin::None),
        5 => any::<u8>().prop_map(Margin::At),
        5 => any::<u8>().prop_map(Margin::Above),
        1 => any::<u32>().prop_map(Margin::Exactly),
    ]
}

/// A stage of an image that is not known yet.
#[derive(Clone, Debug)]
struct StageChoice {
    /// One of the ways to shrink it.
    way: usize,
    margin: Margin,
    layers: Vec<LayerRecipe>,
}

fn stages() -> impl Strategy<Value = StageChoice> {
    let layers = prop::collection::vec(layer_recipes(), 1..=2);
    (any::<usize>(), margins(), layers).prop_map(|(way, margin, layers)| StageChoice {
        way,
        margin,
        layers,
    })
}

impl StageChoice {
    fn of(self, input: Input) -> StageRecipe {
        let Self { way, margin, layers } = self;
        let ways = ways(input);
        let Input { crop, pool, .. } = ways[way % ways.len()];
        StageRecipe { crop, pool, margin, layers }
    }
}

/// All ways to shrink an image, of which features have one.
pub fn ways(image: Input) -> Vec<Input> {
    let mut ways = Vec::new();
    for crop in (0..=5).flat_map(|across| (0..=5).map(move |down| [across, down])) {
        for pool in [1, 2, 4].iter().flat_map(|&wide| [1, 2, 4].map(|high| [wide, high])) {
            let way = Input { crop, pool, ..image };
            if (1..=MAX_WIDTH).contains(&way.inputs()) {
                ways.push(way);
            }
        }
    }
    if image.height == 1 { vec![image] } else { ways }
}

fn layer_recipes() -> impl Strategy<Value = LayerRecipe> {
    let outputs = prop_oneof![
        6 => 1_u16..=17,
        3 => 18_u16..=130,
        1 => prop::sample::select(vec![255, 256, 257, 511, 1000, 1023, 1024]),
    ];
    let bits = prop::sample::select(vec![8, 4, 2]);
    let narrow = prop::option::of([0_u8..=16, 0_u8..=14]);
    let draw = prop::sample::select(vec![Draw::Usual, Draw::Usual, Draw::Extreme, Draw::Wild]);
    (outputs, bits, any::<bool>(), narrow, draw).prop_map(
        |(outputs, bits, per_output, narrow, draw)| LayerRecipe {
            outputs,
            bits,
            per_output,
            narrow,
            draw,
        },
    )
}
