//! A board runs the flash image that `inkbit image` writes.

use inkbit::device::{Board, Firmware};
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

/// The words between the marks of the block that tells the RP2350's boot ROM what a program is, which is
/// looked for in the first 4 KiB of flash (data sheet of the RP2350, 5.9).
fn block(firmware: &Firmware, flash: u32) -> Vec<u32> {
    let mut start = vec![0xFF; 4096];
    for (address, bytes) in firmware.parts() {
        let place = (address - flash) as usize;
        let length = bytes.len().min(start.len().saturating_sub(place));
        start[place.min(4096)..][..length].copy_from_slice(&bytes[..length]);
    }
    let words = start.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap()));
    words
        .skip_while(|&word| word != 0xFFFF_DED3)
        .skip(1)
        .take_while(|&word| word != 0xAB12_3579)
        .collect()
}

#[test]
fn programs_for_the_pico_2_tell_its_boot_rom_for_which_cores_they_are_and_where_they_begin() {
    for (name, image) in [("pico2", 0x1021_0142), ("pico2-riscv", 0x1101_0142)] {
        let board = Board::find(name).unwrap();
        let Ok(firmware) = Firmware::find(&board, None) else {
            assert!(std::env::var_os("INKBIT_REQUIRE_DEVICES").is_none(), "{name} is not built");
            inkbit_tests::skipped(name, "its firmware is not built");
            continue;
        };
        let block = block(&firmware, board.memory.flash.address);
        assert_eq!(block[0], image, "{name}: {block:08x?}");
        let (mut items, mut words) = (vec![], &block[..block.len() - 2]);
        while let Some(item) = words.first() {
            let (item, rest) = words.split_at((item >> 8 & 0xFF) as usize);
            items.push(item);
            words = rest;
        }
        // The last item tells how many words the others have, and the next block is this one.
        let length: usize = items.iter().map(|item| item.len()).sum();
        assert_eq!(
            block[block.len() - 2..],
            [(length as u32) << 8 | 0xFF, 0],
            "{name}: {block:08x?}"
        );
        if name == "pico2-riscv" {
            // The entry of the ELF file.
            let start = u32::from_le_bytes(firmware.elf()[24..28].try_into().unwrap());
            let ram = board.memory.ram;
            assert_eq!(items[1], [0x344, start, ram.address + ram.bytes]);
        }
    }
}
