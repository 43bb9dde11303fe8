//! Any text is a list of classes with forms, of which images are drawn, or a named error.
#![no_main]

use std::collections::HashSet;

use inkbit::data::synthetic::{of_classes, parse};
use inkbit_fuzz::files::assert_tells;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| match parse(text) {
    Ok(classes) => {
        assert!((2..=256).contains(&classes.len()));
        for class in &classes {
            assert!((1..=32).contains(&class.label.chars().count()), "{class:?}");
            assert!(!class.label.contains(char::is_control), "{class:?}");
            assert!(!class.forms.is_empty(), "{class:?}");
        }
        let labels: HashSet<_> = classes.iter().map(|class| &class.label).collect();
        assert_eq!(labels.len(), classes.len());
        let data = of_classes("forms", &classes, 2, 1, 1);
        assert_eq!((data.train.len(), data.test.len()), (2, 1));
        assert_eq!(data.train.pixels.len(), 2 * 28 * 28);
    }
    Err(error) => assert_tells(&error),
});
