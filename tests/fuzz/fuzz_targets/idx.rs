//! Any file is a data file that is read whole, or a named error.
#![no_main]

use std::io::{Read, Write};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use inkbit::data::idx::{Idx, Kind, pair};
use inkbit_fuzz::files::{assert_tells, file};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

/// Bytes of a gzipped file that the mutator unpacks.
const LIMIT: usize = 1 << 16;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    // Half of the gzipped files are changed before they are packed.
    if seed.is_multiple_of(2) && data[..size].starts_with(b"\x1f\x8b") {
        let mut plain = Vec::new();
        let content = MultiGzDecoder::new(&data[..size]).take(LIMIT as u64);
        if { content }.read_to_end(&mut plain).is_ok() {
            let length = plain.len();
            plain.resize(LIMIT, 0);
            let length = fuzzer_mutate(&mut plain, length, LIMIT);
            let packed = pack(&plain[..length]);
            if packed.len() <= max_size {
                data[..packed.len()].copy_from_slice(&packed);
                return packed.len();
            }
        }
    }
    fuzzer_mutate(data, size, max_size)
});

fuzz_target!(|data: &[u8]| {
    let path = file("data", data);
    for kind in [Kind::Images, Kind::Labels] {
        match Idx::read(&path, kind) {
            Ok(idx) => check(&idx, kind),
            Err(error) => assert_tells(&error),
        }
    }
});

fn check(idx: &Idx, kind: Kind) {
    assert_eq!(idx.sizes.len(), kind as usize);
    let expected: usize = idx.sizes.iter().map(|&size| size as usize).product();
    assert_eq!(idx.values.len(), expected);
    let header = [0x800 | kind as u32].into_iter().chain(idx.sizes.iter().copied());
    let mut plain: Vec<u8> = header.flat_map(u32::to_be_bytes).collect();
    plain.extend(&idx.values);
    let again = |bytes: &[u8]| Idx::read(&file("again", bytes), kind).expect("it was read before");
    let copy = again(&pack(&plain));
    assert_eq!((&copy.sizes, &copy.values), (&idx.sizes, &idx.values));
    assert_eq!(copy.digest(), idx.digest());
    if kind == Kind::Images {
        // There may be any number of images without pixels.
        let count = (idx.sizes[0] as usize).min(1 << 20);
        let labels = Idx { sizes: vec![count as u32], values: vec![7; count] };
        match pair((Path::new("images"), again(&plain)), (Path::new("labels"), labels)) {
            Ok(images) => assert_eq!(images.iter().count(), count),
            Err(error) => assert_tells(&error),
        }
    }
}

fn pack(plain: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(plain).and_then(|()| packer.finish()).expect("memory takes all")
}
