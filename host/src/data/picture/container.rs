//! What pictures have inside that takes more than their size says: checked before they are decoded.

/// Bytes of a TIFF's entry.
const ENTRY: usize = 12;
/// Pixels that a frame of a GIF may have whatever its screen's size is.
const SMALL_FRAME: u64 = 1 << 16;

/// Why a picture of `width` × `height` pixels, of which `most` may be decoded, is not; none if nothing
/// is known against it.
pub(super) fn fault(content: &[u8], width: u32, height: u32, most: u64) -> Option<&'static str> {
    if content.starts_with(b"GIF8") {
        return frame_is_larger(content).then_some("a frame that is larger than the picture");
    }
    let is_tiff = content.starts_with(b"II") || content.starts_with(b"MM");
    if is_tiff { tiff(content, width, height, most) } else { None }
}

/// The first directory of a TIFF (TIFF 6.0, section 2): what is packed as JPEG has a size of its own, and
/// tiles may be larger than the picture.
fn tiff(content: &[u8], width: u32, height: u32, most: u64) -> Option<&'static str> {
    const STRANGE: Option<&str> = Some("a directory of an unusual form");
    let is_little = content.starts_with(b"II");
    let number = |at: usize, bytes: usize| -> Option<u64> {
        let found = content.get(at..at.checked_add(bytes)?)?;
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(match is_little {
            true => found.iter().rev().fold(0, add),
            false => found.iter().fold(0, add),
        })
    };
    // Version 43 has another form, which the decoder reads, too.
    let (Some(42), Some(start)) = (number(2, 2), number(4, 4)) else { return STRANGE };
    let Some(count) = number(start as usize, 2) else { return STRANGE };
    let mut tile = [0, 0];
    for entry in 0..count as usize {
        let at = start as usize + 2 + ENTRY * entry;
        let (Some(tag), Some(kind)) = (number(at, 2), number(at + 2, 2)) else { return STRANGE };
        if !matches!(tag, 259 | 322 | 323) {
            continue;
        }
        let bytes = match kind {
            3 => 2,
            4 => 4,
            _ => return STRANGE,
        };
        let (Some(1), Some(value)) = (number(at + 4, 4), number(at + 8, bytes)) else {
            return STRANGE;
        };
        match tag {
            259 if matches!(value, 6 | 7 | 34892) => return Some("a JPEG inside a TIFF"),
            259 => {}
            _ => tile[tag as usize - 322] = value.max(tile[tag as usize - 322]),
        }
    }
    let [across, down] = tile.map(|side| side.max(1));
    let padded = u64::from(width).next_multiple_of(across);
    let padded = u128::from(padded) * u128::from(u64::from(height).next_multiple_of(down));
    (tile != [0, 0] && padded > most.into()).then_some("tiles that are larger than the picture")
}

/// Whether the first frame of a GIF (version 89a, appendix A) has more pixels than its screen, and not
/// just a few.
fn frame_is_larger(content: &[u8]) -> bool {
    let half = |at: usize| {
        let bytes = content.get(at..)?.first_chunk()?;
        Some(u64::from(u16::from_le_bytes(*bytes)))
    };
    let area = |at: usize| Some(half(at)? * half(at + 2)?);
    let frame = || {
        let flags = *content.get(10)?;
        let colours = if flags & 0x80 == 0 { 0 } else { 3 << (1 + (flags & 7)) };
        let mut at = 13 + colours;
        loop {
            match content.get(at)? {
                // An extension: its label, then blocks with their length before them.
                0x21 => {
                    at += 2;
                    while *content.get(at)? != 0 {
                        at += 1 + usize::from(*content.get(at)?);
                    }
                    at += 1;
                }
                0x2C => return area(at + 5),
                _ => return None,
            }
        }
    };
    frame().zip(area(6)).is_some_and(|(frame, screen)| frame > screen.max(SMALL_FRAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A TIFF's start: entries of (tag, type, value).
    fn tiff(entries: &[(u16, u16, u32)], is_little: bool) -> Vec<u8> {
        let half = |value: u16| if is_little { value.to_le_bytes() } else { value.to_be_bytes() };
        let word = |value: u32| if is_little { value.to_le_bytes() } else { value.to_be_bytes() };
        let start = if is_little { &b"II"[..] } else { b"MM" };
        let mut bytes = [start, &half(42), &word(8), &half(entries.len() as u16)].concat();
        for &(tag, kind, value) in entries {
            let value = match kind {
                3 => [half(value as u16), [0; 2]].concat(),
                _ => word(value).to_vec(),
            };
            bytes.extend([&half(tag)[..], &half(kind), &word(1), &value].concat());
        }
        bytes
    }

    #[test]
    fn a_tiff_with_a_jpeg_or_with_tiles_far_beyond_its_edges_is_refused() {
        for is_little in [false, true] {
            let found = |entries| fault(&tiff(entries, is_little), 28, 28, 1 << 20);
            assert_eq!(found(&[(256, 4, 28), (259, 3, 5)]), None);
            assert_eq!(found(&[(259, 3, 1), (322, 3, 64), (323, 3, 64)]), None);
            assert_eq!(found(&[(259, 3, 7)]), Some("a JPEG inside a TIFF"));
            assert_eq!(found(&[(259, 3, 1), (259, 4, 6)]), Some("a JPEG inside a TIFF"));
            let tiles = Some("tiles that are larger than the picture");
            assert_eq!(found(&[(322, 4, 1 << 22), (323, 4, 16)]), tiles);
            assert_eq!(found(&[(322, 4, u32::MAX), (323, 4, u32::MAX)]), tiles);
            let strange = Some("a directory of an unusual form");
            assert_eq!(found(&[(259, 1, 7)]), strange);
            let whole = tiff(&[(259, 3, 1)], is_little);
            for length in 2..whole.len() - 2 {
                assert_eq!(fault(&whole[..length], 28, 28, 1 << 20), strange, "{length}");
            }
        }
    }

    #[test]
    fn a_gif_with_a_frame_beyond_its_screen_is_refused() {
        let gif = |frame: u16| {
            let screen = [28, 0, 28, 0, 0x80, 0, 0, 1, 2, 3, 4, 5, 6];
            let extension = [0x21, 0xF9, 4, 0, 0, 0, 0, 0];
            let [low, high] = frame.to_le_bytes();
            let place = [0x2C, 0, 0, 0, 0, low, high, low, high];
            [b"GIF89a", &screen[..], &extension, &place].concat()
        };
        assert_eq!(fault(&gif(28), 28, 28, 1 << 20), None);
        assert_eq!(fault(&gif(200), 28, 28, 1 << 20), None);
        let larger = Some("a frame that is larger than the picture");
        assert_eq!(fault(&gif(2040), 28, 28, 1 << 20), larger);
        for length in 0..gif(2040).len() {
            assert_eq!(fault(&gif(2040)[..length], 28, 28, 1 << 20), None);
        }
    }
}
