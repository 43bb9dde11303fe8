//! PNG pictures that are known as Inkbit's.

use flate2::Crc;

use super::replace::Kind;

/// Kind and content of the chunk that is the mark.
const CHUNK: &[u8] = b"tEXtSoftware\0Inkbit";
/// What every PNG begins with.
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1A\n";
/// Length of a PNG's signature and header, which come before other chunks.
const HEADER: usize = 33;
/// Where the chunk is: its length stands before it.
const MARK_AT: usize = HEADER + 4;

/// A picture that [`marked`] has made.
pub const KIND: Kind = Kind::known("a picture by Inkbit", MARK_AT + CHUNK.len(), |start| {
    start.starts_with(SIGNATURE) && start.get(MARK_AT..) == Some(CHUNK)
});

/// A PNG with the mark.
pub fn marked(png: &[u8]) -> Vec<u8> {
    let (header, rest) = png.split_at(HEADER);
    let mut crc = Crc::new();
    crc.update(CHUNK);
    // The length is that of the content, without the kind.
    let (length, crc) = ((CHUNK.len() - 4) as u32, crc.sum());
    [header, &length.to_be_bytes(), CHUNK, &crc.to_be_bytes(), rest].concat()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{GrayImage, ImageFormat, Luma};

    use super::*;

    #[test]
    fn a_picture_is_still_the_same_and_is_known_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picture.png");
        let picture = GrayImage::from_pixel(3, 2, Luma([7]));
        let mut png = Cursor::new(Vec::new());
        picture.write_to(&mut png, ImageFormat::Png).unwrap();
        KIND.write(&path, &marked(png.get_ref())).unwrap();
        assert_eq!(image::open(&path).unwrap().to_luma8(), picture);
        assert!(KIND.check(&path).is_ok());
        std::fs::write(&path, png.get_ref()).unwrap();
        assert!(KIND.check(&path).is_err());
    }
}
