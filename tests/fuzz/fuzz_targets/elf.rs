//! Any file is a firmware of a board, to which a model can be added, or a named error.
#![no_main]

use inkbit::device::{Board, Firmware, board};
use inkbit::model::builtin;
use inkbit_fuzz::files::{assert_tells, file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let path = file("firmware", data);
    for board in board::all() {
        match Firmware::find(&board, Some(&path)) {
            Ok(firmware) => check(&firmware, &board),
            Err(error) => assert_tells(&error),
        }
    }
});

fn check(firmware: &Firmware, board: &Board) {
    let parts = firmware.parts();
    assert!(!parts.is_empty(), "a firmware without anything to flash");
    let code: usize = parts.iter().map(|(_, bytes)| bytes.len()).sum();
    assert_eq!(firmware.footprint(board).code as usize, code);
    assert!(inkbit::fuzz::hex(&parts).trim_end().ends_with(":00000001FF"));
    let model = builtin::find("nano").expect("it is built in");
    match firmware.with_model(board, model.bytes()) {
        Ok(merged) => {
            let mut expected = parts;
            expected.push((board.memory.model.address, model.bytes()));
            // Erased, so that this model is the one in use.
            let records = board.memory.journal().into_iter().flatten();
            expected.extend(records.map(|record| (record, &[0xFF; 256][..])));
            let mut found = merged.parts();
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected);
        }
        Err(error) => assert_tells(&error),
    }
}
