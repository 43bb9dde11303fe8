//! Any file is a picture with ink, of which an image is made, or a named error.
#![no_main]

use inkbit::data::picture;
use inkbit_fuzz::files::{assert_tells, file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let path = file("picture", data);
    match picture::read(&path, 28) {
        Ok(pixels) => {
            assert_eq!(pixels.len(), 28 * 28);
            assert!(pixels.iter().any(|&pixel| pixel > 0), "an image without ink");
        }
        Err(error) => assert_tells(&error),
    }
});
