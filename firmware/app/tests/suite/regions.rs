//! What may lie in a board's model region, and what the device says about it.

use super::rig::{CELLS, REGION, app, app_on, likeness, region, write};

fn complaint(content: &[u8]) -> String {
    app(content).engine().model().err().unwrap_or("none").to_owned()
}

#[test]
fn a_sound_model_is_none() {
    assert_eq!(complaint(&likeness()), "none");
}

#[test]
fn erased_and_zeroed_flash_hold_no_model() {
    assert_eq!(complaint(&[]), "no model in flash; flash one");
    assert_eq!(complaint(&[0; REGION]), "no model in flash; flash one");
}

#[test]
fn other_bytes_are_no_model() {
    let expected = "not an Inkbit model; check file and address";
    assert_eq!(complaint(b"\x7fELF and so on"), expected);
}

#[test]
fn another_version_is_named() {
    let mut blob = likeness();
    blob[6] = 9;
    let expected = "model has format version 9, this firmware reads 3; quantize it again";
    assert_eq!(complaint(&blob), expected);
}

#[test]
fn every_wrong_bit_is_noticed() {
    let blob = likeness();
    for place in (12..blob.len()).step_by(97) {
        let mut damaged = blob.clone();
        damaged[place] ^= 1 << (place % 8);
        let expected = "model is damaged (wrong CRC-32); flash it again";
        assert_eq!(complaint(&damaged), expected, "byte {place}");
    }
}

#[test]
fn a_truncated_model_is_damaged() {
    let blob = likeness();
    for length in (16..blob.len()).step_by(501) {
        let expected = "model is damaged (wrong CRC-32); flash it again";
        assert_eq!(complaint(&blob[..length]), expected, "{length} bytes");
    }
}

#[test]
fn a_model_larger_than_the_region_is_told_with_name_and_numbers() {
    let mut blob = likeness();
    blob[8..12].copy_from_slice(&100_000_u32.to_le_bytes());
    let expected = "model has 100000 bytes, rig has room for 65536; flash a smaller one";
    assert_eq!(complaint(&blob), expected);
}

#[test]
fn a_model_too_large_for_the_buffers_is_told_with_name_and_numbers() {
    let wide = write(28, &vec![vec![1; 784]; 40]);
    assert_eq!(complaint(&wide), "none");
    let large = write(33, &[vec![1; 33 * 33]]);
    let expected = "model takes 1089 bytes, rig at most 1024; train on smaller images";
    assert_eq!(complaint(&large), expected);
    let many = write(8, &vec![vec![1; 64]; 65]);
    assert_eq!(complaint(&many), "model has 65 classes, rig takes 64; train with fewer");
    // 1024 inputs and 17 outputs need one cell more than there is.
    let needy = write(32, &vec![vec![1; 1024]; 17]);
    let expected =
        format!("model needs 1041 cells of memory, rig has {CELLS}; use narrower layers");
    assert_eq!(complaint(&needy), expected);
}

#[test]
fn a_model_whose_writer_is_at_fault_is_sent_to_inspect() {
    let mut blob = likeness();
    let end = blob.len() - 4;
    blob[12] = 40; // the name's length
    let crc = inkbit_core::blob::crc32(&blob[..end]);
    blob[end..].copy_from_slice(&crc.to_le_bytes());
    let expected = "model breaks its format; see `inkbit inspect`";
    assert_eq!(complaint(&blob), expected);
}

#[test]
fn noise_in_flash_never_stops_the_device() {
    let mut chance = 88_172_645_463_325_252_u64;
    for _ in 0..300 {
        let mut blob = likeness();
        for _ in 0..chance % 20 {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            let place = (chance >> 20) as usize % blob.len();
            blob[place] = chance as u8;
        }
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let _ = app_on(region(&blob)).engine().model();
    }
}
