//! UF2: files that a board's boot loader takes from a disk that it pretends to be.
//!
//! The format is Microsoft's (<https://github.com/microsoft/uf2>). The RP2040's boot ROM erases a
//! sector of 4 KiB when a block arrives whose number is a multiple of 16, whatever its address, so
//! a file that does not fill its sectors leaves pages of an older file behind (erratum RP2040-E14).
//! Files from here consist of whole sectors.

use std::collections::BTreeMap;

use crate::support::replace::Kind;

/// What the boot ROM erases at once.
const SECTOR: usize = 4096;

/// Bytes of data in a block, which are what the boot ROM writes at once.
const PAGE: usize = 256;

/// Bytes of a block, its data and what is around it.
const BLOCK: usize = 512;

/// Stands where the first block has room, so that what wrote the file can be told.
const MARK: &[u8] = b"written by Inkbit";
/// Where it begins: behind the page of the first block.
const MARK_AT: usize = 32 + PAGE;

/// What Inkbit wrote: it is UF2, and has the mark at its place.
pub const KIND: Kind = Kind::known("a UF2 file of Inkbit's", MARK_AT + MARK.len(), |beginning| {
    beginning.starts_with(START.map(u32::to_le_bytes).as_flattened())
        && beginning.get(MARK_AT..) == Some(MARK)
});

const START: [u32; 2] = [0x0A32_4655, 0x9E5D_5157];
const END: u32 = 0x0AB1_6F30;

/// The block names the family of processors that it is for.
const HAS_FAMILY: u32 = 0x2000;

/// Bytes of flash without a program.
const ERASED: u8 = 0xFF;

/// A UF2 file with these bytes at these addresses, for the boot loaders of a family of processors.
pub fn uf2(family: u32, parts: &[(u32, &[u8])]) -> Vec<u8> {
    let mut sectors = BTreeMap::new();
    for (start, bytes) in parts {
        for (address, byte) in (*start..).zip(*bytes) {
            let at = address as usize % SECTOR;
            let sector = sectors.entry(address - at as u32).or_insert([ERASED; SECTOR]);
            sector[at] = *byte;
        }
    }
    let pages: Vec<_> = sectors
        .iter()
        .flat_map(|(start, sector)| (*start..).step_by(PAGE).zip(sector.chunks_exact(PAGE)))
        .collect();
    let mut file = Vec::with_capacity(BLOCK * pages.len());
    for (number, (address, page)) in (0..).zip(&pages) {
        let end = file.len() + BLOCK;
        let words =
            [HAS_FAMILY, *address, PAGE as u32, number, pages.len() as u32, family].into_iter();
        START.into_iter().chain(words).for_each(|word| file.extend(word.to_le_bytes()));
        file.extend(*page);
        if number == 0 {
            file.extend(MARK);
        }
        file.resize(end - size_of_val(&END), 0);
        file.extend(END.to_le_bytes());
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLASH: u32 = 0x1000_0000;
    const RP2040: u32 = 0xE48B_FF56;

    /// What the RP2040's boot ROM makes of a file: each block is written, and one whose number is a
    /// multiple of 16 erases its sector first.
    fn boot_rom(flash: &mut [u8], file: &[u8]) {
        for block in file.chunks_exact(BLOCK) {
            let word = |at: usize| u32::from_le_bytes(block[at..at + 4].try_into().unwrap());
            assert_eq!((word(0), word(4), word(508)), (START[0], START[1], END));
            assert_eq!((word(8), word(16), word(28)), (HAS_FAMILY, PAGE as u32, RP2040));
            let at = (word(12) - FLASH) as usize;
            if word(20).is_multiple_of(16) {
                let sector = at - at % SECTOR;
                flash[sector..sector + SECTOR].fill(ERASED);
            }
            // What is not erased keeps its zeros.
            for (cell, byte) in flash[at..].iter_mut().zip(&block[32..32 + PAGE]) {
                *cell &= byte;
            }
        }
    }

    #[test]
    fn another_reader_finds_each_byte_at_its_address() {
        let bytes: Vec<u8> = (0..5000).map(|number| number as u8).collect();
        let file = uf2(RP2040, &[(FLASH + 300, &bytes), (FLASH + 0x1_0000, b"model")]);
        let (found, families) = uf2_decode::convert_from_uf2(&file).unwrap();
        assert_eq!(families.keys().copied().collect::<Vec<_>>(), [RP2040]);
        assert_eq!(found[300..5300], bytes);
        assert_eq!(found[0x1_0000..0x1_0005], *b"model");
        assert!(found[..300].iter().all(|&byte| byte == ERASED));
    }

    #[test]
    fn a_shorter_file_over_a_longer_one_leaves_nothing_behind_and_harms_no_other() {
        let (long, short) = ([0x11; 30_000], [0x22; 5_001]);
        let model = (FLASH + 0x1_0000, [0x33; 9_000]);
        let firmware: [&[u8]; 2] = [&long, &short];
        for first in firmware {
            for second in firmware {
                let mut flash = vec![0; 0x2_0000];
                let model_file = uf2(RP2040, &[(model.0, &model.1)]);
                boot_rom(&mut flash, &uf2(RP2040, &[(FLASH, first)]));
                boot_rom(&mut flash, &model_file);
                boot_rom(&mut flash, &uf2(RP2040, &[(FLASH, second)]));
                assert_eq!(flash[..second.len()], *second);
                assert_eq!(flash[0x1_0000..0x1_0000 + 9_000], model.1);
                let sector_end = second.len().next_multiple_of(SECTOR);
                assert!(flash[second.len()..sector_end].iter().all(|&byte| byte == ERASED));
            }
        }
    }
}
