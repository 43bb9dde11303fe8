//! No kernel reads or writes outside of its buffers, whatever list it is given: every buffer of an
//! inference, and every layer that a list is crossed with, ends where a page without access begins,
//! or begins where one ends.
//!
//! Tried: 48 random models, or 4,000 with `INKBIT_LONG`.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::os::fd::AsRawFd as _;
use std::sync::LazyLock;

use inkbit_core::kernel::{Kernel, List, ListWriter, Portable};
use inkbit_core::{Engine, Layer, MAX_WIDTH, Model};
use inkbit_simd::Fastest;
use inkbit_tests::guarded::{EDGES, Edge, Guarded};
use inkbit_tests::random_model::{recipes, samples};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::equivalence::cases;

fn models() -> u32 {
    if std::env::var_os("INKBIT_LONG").is_some() { 4000 } else { 48 }
}

/// Layers that a list is not for, of all widths of weights.
const STRANGERS: usize = 40;

/// How many of them a list is given to: the next ones, around and around.
const CROSSED: usize = 3;

/// A model's data. At their end, half of all models have four bytes more: data begin at a multiple
/// of 8, and are as long as a multiple of 4.
fn guarded(data: &[u8], edge: Edge) -> Guarded<u8> {
    let mut data = data.to_vec();
    data.resize(data.len().next_multiple_of(8), 0xAA);
    Guarded::new(&data, edge)
}

/// A kernel that gives each list to strange layers first, with too many sums, too few and none.
struct Crossed<K>(PhantomData<K>);

thread_local! {
    static NEXT: Cell<usize> = const { Cell::new(0) };
    /// Sums of strange layers.
    static SUMS: RefCell<[Guarded<i32>; 2]> =
        RefCell::new(EDGES.map(|edge| Guarded::new(&[0; MAX_WIDTH + 1], edge)));
}

static STRANGE: LazyLock<Vec<Layer<'static>>> = LazyLock::new(|| {
    let mut runner = TestRunner::new(cases(1));
    let mut layers = Vec::new();
    while layers.len() < STRANGERS {
        let blob = recipes().new_tree(&mut runner).unwrap().current().blob();
        let blob = Model::parse(&blob).unwrap();
        for edge in EDGES {
            let data: &[u8] = Box::leak(Box::new(guarded(blob.data(), edge)));
            let data = &data[..blob.data().len()];
            let header = blob.header();
            // Names of the blob would have to live as long.
            let labels: &'static str = Box::leak(header.labels.into());
            let header =
                inkbit_core::Header { name: "", labels, provenance: &[], ..header.clone() };
            layers.extend_from_slice(Model::new(header, data).unwrap().layers());
        }
    }
    layers
});

// SAFETY: it lists as `K` does.
#[allow(unsafe_code)]
unsafe impl<K: Kernel> Kernel for Crossed<K> {
    const NAME: &'static str = "crossed";

    fn sum(layer: &Layer<'_>, list: &List<'_>, sums: &mut [i32]) {
        let start = NEXT.replace(NEXT.get() + CROSSED);
        for strange in STRANGE.iter().cycle().skip(start % STRANGE.len()).take(CROSSED) {
            for count in [0, 1, strange.outputs() - 1, strange.outputs(), strange.outputs() + 1] {
                SUMS.with_borrow_mut(|[first, last]| {
                    K::sum(strange, list, &mut first[..count]);
                    let from = last.len() - count;
                    K::sum(strange, list, &mut last[from..]);
                });
            }
        }
        K::sum(layer, list, sums);
    }

    fn gather(pixels: &[u8], list: &mut ListWriter<'_>) {
        K::gather(pixels, list);
    }

    fn activate(layer: &Layer<'_>, sums: &[Cell<i32>], list: &mut ListWriter<'_>) {
        K::activate(layer, sums, list);
    }
}

type Infer = fn(&Model<'_>, &mut [i32], &[u8]) -> Vec<i32>;

fn infer<K: Kernel>(model: &Model<'_>, cells: &mut [i32], sample: &[u8]) -> Vec<i32> {
    let mut engine = Engine::new(model.clone(), cells).expect("as many cells as it needs");
    engine.infer_by::<K>(sample, |_, _| ()).unwrap().to_vec()
}

const KERNELS: &[(&str, Infer)] = &[
    (Portable::NAME, infer::<Portable>),
    (Fastest::NAME, infer::<Fastest>),
    #[cfg(target_arch = "x86_64")]
    (inkbit_simd::Avx2::NAME, infer::<inkbit_simd::Avx2>),
    #[cfg(target_arch = "aarch64")]
    (inkbit_simd::Neon::NAME, infer::<inkbit_simd::Neon>),
    ("portable, crossed", infer::<Crossed<Portable>>),
    ("fastest, crossed", infer::<Crossed<Fastest>>),
    #[cfg(target_arch = "x86_64")]
    ("AVX2, crossed", infer::<Crossed<inkbit_simd::Avx2>>),
    #[cfg(target_arch = "aarch64")]
    ("NEON, crossed", infer::<Crossed<inkbit_simd::Neon>>),
];

#[test]
fn kernels_stay_within_their_buffers_whatever_list_they_are_given() {
    let inferences = Cell::new(0_u64);
    let mut runner = TestRunner::new(cases(models()));
    let result = runner.run(&recipes(), |recipe| {
        let blob = recipe.blob();
        let plain = Model::parse(&blob).unwrap();
        let mut cells = vec![0; plain.scratch_cells()];
        for edge in EDGES {
            let data = guarded(plain.data(), edge);
            let data = &data[..plain.data().len()];
            let model = Model::new(plain.header().clone(), data).unwrap();
            for (name, sample) in samples(model.sample().bytes(), recipe.seed) {
                let expected = infer::<Portable>(&plain, &mut cells, &sample);
                let sample = Guarded::new(&sample, edge);
                for &(kernel, infer) in KERNELS {
                    let mut cells = Guarded::new(&cells, edge);
                    let found = infer(&model, &mut cells, &sample);
                    prop_assert_eq!(&found, &expected, "{}, {}, {:?}", kernel, name, edge);
                    inferences.set(inferences.get() + 1);
                }
            }
        }
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    println!("tried: {} inferences between pages without access", inferences.get());
}

#[test]
fn a_byte_beyond_a_guarded_buffer_cannot_be_read() {
    let (_reader, writer) = std::io::pipe().unwrap();
    // The kernel reads for us, and says so where it cannot.
    let is_readable = |byte: *const u8| {
        // SAFETY: it fails where there is no such byte.
        #[allow(unsafe_code)]
        let written = unsafe { libc::write(writer.as_raw_fd(), byte.cast(), 1) };
        written == 1
    };
    for length in [8, 100, 4096, 5000] {
        let [first, last] = EDGES.map(|edge| Guarded::new(&vec![7_u8; length], edge));
        assert!(is_readable(first.as_ptr()) && !is_readable(first.as_ptr().wrapping_sub(1)));
        let end = last.as_ptr_range().end;
        assert!(is_readable(end.wrapping_sub(1)) && !is_readable(end));
    }
}
