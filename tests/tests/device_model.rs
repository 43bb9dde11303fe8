//! An emulated board whose model region holds no model that it can run.

use inkbit::device::DeviceError;
use inkbit_core::link::{Mode, Refusal};
use inkbit_tests::devices::{classic, emulated, start};

/// Starts the board with these bytes in its model region and returns its message.
fn complaint(region: &[u8]) -> Option<String> {
    let (board, firmware) = emulated("lm3s6965evb")?;
    let mut client = start(&board, &firmware, region).into_client().unwrap();
    let complaint = client.hello().unwrap().model.unwrap_err();
    // It answers, shows all its screens, and refuses to classify.
    for mode in [Mode::Draw, Mode::Samples, Mode::Link, Mode::Draw] {
        client.show(mode).unwrap();
    }
    client.pen(3, 3, true).unwrap();
    client.pen(20, 20, true).unwrap();
    assert_eq!(client.status().unwrap().class, None);
    let error = client.classify(&[0; 784]).unwrap_err();
    assert!(matches!(error, DeviceError::Refused(Refusal::NoModel)), "{error}");
    Some(complaint)
}

#[test]
fn an_erased_region_is_called_empty() {
    let Some(complaint) = complaint(&[0xFF; 0x3_0000]) else { return };
    assert!(complaint.contains("no model in flash"), "{complaint}");
}

#[test]
fn a_zeroed_region_is_called_empty() {
    let Some(complaint) = complaint(&[0; 16]) else { return };
    assert!(complaint.contains("no model in flash"), "{complaint}");
}

#[test]
fn a_model_that_is_cut_off_fails_its_crc() {
    let blob = classic();
    let Some(complaint) = complaint(&blob.bytes()[..100_000]) else { return };
    assert!(complaint.contains("CRC"), "{complaint}");
}

#[test]
fn another_version_of_the_format_is_named() {
    let mut bytes = classic().bytes().to_vec();
    bytes[6] = 9;
    let Some(complaint) = complaint(&bytes) else { return };
    assert!(complaint.contains("version 9"), "{complaint}");
}

#[test]
fn one_wrong_bit_fails_the_crc() {
    let mut bytes = classic().bytes().to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let Some(complaint) = complaint(&bytes) else { return };
    assert!(complaint.contains("CRC"), "{complaint}");
}

#[test]
fn a_model_that_is_too_long_is_named_with_the_boards_room() {
    let mut bytes = classic().bytes().to_vec();
    bytes[8..12].copy_from_slice(&1_000_000_u32.to_le_bytes());
    let Some(complaint) = complaint(&bytes) else { return };
    assert!(complaint.contains("1000000") && complaint.contains("lm3s6965evb"), "{complaint}");
}
