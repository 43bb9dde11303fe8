//! Any bytes are a network of dense layers that fit together, whatever framework they claim to come from,
//! or a named error.
#![no_main]

use inkbit::import::{Options, Parsed, parse};
use inkbit_core::{MAX_LAYERS, MAX_WIDTH};
use inkbit_fuzz::files::assert_tells;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| match parse(data.to_vec(), &Options::default()) {
    Ok(Parsed { network, framework, .. }) => {
        assert!(!framework.is_empty());
        assert!((1..=MAX_LAYERS).contains(&network.layers.len()));
        let widths = network.widths();
        assert!(widths.iter().all(|width| (1..=MAX_WIDTH).contains(width)), "{widths:?}");
        for pair in network.layers.windows(2) {
            assert_eq!(pair[0].outputs, pair[1].inputs);
        }
        assert!(network.parameters().flatten().all(|value| value.is_finite()));
    }
    Err(fault) => assert_tells(&fault),
});
