//! Any bytes are a named error or a model that infers and is written again, and the oracle agrees.
#![no_main]

use inkbit_core::{Error, Model, Sizes, blob};
use inkbit_fuzz::engine;
use inkbit_tests::oracle::{Oracle, seal};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let size = fuzzer_mutate(data, size, max_size);
    // A few keep a wrong length, CRC or prefix.
    if size >= blob::PREFIX_BYTES + 4 && !seed.is_multiple_of(16) {
        data[..8].copy_from_slice(b"INKBIT\x02\x00");
        seal(&mut data[..size]);
    }
    size
});

fuzz_target!(|data: &[u8]| {
    if data.is_empty() {
        return; // an empty slice has no aligned address
    }
    // Of its very length, so that AddressSanitizer sees what is read behind it.
    let bytes = data.to_vec();
    let oracle = Oracle::read(&bytes);
    match Model::parse(&bytes) {
        Ok(model) => check(&model, &bytes, &oracle.expect("core reads what the oracle refuses")),
        Err(error) => {
            assert!(oracle.is_err(), "core refuses what the oracle reads: {error}");
            assert!(!error.to_string().is_empty());
            assert!((1..64).contains(&Error::from(error).code()));
        }
    }
});

fn check(model: &Model<'_>, bytes: &[u8], oracle: &Oracle) {
    let sizes = Sizes::of(bytes);
    assert_eq!(sizes.pixels, model.input().pixels());
    assert_eq!((sizes.cells, sizes.classes), (model.scratch_cells(), model.classes()));
    assert!((0..model.classes()).all(|class| !model.label(class).is_empty()));
    engine::assert_written_as(model, bytes);
    // The oracle writes other padding, which nothing reads.
    assert_eq!(Oracle::read(&oracle.write()).as_ref(), Ok(oracle));
    let seed = blob::crc32(bytes);
    if seed.is_multiple_of(8) {
        // Whatever lies behind it in flash.
        let region = [bytes, &[0xFF; 24]].concat();
        assert_eq!(Model::parse_region(&region).as_ref(), Ok(model));
    }
    let ink = if seed.is_multiple_of(3) { 255 } else { seed as u8 };
    let pixels = engine::pixels(sizes.pixels, seed.into(), ink);
    engine::assert_kernels_agree(model, oracle, &pixels);
}
