//! Any bytes are a named error or a model that infers and is written again, and the oracle agrees.
#![no_main]

use inkbit_core::blob::{OLDEST_VERSION, VERSION};
use inkbit_core::{Error, Model, Sizes, blob};
use inkbit_fuzz::engine;
use inkbit_tests::oracle::{Oracle, seal};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let size = fuzzer_mutate(data, size, max_size);
    // A few keep a wrong length, CRC or prefix.
    if size >= blob::PREFIX_BYTES + 4 && !seed.is_multiple_of(16) {
        let version = if seed.is_multiple_of(5) { OLDEST_VERSION } else { VERSION };
        data[..6].copy_from_slice(b"INKBIT");
        data[6..8].copy_from_slice(&version.to_le_bytes());
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
    match Model::parse_any(&bytes) {
        Ok(model) => check(&model, &bytes, &oracle.expect("core reads what the oracle refuses")),
        Err(error) => {
            assert!(oracle.is_err(), "core refuses what the oracle reads: {error}");
            assert!(!error.to_string().is_empty());
            assert!((1..64).contains(&Error::from(error).code()));
        }
    }
});

fn check(model: &Model<'_>, bytes: &[u8], oracle: &Oracle) {
    assert!((0..model.classes()).all(|class| !model.label(class).is_empty()));
    // Which only says whether it can be read.
    let _ = model.header().origin();
    let is_present = bytes[6..8] == VERSION.to_le_bytes();
    if is_present {
        let sizes = Sizes::of(bytes);
        assert_eq!(sizes.bytes, model.sample().bytes());
        assert_eq!((sizes.cells, sizes.classes), (model.scratch_cells(), model.classes()));
        engine::assert_written_as(model, bytes);
    } else {
        written_anew(model, oracle);
    }
    // The oracle writes other padding, which nothing reads.
    assert_eq!(Oracle::read(&oracle.write()).as_ref(), Ok(oracle));
    let seed = blob::crc32(bytes);
    if is_present && seed.is_multiple_of(8) {
        // Whatever lies behind it in flash.
        let region = [bytes, &[0xFF; 24]].concat();
        assert_eq!(Model::parse_region(&region).as_ref(), Ok(model));
    }
    let ink = if seed.is_multiple_of(3) { 255 } else { seed as u8 };
    let sample = engine::sample(model.sample().bytes(), seed.into(), ink);
    engine::assert_kernels_agree(model, oracle, &sample);
}

/// A model of an older version is the same in the present one.
fn written_anew(model: &Model<'_>, oracle: &Oracle) {
    let mut out = vec![0; model.max_blob_bytes()];
    let written = model.write(&mut out).expect("as long as asked for").to_vec();
    let again = Model::parse(&written).expect("core reads what it writes");
    assert_eq!((again.header(), again.layers()), (model.header(), model.layers()));
    engine::assert_written_as(&again, &written);
    assert_eq!(Oracle::read(&written).as_ref(), Ok(oracle));
}
