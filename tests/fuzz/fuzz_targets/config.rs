//! Any text is a legal configuration, a legal plan of a sweep, or a named error.
#![no_main]

use inkbit::config::TrainConfig;
use inkbit::data::Shape;
use inkbit_fuzz::files::assert_tells;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match TrainConfig::default().with("my.toml", text) {
        Ok(config) => check(&config),
        Err(error) => assert_tells(&error),
    }
    match inkbit::fuzz::plan(text) {
        Ok(networks) => assert!(networks > 0),
        Err(error) => assert_tells(&error),
    }
});

fn check(config: &TrainConfig) {
    assert_eq!(TrainConfig::from_toml("saved", &config.to_toml()).as_ref(), Ok(config));
    if let Err(error) = config.validate() {
        return assert_tells(&error);
    }
    assert_eq!(config.layer_bits().map(|bits| bits.len()), Ok(config.hidden.len() + 1));
    assert_eq!(config.widths(&Shape::square(28), 10).len(), config.hidden.len() + 2);
    if let Some(input) = config.shrunk(&Shape::square(28)) {
        assert!(input.width > 0);
    }
    assert!(config.first_qat_epoch().is_none_or(|epoch| (1..=config.epochs).contains(&epoch)));
}
