//! One model by every kernel and by the oracle.

use inkbit_core::kernel::{Kernel, Portable};
use inkbit_core::{Engine, LayerOutput, Model, PackError};
use inkbit_tests::oracle::Oracle;

/// The most weights that the oracle, which takes its time, multiplies.
const ORACLE_WEIGHTS: usize = 50_000;

/// Pixels of an image, of which `ink` in 256 are not background.
#[must_use]
pub fn pixels(count: usize, seed: u64, ink: u8) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..count).map(|_| if random.u8(..) < ink { random.u8(..) } else { 0 }).collect()
}

/// Asserts that all kernels of this processor and the oracle agree on every layer's output.
///
/// # Panics
///
/// If they do not.
pub fn assert_kernels_agree(model: &Model<'_>, oracle: &Oracle, pixels: &[u8]) {
    let portable = layers::<Portable>(model, pixels);
    assert_eq!(portable, layers::<inkbit_simd::Fastest>(model, pixels), "the fastest kernel");
    #[cfg(target_arch = "x86_64")]
    assert_eq!(portable, layers::<inkbit_simd::Avx2>(model, pixels), "AVX2");
    #[cfg(target_arch = "aarch64")]
    assert_eq!(portable, layers::<inkbit_simd::Neon>(model, pixels), "NEON");
    let weights: usize = model.layers().iter().map(|layer| layer.inputs() * layer.outputs()).sum();
    if weights <= ORACLE_WEIGHTS {
        assert_eq!(portable, oracle.layers(pixels), "the oracle");
    }
}

/// Each layer's output by one kernel. All memory is as long as it has to be, so that
/// AddressSanitizer sees an access beyond it.
fn layers<K: Kernel>(model: &Model<'_>, pixels: &[u8]) -> Vec<Vec<i64>> {
    let mut cells = vec![0; model.scratch_cells()];
    let mut engine = Engine::new(model.clone(), &mut cells[..]).expect("as long as asked for");
    let mut layers = Vec::new();
    let logits = engine.infer_by::<K>(pixels, |layer, output| {
        layers.push(match output {
            LayerOutput::Logits(logits) => logits.iter().copied().map(i64::from).collect(),
            LayerOutput::Activations(active) => {
                let mut values = vec![0; model.layers()[layer].outputs()];
                let mut next = 0;
                for (index, value) in active.iter() {
                    assert!(index >= next && value != 0, "unit {index} is listed twice or is zero");
                    values[index] = i64::from(value);
                    next = index + 1;
                }
                values
            }
        });
    });
    let logits: Vec<i64> =
        logits.expect("as many pixels as asked for").iter().copied().map(i64::from).collect();
    assert_eq!(layers.last(), Some(&logits));
    layers
}

/// Asserts that a model is written as the bytes that it was read from.
///
/// # Panics
///
/// If it is not.
pub fn assert_written_as(model: &Model<'_>, blob: &[u8]) {
    assert!(model.max_blob_bytes() >= blob.len(), "more bytes than the writer asks for");
    // Exactly as many as needed, then one too few.
    let mut out = vec![0xAA; blob.len()];
    assert_eq!(model.write(&mut out), Ok(blob), "written with other bytes");
    let (found, needed) = (blob.len() - 1, blob.len());
    let error = PackError::BufferTooSmall { found, needed };
    assert_eq!(model.write(&mut out[..found]), Err(error));
}
