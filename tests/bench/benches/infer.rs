//! Images a second that the core classifies on one core of this machine, by the quickest kernel and by
//! the portable one.
//!
//! `cargo bench -p inkbit-bench`, or with a model and images of one's own:
//! `INKBIT_MODEL=model.inkbit INKBIT_IMAGES=t10k-images-idx3-ubyte cargo bench -p inkbit-bench`

#![allow(missing_docs)] // criterion's macros generate undocumented functions

use std::hint::black_box;
use std::{env, fs};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use inkbit_core::blob::pack_layer;
use inkbit_core::kernel::Portable;
use inkbit_core::{Engine, Header, Input, LayerShape, Model, Provenance, Scratch};
use inkbit_simd::Fastest;

const WIDTHS: [u16; 4] = [784, 256, 128, 10];
const CELLS: usize = 784 + 256;
/// Bytes before the first pixel of an IDX image file.
const IDX_HEADER: usize = 16;

/// Numbers that look random and are the same everywhere.
fn noise(state: &mut u32) -> u32 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    *state >> 8
}

/// A net of `classic`'s shape with random weights: about half of its hidden units are alive, which
/// is more than training leaves.
fn random_data(shapes: &[LayerShape]) -> Vec<u8> {
    let mut data = vec![0; shapes.iter().map(LayerShape::data_bytes).sum()];
    let mut rest = data.as_mut_slice();
    let mut state = 1;
    for (number, shape) in shapes.iter().enumerate() {
        let (inputs, outputs) = (usize::from(shape.inputs), usize::from(shape.outputs));
        let weights: Vec<i32> =
            (0..inputs * outputs).map(|_| noise(&mut state) as i32 % 255 - 127).collect();
        let multipliers = vec![1 << 20; usize::from(shape.multipliers)];
        let weight = |output: usize, input: usize| weights[output * inputs + input];
        rest = pack_layer(number, *shape, &multipliers, &vec![0; outputs], weight, rest).unwrap();
    }
    data
}

/// 100 images with 151 inked pixels in a disc, as many as a digit of MNIST has on average.
fn disc_images() -> Vec<u8> {
    let mut state = 2;
    let inside = |i: usize| (i / 28).abs_diff(14).pow(2) + (i % 28).abs_diff(14).pow(2) < 49;
    (0..100 * 784).map(|i| if inside(i % 784) { noise(&mut state) as u8 | 1 } else { 0 }).collect()
}

fn classic(criterion: &mut Criterion) {
    let shapes: Vec<LayerShape> = WIDTHS
        .windows(2)
        .enumerate()
        .map(|(layer, widths)| LayerShape {
            inputs: widths[0],
            outputs: widths[1],
            bits: 8,
            multipliers: if layer == 2 { 0 } else { widths[1] },
        })
        .collect();
    let data = random_data(&shapes);
    let header = Header {
        name: "random",
        labels: "0\n1\n2\n3\n4\n5\n6\n7\n8\n9",
        input: Input::full(28),
        logit_scale: 1.0,
        layers: shapes.iter().copied().collect(),
        provenance: Provenance {
            tool: "",
            command: "",
            digest: [0; 32],
            seed: 1,
            correct: 0,
            tested: 0,
        },
    };
    let random = Model::new(header, &data).unwrap();

    // Model::parse wants the blob on an 8-byte boundary.
    let file = env::var_os("INKBIT_MODEL").map(|path| fs::read(path).unwrap()).unwrap_or_default();
    let mut aligned = vec![0_u8; file.len() + 8];
    let start = aligned.as_ptr().align_offset(8);
    aligned[start..start + file.len()].copy_from_slice(&file);
    let model = match file.len() {
        0 => random,
        length => Model::parse(&aligned[start..start + length]).unwrap(),
    };
    let pixels = env::var_os("INKBIT_IMAGES")
        .map_or_else(disc_images, |path| fs::read(path).unwrap()[IDX_HEADER..].to_vec());

    let mut engine = Engine::new(model.clone(), Scratch::<CELLS>::new()).unwrap();
    let size = model.input().pixels();
    let mut group = criterion.benchmark_group("classic");
    group.throughput(Throughput::Elements((pixels.len() / size) as u64));
    group.bench_function("infer", |bencher| {
        bencher.iter(|| {
            for image in pixels.chunks_exact(size) {
                black_box(engine.infer_by::<Fastest>(black_box(image), |_, _| ()).unwrap());
            }
        });
    });
    group.bench_function("portable", |bencher| {
        bencher.iter(|| {
            for image in pixels.chunks_exact(size) {
                black_box(engine.infer_by::<Portable>(black_box(image), |_, _| ()).unwrap());
            }
        });
    });
    group.finish();
}

criterion_group!(benches, classic);
criterion_main!(benches);
