//! Random models and images, made in the little memory of a microcontroller.

use inkbit_core::blob::{ALIGNMENT, pack_layer};
use inkbit_core::{
    Frame, Header, Input, LayerShape, Layout, MAX_BIAS, MAX_BIAS_SHIFT, MAX_MULTIPLIER_SHIFT,
    Model, Numbers, Sample, Stage, WeightBits,
};

use crate::edges::Edges;

/// Models that are made. The first ones are the [`CORNERS`].
pub(crate) const MODELS: u32 = 150;
/// Numbers that are enough for all outputs of a model, and one between layers.
pub(crate) const MAX_OUTPUTS: usize = 3 * (WIDTH + 1);

/// The longest edge of an image.
const SIDE: usize = 17;
/// The most outputs of a layer.
const WIDTH: usize = 40;

/// Edge of the image; outputs and bits of each layer.
type Shape = (u16, &'static [(u16, u8)]);

/// One input; lists so long that the lanes of a register overflow if they are walked at once, at
/// both ends of the range of weights; blocks that are just full, or have one output more.
const CORNERS: [Shape; 10] = [
    (1, &[(1, 8)]),
    (1, &[(1, 2), (1, 4), (1, 8)]),
    (17, &[(8, 8)]),
    (17, &[(16, 4), (9, 8)]),
    (17, &[(9, 4)]),
    (17, &[(32, 2), (17, 4)]),
    (16, &[(9, 8), (7, 8)]),
    (17, &[(7, 8), (7, 2)]),
    (10, &[(33, 2), (15, 2)]),
    (9, &[(17, 8), (31, 4), (3, 2)]),
];

/// Numbers that look random and are the same everywhere.
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = mix(self.0.wrapping_add(0x9E37_79B9));
        self.0
    }

    fn below(&mut self, limit: u32) -> u32 {
        (self.next() >> 8) % limit
    }
}

const fn mix(mut value: u32) -> u32 {
    value = (value ^ value >> 16).wrapping_mul(0x7FEB_352D);
    value = (value ^ value >> 15).wrapping_mul(0x846C_A68B);
    value ^ value >> 16
}

/// Ways to place the buffers, so that each touches each end of RAM.
pub(crate) const PLACES: u32 = 4;

/// Buffers of just the length that a model needs.
struct Buffers<'e> {
    data: &'e mut [u8],
    cells: &'e mut [u8],
    pixels: &'e mut [u8],
}

impl<'e> Buffers<'e> {
    fn place(place: u32, edges: &'e mut Edges, data: usize, cells: usize, pixels: usize) -> Self {
        let Edges { start, end } = edges;
        match place {
            0 => {
                let (cells, pixels) = from_start(start, cells, pixels);
                Self { data: parameters_from_end(end, data), cells, pixels }
            }
            1 => {
                let (cells, pixels) = from_end(end, cells, pixels);
                Self { data: from_start(start, data, 0).0, cells, pixels }
            }
            2 => {
                let (pixels, cells) = from_start(start, pixels, cells);
                Self { data: parameters_from_end(end, data), cells, pixels }
            }
            _ => {
                let (pixels, cells) = from_end(end, pixels, cells);
                Self { data: from_start(start, data, 0).0, cells, pixels }
            }
        }
    }
}

/// The first bytes, and some behind them that begin at a multiple of 8.
fn from_start(edge: &mut [u8], first: usize, second: usize) -> (&mut [u8], &mut [u8]) {
    let (front, back) = edge.split_at_mut(first.next_multiple_of(8));
    (&mut front[..first], &mut back[..second])
}

/// The last bytes, and some before them that begin at a multiple of 8.
fn from_end(edge: &mut [u8], last: usize, second: usize) -> (&mut [u8], &mut [u8]) {
    let (front, back) = edge.split_at_mut(edge.len() - last);
    let start = (front.len() - second) & !7;
    (back, &mut front[start..start + second])
}

/// The last bytes that begin as parameters must.
fn parameters_from_end(edge: &mut [u8], length: usize) -> &mut [u8] {
    &mut from_end(edge, length.next_multiple_of(ALIGNMENT), 0).0[..length]
}

/// Makes a model and lends it, with just the working memory that it needs and room for an image.
pub(crate) fn with_model(
    number: u32,
    place: u32,
    edges: &mut Edges,
    then: impl FnOnce(&Model<'_>, &mut [i32], &mut [u8]),
) {
    let mut random = Random(number);
    let (input, shapes) = loop {
        let (input, shapes) = shapes(number, &mut random);
        let bytes: usize = shapes.iter().map(LayerShape::data_bytes).sum();
        // Parameters touch the end of RAM only if their length is a multiple of their alignment.
        let touches = bytes.is_multiple_of(ALIGNMENT) || number < CORNERS.len() as u32;
        if bytes <= edges.start.len() && touches {
            break (input, shapes);
        }
    };
    let length = shapes.iter().map(LayerShape::data_bytes).sum();
    let layers = shapes.iter().map(|shape| usize::from(shape.inputs + shape.outputs));
    let cells = 4 * layers.max().unwrap_or_default();
    let Buffers { data, cells, pixels } =
        Buffers::place(place, edges, length, cells, input.pixels());
    let mut rest = &mut *data;
    for (layer, &shape) in shapes.iter().enumerate() {
        rest = parameters(layer, shape, number, &mut random, rest);
    }
    let classes = shapes.last().map_or(0, |shape| usize::from(shape.outputs));
    let mut labels = [0; 2 * WIDTH];
    labels.as_chunks_mut().0.fill(*b"c\n");
    let frame = Frame { width: input.width, height: input.height, layout: Layout::AsItIs };
    let header = Header {
        name: "random",
        labels: core::str::from_utf8(&labels[..2 * classes - 1]).unwrap(),
        sample: Sample::Image(frame),
        stages: [Stage::alone(input, 1.0, shapes.len() as u8)].into_iter().collect(),
        layers: shapes,
        provenance: &[],
    };
    then(&Model::new(header, data).unwrap(), bytemuck::cast_slice_mut(cells), pixels);
}

type Shapes = heapless::Vec<LayerShape, { inkbit_core::MAX_LAYERS }>;

fn shapes(number: u32, random: &mut Random) -> (Input, Shapes) {
    let mut shapes = Shapes::new();
    let mut push = |inputs: usize, outputs: u16, bits, last, per_output, numbers| {
        let multipliers = match (last, per_output) {
            (true, _) => 0,
            (false, true) => outputs,
            (false, false) => 1,
        };
        let shape = LayerShape { inputs: inputs as u16, outputs, bits, multipliers, numbers };
        shapes.push(shape).unwrap();
        usize::from(outputs)
    };
    if let Some(&(side, layers)) = CORNERS.get(number as usize) {
        let input = Input::full(side);
        let mut inputs = input.inputs();
        for (layer, &(outputs, bits)) in layers.iter().enumerate() {
            inputs = push(inputs, outputs, bits, layer + 1 == layers.len(), true, Numbers::Wide);
        }
        return (input, shapes);
    }
    let input = match random.below(4) {
        0 => Input::square(2 + 2 * random.below(8) as u16, 0, 2),
        1 => Input::square(3 + random.below(SIDE as u32 - 2) as u16, 1, 1),
        _ => Input::full(1 + random.below(SIDE as u32) as u16),
    };
    let layers = 1 + random.below(3);
    let mut inputs = input.inputs();
    for layer in 1..=layers {
        let outputs = 1 + random.below(WIDTH as u32) as u16;
        let bits = [8, 4, 2][random.below(3) as usize];
        let numbers = match random.below(2) {
            0 => Numbers::Wide,
            _ => Numbers::Narrow {
                multiplier_shift: random.below(u32::from(MAX_MULTIPLIER_SHIFT) + 1) as u8,
                bias_shift: random.below(u32::from(MAX_BIAS_SHIFT) + 1) as u8,
            },
        };
        inputs = push(inputs, outputs, bits, layer == layers, random.below(2) == 0, numbers);
    }
    (input, shapes)
}

/// Packs a layer. Corners and every third layer have the greatest weights that are allowed, or in
/// every second output their negatives.
fn parameters<'d>(
    layer: usize,
    shape: LayerShape,
    number: u32,
    random: &mut Random,
    out: &'d mut [u8],
) -> &'d mut [u8] {
    let bits = WeightBits::from_bits(shape.bits).unwrap();
    let max = bits.max_weight();
    let extreme = number < CORNERS.len() as u32 || random.below(3) == 0;
    let seed = random.next();
    let weight = |output: usize, input: usize| {
        if extreme {
            return if output.is_multiple_of(2) { max } else { -max };
        }
        let noise = mix(seed ^ (output << 16 | input) as u32) >> 8;
        let steps = 2 * max / bits.step() + 1;
        (noise % steps.cast_unsigned()).cast_signed() * bits.step() - max
    };
    // About the spread of a sum.
    let spread = max.cast_unsigned() * 74 * (1 + u32::from(shape.inputs).isqrt());
    let mut bias = [0; WIDTH];
    for bias in &mut bias {
        *bias = match random.below(16) {
            0 => i64::from(MAX_BIAS),
            1 => -i64::from(MAX_BIAS),
            _ => i64::from(random.below(2 * spread)) - i64::from(spread),
        };
    }
    let mut multipliers = [0; WIDTH];
    for multiplier in &mut multipliers {
        *multiplier = match random.below(16) {
            0 => u32::MAX,
            1 => random.below(3),
            _ => (u32::MAX / spread).saturating_mul(random.below(512)),
        };
    }
    if let Numbers::Narrow { multiplier_shift, bias_shift } = shape.numbers {
        for bias in &mut bias {
            let (least, most) = (i64::from(i16::MIN), i64::from(i16::MAX));
            *bias = (*bias >> bias_shift).clamp(least, most) << bias_shift;
        }
        for multiplier in &mut multipliers {
            let most = u32::from(u16::MAX);
            *multiplier = (*multiplier >> multiplier_shift).min(most) << multiplier_shift;
        }
    }
    let multipliers = &multipliers[..usize::from(shape.multipliers)];
    let bias = &bias[..usize::from(shape.outputs)];
    pack_layer(layer, shape, multipliers, bias, weight, out).unwrap()
}

/// Draws an image: no ink, all ink, one pixel, a third of the pixels, or noise.
pub(crate) fn draw(image: u32, seed: u32, pixels: &mut [u8]) {
    let mut random = Random(seed ^ image << 24);
    let single = random.below(pixels.len() as u32) as usize;
    for (place, pixel) in pixels.iter_mut().enumerate() {
        let noise = random.next();
        *pixel = match image {
            0 => 0,
            1 => 255,
            2 if place == single => 1 | noise as u8,
            2 => 0,
            3 if !noise.is_multiple_of(3) => 0,
            _ => (noise >> 16) as u8,
        };
    }
}
