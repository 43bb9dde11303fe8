//! A board runs the flash image that `inkbit image` writes.

use inkbit_tests::devices::{classic, emulated, emulated_names, start};

#[test]
fn a_merged_elf_file_brings_the_model_with_it_to_every_board() {
    let blob = classic();
    for name in emulated_names() {
        let Some((board, firmware)) = emulated(&name) else { continue };
        let merged = firmware.with_model(&board, blob.bytes()).unwrap();
        let model = (board.memory.model.address, blob.bytes());
        assert!(merged.parts().contains(&model), "{name}");
        // Erased, so that this model is the one in use.
        let records = board.memory.journal().map_or(0, |sectors| sectors.len());
        assert_eq!(merged.parts().len(), firmware.parts().len() + 1 + records, "{name}");
        // No model is loaded apart from it.
        let mut client = start(&board, &merged, &[]).into_client().unwrap();
        client.hello().unwrap().expect_model(blob.crc()).unwrap();
    }
}
