//! One model by every kernel and by the oracle.

use inkbit_core::kernel::{Kernel, Portable};
use inkbit_core::{Engine, LayerOutput, Model, PackError};
use inkbit_tests::oracle::{Answer, Oracle};

/// The most weights that the oracle, which takes its time, multiplies.
const ORACLE_WEIGHTS: usize = 50_000;

/// Bytes of a sample, of which `ink` in 256 are not background.
#[must_use]
pub fn sample(count: usize, seed: u64, ink: u8) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..count).map(|_| if random.u8(..) < ink { random.u8(..) } else { 0 }).collect()
}

/// Asserts that all kernels of this processor and the oracle agree on every layer's output and on the
/// answer.
///
/// # Panics
///
/// If they do not.
pub fn assert_kernels_agree(model: &Model<'_>, oracle: &Oracle, sample: &[u8]) {
    let portable = by::<Portable>(model, sample);
    assert_eq!(portable, by::<inkbit_simd::Fastest>(model, sample), "the fastest kernel");
    #[cfg(target_arch = "x86_64")]
    assert_eq!(portable, by::<inkbit_simd::Avx2>(model, sample), "AVX2");
    #[cfg(target_arch = "aarch64")]
    assert_eq!(portable, by::<inkbit_simd::Neon>(model, sample), "NEON");
    let weights: usize = model.layers().iter().map(|layer| layer.inputs() * layer.outputs()).sum();
    if weights <= ORACLE_WEIGHTS {
        assert_eq!(portable, (oracle.layers(sample), oracle.answer(sample)), "the oracle");
    }
}

/// Each layer's output and the answer by one kernel. All memory is as long as it has to be, so that
/// AddressSanitizer sees an access beyond it.
fn by<K: Kernel>(model: &Model<'_>, sample: &[u8]) -> (Vec<Vec<i64>>, Answer) {
    let mut cells = vec![0; model.scratch_cells()];
    let mut engine = Engine::new(model.clone(), &mut cells[..]).expect("as long as asked for");
    let mut layers = Vec::new();
    let logits = engine.infer_by::<K>(sample, |layer, output| {
        assert_eq!(layer, layers.len(), "layers come in order");
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
    let logits = logits.expect("as many bytes as asked for");
    let answer = Answer {
        stage: logits.stage(),
        class: logits.class(),
        likeliest: logits.argmax(),
        logits: logits.iter().copied().map(i64::from).collect(),
    };
    assert_eq!(layers.last(), Some(&answer.logits));
    (layers, answer)
}

/// Asserts that a model is written as these bytes: those that it was read from, if they are of the
/// present version.
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
