//! Pictures that were made to take memory or time.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::{MEMORY, confined, refused, sparse, zlib_zeros};
use crate::data_sources::zip;
use crate::place::Place;

/// The memory in KiB that a command may take for a picture of the most bytes, all told: 256 MB, which are made
/// grey where they are.
pub(super) const PICTURE_MEMORY: u64 = 384 << 10;

/// A PNG of these chunks, whose rows begin with the filter 0.
pub(super) fn png(
    width: u32,
    height: u32,
    colours: [u8; 2],
    chunks: &[(&[u8; 4], &[u8])],
) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let [depth, kind] = colours;
    let [w, h] = [width, height].map(u32::to_be_bytes);
    let header = [&w[..], &h, &[depth, kind, 0, 0, 0]].concat();
    for (name, content) in
        [(b"IHDR", &header[..])].iter().chain(chunks).chain(&[(b"IEND", &b""[..])])
    {
        file.extend((content.len() as u32).to_be_bytes());
        let mut crc = flate2::Crc::new();
        for part in [&name[..], content] {
            crc.update(part);
            file.extend(part);
        }
        file.extend(crc.sum().to_be_bytes());
    }
    file
}

/// The pixels of a small digit, packed as PNG has them.
pub(super) fn digit() -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..28 {
        let row: Vec<u8> = (0..29).map(|x| if (12..16).contains(&x) { 255 } else { 0 }).collect();
        packed.write_all(&row).unwrap();
    }
    packed.finish().unwrap()
}

/// A progressive JPEG of one component, with this number of scans, all of empty blocks.
pub(super) fn jpeg(side: u16, scans: usize) -> Vec<u8> {
    let segment = |marker: u8, content: &[u8]| {
        let length = (content.len() as u16 + 2).to_be_bytes();
        [&[0xFF, marker][..], &length, content].concat()
    };
    let [high, low] = side.to_be_bytes();
    let blocks = usize::from(side).div_ceil(8).pow(2);
    // Each table has the code 0 alone: no difference, and an end of 16,384 blocks.
    let table =
        |class: u8, symbol: u8| segment(0xC4, &[&[class, 1][..], &[0; 15], &[symbol]].concat());
    let ends = vec![0; blocks.div_ceil(16_384) * 2];
    let scan = [segment(0xDA, &[1, 1, 0, 1, 63, 0]), ends].concat();
    [
        vec![0xFF, 0xD8],
        segment(0xDB, &[&[0][..], &[1; 64]].concat()),
        segment(0xC2, &[8, high, low, high, low, 1, 1, 0x11, 0]),
        table(0, 0),
        table(0x10, 0xE0),
        segment(0xDA, &[1, 1, 0, 0, 0, 0]),
        vec![0; blocks.div_ceil(8)],
        scan.repeat(scans),
        vec![0xFF, 0xD9],
    ]
    .concat()
}

#[test]
fn a_picture_takes_no_more_than_its_pixels() {
    let place = Place::new();
    place.write("profile.png", {
        // 600 MB of colour profile in 600 kB.
        let profile = [&b"x\0\0"[..], &zlib_zeros(600)].concat();
        png(28, 28, [8, 0], &[(b"iCCP", &profile), (b"IDAT", &digit())])
    });
    let ended = confined(&place, MEMORY, "predict model.inkbit profile.png");
    assert_eq!(ended.code, Some(0), "{ended:?}");

    let rows = zlib_zeros(16);
    let large = |width, height| png(width, height, [16, 6], &[(b"IDAT", &rows)]);
    let text = [&b"x\0"[..], &vec![b'a'; 17 << 20]].concat();
    let files: [(&str, Vec<u8>, &str); 7] = [
        (
            "claims.png",
            large(60_000, 60_000),
            "found 60000x60000 pixels, expected at most 64 million",
        ),
        ("claims.pgm", b"P5 60000 60000 255\n0".to_vec(), "found 60000x60000 pixels"),
        ("claims.ppm", b"P6 4294967295 4294967295 65535\n0".to_vec(), "claims.ppm is"),
        ("claims.jpg", jpeg(60_000, 0), "found 60000x60000 pixels"),
        ("scans.jpg", jpeg(200, 20_000), "Too many scans"),
        ("row.png", large(63_000_000, 1), "found over 16777216 bytes, the limit"),
        ("text.png", png(28, 28, [8, 0], &[(b"tEXt", &text), (b"IDAT", &digit())]), "the limit"),
    ];
    for (name, content, expected) in &files {
        place.write(name, content);
        refused(&place, MEMORY, &format!("predict model.inkbit {name}"), expected);
    }
    // Sound, and as large as it may be: its pixels take 256 MB. Twice as many are not unpacked.
    place.write("largest.png", png(8000, 4000, [16, 6], &[(b"IDAT", &zlib_zeros(245))]));
    refused(&place, PICTURE_MEMORY, "predict model.inkbit largest.png", "shows no ink");
    place.write("deep.png", png(8000, 8000, [16, 6], &[(b"IDAT", &zlib_zeros(489))]));
    refused(&place, MEMORY, "predict model.inkbit deep.png", "8000x8000 pixels of 64 bits each");
    sparse(&place, "long.png", b"\x89PNG", 1 << 40);
    let expected = "found 1,099,511,627,776 bytes, the limit is 134,217,728";
    refused(&place, MEMORY, "predict model.inkbit long.png", expected);
    refused(&place, PICTURE_MEMORY, "predict model.inkbit /dev/zero", "the limit is 134,217,728");
    println!("tried: {} hostile files under a limit of memory", files.len() + 5);
}

/// A file of the form RIFF with these chunks, as WebP is one.
fn webp(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    for (name, content) in chunks {
        body.extend([&name[..], &(content.len() as u32).to_le_bytes(), content].concat());
        body.resize(body.len().next_multiple_of(2), 0);
    }
    [&b"RIFF"[..], &(body.len() as u32).to_le_bytes(), &body].concat()
}

/// Pixels of 8,000 × 8,000, all white, as WebP packs them without loss: in no bits each.
fn flat() -> Vec<u8> {
    let white = [(1, 1), (0, 1), (1, 1), (255, 8)];
    let start = [(0x2F_u64, 8), (7999, 14), (7999, 14), (0, 1), (0, 3), (0, 3)];
    let none = [(1, 1), (0, 1), (0, 1), (0, 1)];
    let (mut bits, mut count) = (0_u128, 0);
    for (value, size) in start.into_iter().chain([white; 4].concat()).chain(none) {
        bits |= u128::from(value) << count;
        count += size;
    }
    bits.to_le_bytes().to_vec()
}

#[test]
fn a_picture_of_a_few_bytes_takes_no_more_than_its_largest_form() {
    let place = Place::new();
    let side = 8000_u16.to_le_bytes();
    let size = [side, side].concat();
    // An end after a single pixel; the rest of a BMP packed by runs has the first colour.
    let colours = [255, 255, 255, 0, 0, 0];
    let frame = [&[0x2C, 0, 0, 0, 0][..], &size, &[0, 2, 2, 0x44, 1, 0, 0x3B]].concat();
    let gif = [&b"GIF89a"[..], &size, &[0x80, 0, 0], &colours, &frame].concat();
    let words =
        |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let bmp = [
        &b"BM"[..],
        &words(&[64, 0, 62, 40, 8000, 8000, 1 | 8 << 16, 1, 2, 0, 0, 2, 0]),
        &[255, 255, 255, 0, 0, 0, 0, 0, 0, 1],
    ]
    .concat();
    let last = [&7999_u32.to_le_bytes()[..3]; 2].concat();
    let canvas = [&[0x12, 0, 0, 0][..], &last].concat();
    let pixels = flat();
    let frame = [&[0; 6][..], &last, &[100, 0, 0, 0], b"VP8L\x10\0\0\0", &pixels].concat();
    let animation = webp(&[(b"VP8X", &canvas), (b"ANIM", &[0; 6]), (b"ANMF", &frame)]);
    let files: [(&str, Vec<u8>, &str); 5] = [
        ("short.gif", gif, "takes too much memory: found 320000000 bytes"),
        ("runs.bmp", bmp, "shows no ink"),
        ("flat.webp", webp(&[(b"VP8L", &pixels)]), "takes too much memory: found 512000000 bytes"),
        ("frame.webp", animation, "takes too much memory: found 960000000 bytes"),
        ("scans.jpg", jpeg(8000, 1), "shows no ink"),
    ];
    for (name, content, expected) in &files {
        place.write(name, content);
        refused(&place, PICTURE_MEMORY, &format!("predict model.inkbit {name}"), expected);
    }
    println!("tried: {} hostile files under a limit of memory", files.len());
}

#[test]
fn pictures_of_a_zip_are_refused_before_they_are_decoded() {
    let place = Place::new();
    let content = jpeg(8000, 99);
    let files: Vec<(String, &[u8])> =
        (0..50).map(|number| (format!("{}/{number}.jpg", number % 2), &content[..])).collect();
    place.write("long.zip", zip(&files));
    // One that is decoded takes more memory.
    refused(&place, MEMORY, "data check long.zip", "more pixels than so few bytes hold");
}
