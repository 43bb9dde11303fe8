//! Any file is a list of labels that can be shown and told apart, or a named error.
#![no_main]

use std::collections::HashSet;

use inkbit_fuzz::files::{assert_tells, file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| match inkbit::fuzz::labels(&file("labels", data)) {
    Ok(labels) => {
        for label in &labels {
            assert!((1..=32).contains(&label.chars().count()), "{label:?}");
            assert!(!label.contains(char::is_control), "{label:?}");
            assert_eq!(label.trim_matches(' '), label);
        }
        assert_eq!(labels.iter().collect::<HashSet<_>>().len(), labels.len());
        // One a line, they are read as they are.
        let again = inkbit::fuzz::labels(&file("again", labels.join("\n").as_bytes()));
        assert_eq!(again.expect("they were read before"), labels);
    }
    Err(error) => assert_tells(&error),
});
