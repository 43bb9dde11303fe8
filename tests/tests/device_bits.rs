//! Every emulated board computes the host's logits.

use std::time::Duration;

use inkbit::device::verify;
use inkbit::model::{Blob, answers};
use inkbit_tests::devices::{cascade, classic, digits, emulated, emulated_names, start};

fn compare(board: &str, blob: &Blob, count: usize) {
    let Some((board, firmware)) = emulated(board) else { return };
    let images = digits(count);
    let client = start(&board, &firmware, blob.bytes()).into_client().unwrap();
    // A busy machine is slow, but loses nothing.
    let mut client = client.with_timeout(Duration::from_secs(30));
    let report =
        verify(&mut client, blob, &images, |_| ()).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!((report.images, report.logits), (count, 10 * count));
    assert_eq!(report.losses.repeats, 0, "the emulated line loses nothing");
}

#[test]
fn every_board_gives_the_hosts_logits_of_networks_that_are_asked_in_turn() {
    let (blob, images) = (cascade(), digits(60));
    let decided = answers(&blob.model().unwrap(), &images).unwrap();
    let second = decided.iter().filter(|(_, stage)| *stage == 1).count();
    assert!((10..50).contains(&second), "{second} of 60 by the second stage");
    for board in emulated_names() {
        compare(&board, &blob, images.len());
    }
}

#[test]
fn b_l475e_iot01a_gives_the_hosts_logits() {
    compare("b-l475e-iot01a", &classic(), 1_000);
}

#[test]
fn lm3s6965evb_gives_the_hosts_logits_for_10_000_digits() {
    compare("lm3s6965evb", &classic(), 10_000);
}

#[test]
fn microbit_gives_the_hosts_logits() {
    compare("microbit", &classic(), 1_000);
}

#[test]
fn mps2_an386_gives_the_hosts_logits() {
    compare("mps2-an386", &classic(), 1_000);
}

#[test]
fn mps2_an505_gives_the_hosts_logits() {
    compare("mps2-an505", &classic(), 1_000);
}

#[test]
fn netduinoplus2_gives_the_hosts_logits() {
    compare("netduinoplus2", &classic(), 1_000);
}

#[test]
fn olimex_stm32_h405_gives_the_hosts_logits() {
    compare("olimex-stm32-h405", &classic(), 1_000);
}

#[test]
fn pico_gives_the_hosts_logits() {
    compare("pico", &classic(), 1_000);
}

#[test]
fn pico_touch_gives_the_hosts_logits() {
    compare("pico-touch", &classic(), 200);
}

#[test]
fn riscv32_virt_gives_the_hosts_logits() {
    compare("riscv32-virt", &classic(), 1_000);
}
