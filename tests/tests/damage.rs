//! A damaged blob gives a named error or a model that runs, never a panic, and the oracle agrees.

use std::cell::Cell;

use inkbit_core::blob::{OLDEST_VERSION, VERSION};
use inkbit_core::{Input, Layout, Model, ModelError};
use inkbit_tests::Aligned;
use inkbit_tests::oracle::{Oracle, seal};
use inkbit_tests::random_model::{Margin, More, Recipe, StageRecipe, recipes};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::equivalence::{assert_agree, cases};
use super::golden::{features, layers, recipe};

/// A small blob of an image.
fn small() -> Vec<u8> {
    let input = Input::square(6, 1, 2);
    Recipe { input, ..recipe(&[(3, 4), (2, 8)]) }.blob().to_vec()
}

/// Small blobs that have all kinds of fields between them, one of the older version too.
fn all() -> [Vec<u8>; 4] {
    let last = StageRecipe {
        crop: [0; 2],
        pool: [2, 1],
        margin: Margin::Exactly(9),
        layers: layers(&[(3, 2), (2, 8)]),
    };
    let more = More {
        layout: Some(Layout::Fitted),
        margin: Margin::At(5),
        stages: vec![last],
        no_labels: true,
        no_provenance: true,
        ..More::default()
    };
    let input = Input { width: 4, height: 3, crop: [1, 0], pool: [2, 1] };
    let mut stages = Recipe { input, more, ..recipe(&[(2, 8)]) };
    stages.layers[0].narrow = Some([0, 3]);
    let mut features = Recipe { layers: layers(&[(3, 4), (2, 8)]), ..features(4, true, true) };
    features.layers[0].narrow = Some([12, 1]);
    let old = Oracle::read(&small()).unwrap().write_version_2();
    [small(), stages.blob().to_vec(), features.blob().to_vec(), old]
}

/// Parses bytes and runs them if they are a model. Checks result and logits against the oracle.
fn judge(bytes: &[u8]) -> Result<(), ModelError> {
    let blob = Aligned::new(bytes);
    let (found, expected) = (Model::parse_any(&blob), Oracle::read(&blob));
    assert_eq!(
        found.is_ok(),
        expected.is_ok(),
        "core: {:?}, oracle: {:?}",
        found.as_ref().err(),
        expected.as_ref().err()
    );
    let model = found?;
    let sample: Vec<u8> = (0..model.sample().bytes()).map(|at| (at * 37 + 11) as u8).collect();
    assert_agree(&model, &expected.expect("core agrees"), &sample, "ramp");
    // Whatever it is, it can be written, and is the same then.
    let mut out = vec![0; model.max_blob_bytes()];
    let written = Aligned::new(model.write(&mut out).expect("it fits"));
    let again = Model::parse(&written).expect("core reads what it writes");
    assert!(again.header() == model.header() && again.layers() == model.layers(), "it changed");
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
    for blob in all() {
        for found in 0..blob.len() {
            let expected = if found < 12 { 12 } else { blob.len() };
            assert_eq!(judge(&blob[..found]), Err(ModelError::Truncated { found, expected }));
        }
        // With the length and the CRC of what is left.
        for length in 16..blob.len() {
            assert!(judge_sealed(blob[..length].to_vec()).is_err(), "{length} bytes");
        }
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    let blobs = all();
    for (blob, at) in blobs.iter().flat_map(|blob| (0..blob.len()).map(move |at| (blob, at))) {
        for change in 1..=255 {
            let mut changed = blob.clone();
            changed[at] ^= change;
            let error = Model::parse_any(&Aligned::new(&changed)).expect_err("damage");
            let named = match at {
                0..6 => matches!(error, ModelError::Magic { .. }),
                // One known version may become the other.
                6 if [2, 3].contains(&changed[6]) => matches!(error, ModelError::Crc { .. }),
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
    for blob in all() {
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
}

#[test]
fn a_blob_that_says_it_is_of_another_version_is_refused_as_the_oracle_does() {
    for (blob, version) in all().into_iter().zip([2, 2, 2, 3]) {
        let mut changed = blob;
        changed[6] = version;
        assert!(judge_sealed(changed).is_err(), "read as version {version}");
    }
    assert_eq!(OLDEST_VERSION, 2);
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
    let blobs = all();
    let place = || 12_usize..220;
    let noise = prop::collection::vec(any::<u8>(), 0..12);
    let splices = (0..blobs.len(), place(), place(), 0_usize..40, 0_usize..40, noise);
    judge_all(1024, splices, |(blob, from, to, count, cut, noise)| {
        let mut blob = blobs[blob].clone();
        let end = blob.len() - 4;
        let (from, to): (usize, usize) = (from.min(end), to.min(end));
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
            let at = labels + (place * 80.0) as usize;
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
        version in OLDEST_VERSION..=VERSION,
    ) {
        noise[..6].copy_from_slice(b"INKBIT");
        noise[6..8].copy_from_slice(&version.to_le_bytes());
        prop_assert!(judge_sealed(noise).is_err());
    }
}
