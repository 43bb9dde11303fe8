//! A board runs the flash image that `inkbit image` writes.

use inkbit::device::{Board, Firmware};
use inkbit_tests::devices::{classic, emulated, emulated_names, start};
use object::read::elf::ElfFile32;
use object::{LittleEndian, Object, ObjectSection};

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

/// What the ESP32-C3's firmware may take without its copy of the model, which is in `.bss`.
const ESP32_C3: (u64, u64) = (0x1_4000, 0x4000);
const ESP32_C3_COPY: u64 = 0x3_A800;

#[test]
fn the_firmware_of_the_esp32_c3_is_held_to_its_budget() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../firmware/target/esp32-c3/riscv32imc-unknown-none-elf/release/inkbit-esp32-c3"
    );
    let Ok(elf) = std::fs::read(file) else {
        assert!(std::env::var_os("INKBIT_REQUIRE_DEVICES").is_none(), "{file} is not built");
        return inkbit_tests::skipped("esp32-c3", "its firmware is not built");
    };
    let elf = ElfFile32::<LittleEndian>::parse(&*elf).unwrap();
    let ram = |section: &_| {
        let name = ObjectSection::name(section).unwrap();
        name == ".data" || name == ".bss"
    };
    let code: u64 = elf
        .sections()
        .filter(|section| section.file_range().is_some())
        .filter(|section| ObjectSection::address(section) != 0)
        .map(|section| section.size())
        .sum();
    let variables: u64 = elf.sections().filter(ram).map(|section| section.size()).sum();
    let variables = variables.checked_sub(ESP32_C3_COPY).expect("the copy of the model");
    println!("esp32-c3: {code} bytes of code, {variables} of static RAM");
    assert!(code <= ESP32_C3.0 && variables <= ESP32_C3.1, "{code}, {variables}");
    let names = |name: &[u8]| elf.data().windows(name.len()).any(|bytes| bytes == name);
    assert!(names(b"esp32-c3"), "the name that it gives the host");
}
