//! What the markers of a JPEG say (ITU-T T.81, annex B), before it is decoded.

/// What is known of a JPEG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Markers {
    /// Whether the marker is there that ends the image, and not just that of a small image in a segment. What
    /// is not made of segments is left to the decoder.
    pub is_whole: bool,
    /// Coefficients that a decoder keeps for each pixel until the last scan is read, in sixteenths; none if
    /// pixels can be made at once.
    pub kept: u64,
    /// Number of scans.
    pub scans: u64,
}

/// The most components of a JPEG.
const COMPONENTS: usize = 4;

/// Reads the markers of a JPEG.
pub(super) fn markers(jpeg: &[u8]) -> Markers {
    let (mut coefficients, mut components, mut is_kept, mut scans) = (0, 0, false, 0);
    let mut at = 2;
    let mut is_whole = false;
    while let Some(&[start, marker]) = jpeg.get(at..).and_then(|rest| rest.first_chunk()) {
        at += match (start, marker) {
            (0xFF, 0xD9) => {
                is_whole = true;
                break;
            }
            // Filled up before a marker.
            (0xFF, 0xFF) => 1,
            // Markers without a segment.
            (0xFF, 0x01 | 0xD0..=0xD8) => 2,
            (0xFF, 1..) => match jpeg.get(at + 2..).and_then(|rest| rest.first_chunk()) {
                Some(&length) => {
                    let rest = &jpeg[at + 4..];
                    match marker {
                        // A frame; other numbers are of tables.
                        0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                            is_kept |= !matches!(marker, 0xC0 | 0xC1);
                            components = rest.get(5).map_or(0, |&count| usize::from(count));
                            coefficients = sixteenths(rest, components).max(coefficients);
                        }
                        // A scan of some of the components, which waits for the others.
                        0xDA => {
                            scans += 1;
                            is_kept |= rest.first().is_none_or(|&n| usize::from(n) < components);
                        }
                        _ => {}
                    }
                    2 + usize::from(u16::from_be_bytes(length)).max(2)
                }
                None => break,
            },
            // Entropy-coded data of a scan, in which a zero follows what looks like a marker.
            (0xFF, 0) => 2,
            _ => 1,
        };
    }
    Markers { is_whole, kept: if is_kept { coefficients } else { 0 }, scans }
}

/// How many coefficients a frame has for each pixel, in sixteenths. A component may have fewer than one for
/// each pixel.
fn sixteenths(frame: &[u8], components: usize) -> u64 {
    let factors = |index: usize| {
        let both = *frame.get(6 + 3 * index + 1)?;
        Some([u64::from(both >> 4), u64::from(both & 15)])
    };
    let all: Vec<[u64; 2]> = (0..components.min(COMPONENTS)).filter_map(factors).collect();
    let most = |axis: usize| all.iter().map(|both| both[axis]).max().unwrap_or_default().max(1);
    let sum: u64 = all.iter().map(|[across, down]| across * down).sum();
    (16 * sum).div_ceil(most(0) * most(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_small_image_within_a_jpeg_is_not_the_jpegs() {
        let small = [0xFF, 0xD8, 7, 0xFF, 0xD9];
        let segment = [&[0xFF, 0xE1, 0, 7][..], &small].concat();
        let scan = [0xFF, 0xDA, 0, 3, 1, 5, 0xFF, 0, 0xFF, 0xD0, 6];
        let whole = [&[0xFF, 0xD8][..], &segment, &scan, &[0xFF, 0xFF, 0xD9]].concat();
        assert!(markers(&whole).is_whole);
        for length in 0..whole.len() {
            assert!(!markers(&whole[..length]).is_whole, "{length}");
        }
    }

    #[test]
    fn coefficients_are_kept_of_what_comes_in_several_scans() {
        let frame = |kind: u8, factors: &[u8]| {
            let parts = factors.iter().flat_map(|&both| [1, both, 0]);
            let length = 8 + 3 * factors.len() as u8;
            let start = [0xFF, 0xD8, 0xFF, kind, 0, length, 8, 0, 9, 0, 9, factors.len() as u8];
            start.into_iter().chain(parts).collect::<Vec<u8>>()
        };
        let kept = |frame: &[u8], scan: u8| {
            let jpeg = [frame, &[0xFF, 0xDA, 0, 3, scan, 0xFF, 0xD9]].concat();
            let found = markers(&jpeg);
            assert!(found.is_whole);
            assert_eq!(found.scans, 1);
            found.kept
        };
        let photograph = [0x22, 0x11, 0x11];
        assert_eq!(kept(&frame(0xC0, &photograph), 3), 0);
        assert_eq!(kept(&frame(0xC0, &photograph), 1), 24);
        assert_eq!(kept(&frame(0xC2, &photograph), 3), 24);
        assert_eq!(kept(&frame(0xC2, &[0x11; 3]), 3), 48);
        assert_eq!(kept(&frame(0xC2, &[0x11; 4]), 4), 64);
        assert_eq!(kept(&frame(0xC2, &[0; 4]), 4), 0);
        // A table is no frame.
        assert_eq!(kept(&frame(0xC4, &photograph), 3), 0);
    }
}
