//! Flash images: the model at its address, alone or together with the firmware.

use inkbit_core::link::STORE_PAGE;
use object::U32;
use object::elf::{
    FileHeader32, PF_R, PT_LOAD, ProgramHeader32, SHF_ALLOC, SHT_PROGBITS, SectionHeader32,
};
use object::endian::{LittleEndian, U16};
use object::pod::{bytes_of, bytes_of_slice};
use object::read::elf::{FileHeader, SectionHeader};

/// The ELF files of all boards' firmware: 32 bits, little-endian.
pub(super) type Header = FileHeader32<LittleEndian>;
pub(super) const ENDIAN: LittleEndian = LittleEndian;

/// Bytes of data in a line of Intel HEX.
const HEX_LINE: usize = 16;

/// A page of a journal in which no slot is recorded: then the first is in use, where a flasher writes.
pub(crate) const NO_RECORD: &[u8] = &[0xFF; STORE_PAGE];

/// What every Intel HEX file of Inkbit begins with, so that it is known again: addresses that nothing is
/// loaded to, and that spell INKBIT.
const HEX_MARK: &[u8] = b":02000004494E63\n:020000044B426D\n:0200000449545D\n";

/// The bytes by which it is known.
pub(crate) const HEX_BEGINNING: usize = HEX_MARK.len();

/// Name of the model's section in a merged ELF file.
const SECTION: &[u8] = b".inkbit_model";

/// A firmware to which a model cannot be added.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages tell")]
pub enum FlashImageError {
    #[error("the firmware is no ELF file that a model can be added to")]
    Elf(#[from] object::read::Error),
    #[error("the firmware has as many segments or sections as an ELF file can have")]
    Full,
    #[error("the model cannot be added to the firmware: {0}; link it anew")]
    Merged(String),
}

/// Intel HEX with these bytes at these addresses.
pub fn hex(parts: &[(u32, &[u8])]) -> String {
    let marks = [*b"IN", *b"KB", *b"IT"].map(u16::from_be_bytes);
    let mut records: Vec<_> = marks.map(ihex::Record::ExtendedLinearAddress).to_vec();
    let mut high = u32::from(marks[2]);
    for (start, bytes) in parts {
        let mut address = *start;
        let mut rest = *bytes;
        while !rest.is_empty() {
            if address >> 16 != high {
                high = address >> 16;
                records.push(ihex::Record::ExtendedLinearAddress(high as u16));
            }
            // A line ends where the upper half of the address changes.
            let room = 0x1_0000 - (address as usize & 0xFFFF);
            let (line, after) = rest.split_at(rest.len().min(HEX_LINE).min(room));
            records.push(ihex::Record::Data { offset: address as u16, value: line.to_vec() });
            address = address.wrapping_add(line.len() as u32);
            rest = after;
        }
    }
    records.push(ihex::Record::EndOfFile);
    ihex::create_object_file_representation(&records).expect("short lines, one end") + "\n"
}

/// Whether a file that begins so is Intel HEX of Inkbit's.
pub(crate) fn is_our_hex(beginning: &[u8]) -> bool {
    beginning.starts_with(HEX_MARK)
}

/// Whether a file is a firmware in which [`merged_elf`] has put a model: a section of this name that is
/// loaded, behind all others.
pub(crate) fn has_model_section(file: &[u8]) -> bool {
    let found = || {
        let header = Header::parse(file)?;
        let sections = header.sections(header.endian()?, file)?;
        let last = sections.iter().last();
        Ok::<_, object::read::Error>(last.is_some_and(|section| {
            sections.section_name(ENDIAN, section).is_ok_and(|name| name == SECTION)
                && section.sh_flags(ENDIAN).contains(SHF_ALLOC)
        }))
    };
    found().unwrap_or_default()
}

/// The firmware's ELF file with the model in a segment and a section of its own.
///
/// The existing content stays in place; the tables, which grow, move to the end.
pub fn merged_elf(firmware: &[u8], address: u32, blob: &[u8]) -> Result<Vec<u8>, FlashImageError> {
    let mut header: Header = *Header::parse(firmware)?;
    let mut segments = header.program_headers(ENDIAN, firmware)?.to_vec();
    let mut sections = header.section_headers(ENDIAN, firmware)?.to_vec();
    let names_index = header.shstrndx(ENDIAN, firmware)? as usize;
    let old_names = sections.get(names_index).map(|names| names.data(ENDIAN, firmware));
    let mut names = old_names.transpose()?.unwrap_or_default().to_vec();

    let mut file = firmware.to_vec();
    let word = |value: usize| U32::new(ENDIAN, value as u32);
    let place = word(append(&mut file, blob));
    let size = word(blob.len());
    let address = U32::new(ENDIAN, address);
    let model = ProgramHeader32 {
        p_type: U32::new(ENDIAN, PT_LOAD),
        p_offset: place,
        p_vaddr: address,
        p_paddr: address,
        p_filesz: size,
        p_memsz: size,
        p_flags: U32::new(ENDIAN, PF_R),
        p_align: word(8),
    };
    // ELF requires segments in the order of their addresses.
    let behind = |segment: &ProgramHeader32<LittleEndian>| {
        segment.p_type.get(ENDIAN) == PT_LOAD && segment.p_vaddr.get(ENDIAN) > address.get(ENDIAN)
    };
    segments.insert(segments.iter().position(behind).unwrap_or(segments.len()), model);
    header.e_phnum = count(segments.len())?;
    header.e_phoff = word(append(&mut file, bytes_of_slice(&segments)));

    let name = word(names.len());
    names.extend([SECTION, b"\0"].concat());
    if let Some(section) = sections.get_mut(names_index) {
        section.sh_offset = word(append(&mut file, &names));
        section.sh_size = word(names.len());
    }
    sections.push(SectionHeader32 {
        sh_name: name,
        sh_type: U32::new(ENDIAN, SHT_PROGBITS),
        sh_flags: U32::new_u64_truncate(ENDIAN, SHF_ALLOC),
        sh_addr: address,
        sh_offset: place,
        sh_size: size,
        sh_link: word(0),
        sh_info: word(0),
        sh_addralign: word(8),
        sh_entsize: word(0),
    });
    header.e_shnum = count(sections.len())?;
    header.e_shoff = word(append(&mut file, bytes_of_slice(&sections)));

    let header = bytes_of(&header);
    file[..header.len()].copy_from_slice(header);
    Ok(file)
}

/// Appends bytes on an 8-byte boundary and returns their offset.
fn append(file: &mut Vec<u8>, bytes: &[u8]) -> usize {
    file.resize(file.len().next_multiple_of(8), 0);
    let place = file.len();
    file.extend_from_slice(bytes);
    place
}

fn count(length: usize) -> Result<U16<LittleEndian>, FlashImageError> {
    // ELF reserves 0xFFFF and, for sections, the numbers from 0xFF00 on.
    match u16::try_from(length) {
        Ok(length) if length < 0xFF00 => Ok(U16::new(ENDIAN, length)),
        _ => Err(FlashImageError::Full),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intel_hex_gives_every_byte_its_address_across_a_64_kib_boundary() {
        let bytes: Vec<u8> = (0..40).collect();
        let text = hex(&[(0x10, &[7]), (0x0001_FFF5, &bytes)]);
        let mut found = std::collections::BTreeMap::new();
        let mut high = 0;
        for record in ihex::Reader::new(&text) {
            match record.unwrap() {
                ihex::Record::ExtendedLinearAddress(value) => high = u32::from(value) << 16,
                ihex::Record::Data { offset, value } => {
                    let start = high + u32::from(offset);
                    found.extend((start..).zip(value));
                }
                ihex::Record::EndOfFile => {}
                other => panic!("{other:?}"),
            }
        }
        let expected = [(0x10, 7)].into_iter().chain((0x0001_FFF5..).zip(bytes));
        assert_eq!(found, expected.collect());
    }
}
