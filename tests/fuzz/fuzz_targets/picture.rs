//! Any file is a picture with digits, of which images are made, or a named error.
#![no_main]

use inkbit::data::picture::{self, Wanted};
use inkbit_core::Frame;
use inkbit_fuzz::files::{assert_tells, file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let path = file("picture", data);
    match picture::read(&path, Frame::mnist(28), Wanted::All) {
        Ok(found) => {
            assert!(!found.is_empty(), "neither a digit nor an error");
            for digit in found {
                assert_eq!(digit.image.len(), 28 * 28);
                assert!(digit.image.iter().any(|&pixel| pixel > 0), "an image without ink");
            }
        }
        Err(error) => assert_tells(&error),
    }
});
