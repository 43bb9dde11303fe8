//! A damaged blob gives a named error or a model that runs, never a panic, and the oracle agrees.

use std::cell::Cell;

use inkbit_core::{Input, Model, ModelError};
use inkbit_tests::Aligned;
use inkbit_tests::oracle::{Oracle, seal};
use inkbit_tests::random_model::{Recipe, recipes};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::equivalence::{assert_equal_layers, cases, core_layers};
use super::golden::recipe;

/// A small blob with all kinds of fields.
fn small() -> Vec<u8> {
    let input = Input { side: 6, crop: 1, pool: 2 };
    Recipe { input, ..recipe(&[(3, 4), (2, 8)]) }.blob().to_vec()
}

/// Parses bytes and runs them if they are a model. Checks result and logits against the oracle.
fn judge(bytes: &[u8]) -> Result<(), ModelError> {
    let blob = Aligned::new(bytes);
    let (found, expected) = (Model::parse(&blob), Oracle::read(&blob));
    assert_eq!(
        found.is_ok(),
        expected.is_ok(),
        "core: {:?}, oracle: {:?}",
        found.as_ref().err(),
        expected.as_ref().err()
    );
    let model = found?;
    let size = model.input().pixels();
    let pixels: Vec<u8> = (0..size).map(|pixel| (pixel * 37 + 11) as u8).collect();
    let oracle = expected.expect("core agrees");
    assert_equal_layers(&oracle.layers(&pixels), &core_layers(&model, &pixels), "ramp");
    Ok(())
}

/// As [`judge`], of bytes whose prefix and CRC are right: what is found wrong lies between them.
fn judge_sealed(mut bytes: Vec<u8>) -> Result<(), ModelError> {
    seal(&mut bytes);
    let result = judge(&bytes);
    if let Err(error) = &result {
        assert!(error.code() >= ModelError::Extent { length: 0 }.code(), "{error}");
    }
    result
}

#[test]
fn every_truncation_is_named() {
    let blob = small();
    for length in 0..blob.len() {
        let expected = if length < 12 { 12 } else { blob.len() };
        assert_eq!(judge(&blob[..length]), Err(ModelError::Truncated { found: length, expected }));
    }
    // With the length and the CRC of what is left.
    for length in 16..blob.len() {
        assert!(judge_sealed(blob[..length].to_vec()).is_err(), "{length} bytes");
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    let blob = small();
    for at in 0..blob.len() {
        for change in 1..=255 {
            let mut changed = blob.clone();
            changed[at] ^= change;
            let error = Model::parse(&Aligned::new(&changed)).expect_err("damage");
            let named = match at {
                0..6 => matches!(error, ModelError::Magic { .. }),
                6..8 => matches!(error, ModelError::Version { .. }),
                8..12 => {
                    matches!(error, ModelError::Truncated { .. } | ModelError::Trailing { .. })
                }
                _ => matches!(error, ModelError::Crc { .. }),
            };
            assert!(named, "byte {at} changed by {change:#04x}: {error}");
        }
    }
}

#[test]
fn every_changed_byte_under_a_right_crc_is_an_error_or_a_model_that_behaves() {
    let blob = small();
    let (mut refused, mut accepted) = (0, 0);
    for at in 12..blob.len() - 4 {
        for change in 1..=255 {
            let mut changed = blob.clone();
            changed[at] ^= change;
            match judge_sealed(changed) {
                Ok(()) => accepted += 1,
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 1000 && accepted > 1000, "{refused} refused, {accepted} accepted");
}

#[test]
fn appended_bytes_are_named() {
    let blob = small();
    for count in 1..20 {
        let longer = [blob.as_slice(), &vec![0xFF; count]].concat();
        let (found, expected) = (blob.len() + count, blob.len());
        assert_eq!(judge(&longer), Err(ModelError::Trailing { found, expected }));
        // Flash after a blob does not matter.
        assert!(Model::parse_region(&Aligned::new(&longer)).is_ok());
    }
}

#[test]
fn erased_and_misaligned_bytes_are_named() {
    for byte in [0, 0xFF] {
        assert_eq!(judge(&[byte; 4096]), Err(ModelError::Blank { byte }));
        assert_eq!(
            Model::parse_region(&Aligned::new(&[byte; 64])).err(),
            Some(ModelError::Blank { byte })
        );
    }
    for remainder in 1..8 {
        let blob = Aligned::at(&small(), usize::from(remainder));
        assert_eq!(Model::parse(&blob).err(), Some(ModelError::Misaligned { remainder }));
    }
}

/// Judges damaged blobs, of which some are models still and some are not.
fn judge_all<S: Strategy>(number: u32, damage: S, damaged: impl Fn(S::Value) -> Vec<u8>) {
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(cases(number));
    let result = runner.run(&damage, |damage| {
        let of_kind = if judge_sealed(damaged(damage)).is_ok() { &accepted } else { &refused };
        of_kind.set(of_kind.get() + 1);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    let (accepted, refused) = (accepted.get(), refused.get());
    assert!(accepted.min(refused) > number / 20, "{refused} refused, {accepted} accepted");
}

#[test]
fn random_splices_are_an_error_or_a_model_that_behaves() {
    let place = || 12_usize..220;
    let noise = prop::collection::vec(any::<u8>(), 0..12);
    let splices = (place(), place(), 0_usize..40, 0_usize..40, noise);
    judge_all(512, splices, |(from, to, count, cut, noise): (_, _, _, _, Vec<u8>)| {
        let mut blob = small();
        let end = blob.len() - 4;
        let (from, to) = (from.min(end), to.min(end));
        let piece = [&blob[from..(from + count).min(end)], &noise].concat();
        // Most of another length are no models.
        let cut = if cut % 2 == 0 { piece.len() } else { cut };
        blob.splice(to..(to + cut).min(end), piece);
        blob
    });
}

#[test]
fn changed_headers_of_random_models_are_an_error_or_a_model_that_behaves() {
    let changes = prop::collection::vec((0.0..1.0, any::<u8>()), 1..4);
    judge_all(64, (recipes(), changes), |(recipe, changes)| {
        let mut blob = recipe.blob().to_vec();
        // Within the fields before the data; most changes would hit labels otherwise.
        let labels = blob.windows(2).rposition(|pair| pair == b"\nc").unwrap_or(19);
        for (place, value) in changes {
            let at = labels + (place * 48.0) as usize;
            if at < blob.len() - 4 {
                blob[at] = value;
            }
        }
        blob
    });
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn random_bytes_behind_a_right_prefix_are_an_error(
        mut noise in prop::collection::vec(any::<u8>(), 16..300),
    ) {
        noise[..8].copy_from_slice(&small()[..8]);
        prop_assert!(judge_sealed(noise).is_err());
    }
}
