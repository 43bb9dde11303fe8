//! What decoding a picture takes of memory at once. It goes by the length of the file: one of a few bytes can
//! claim any number of pixels.

use image::ImageFormat;

use super::jpeg;

/// The most bytes of the pixels that a decoder gives, of which each has up to 16; and what a file of any length
/// may take.
pub(super) const MOST: u64 = 256_000_000;
/// What each byte of a file adds to that. Of a photograph, a byte of its file stands for less, even where a
/// decoder keeps it twice.
const EACH: u64 = 32;

/// What decoding would take, and the limit, if it is over it. `bytes` are those of the pixels.
pub(super) fn fault(
    content: &[u8],
    format: Option<ImageFormat>,
    pixels: u64,
    bytes: u64,
) -> Option<[u64; 2]> {
    let found = bytes + beside(content, format, pixels, bytes);
    let most = MOST + EACH * content.len() as u64;
    (found > most).then_some([found, most])
}

/// What the decoders of the crate `image` 0.25 hold beside the pixels that they give, but for a few rows: those
/// of the other formats decode into the pixels themselves.
fn beside(content: &[u8], format: Option<ImageFormat>, pixels: u64, bytes: u64) -> u64 {
    match format {
        // Its own copy of the file, and coefficients of two bytes each.
        Some(ImageFormat::Jpeg) => {
            content.len() as u64 + pixels * jpeg::markers(content).kept / 16 * 2
        }
        // The numbers of the pixels' colours.
        Some(ImageFormat::Gif) => pixels,
        // All pixels; with four inks, of which three colours are made.
        Some(ImageFormat::Tiff) => bytes / 3 * 4,
        Some(ImageFormat::WebP) => pixels * webp(content, bytes > 3 * pixels),
        _ => 0,
    }
}

/// The same of a WebP, in bytes for each pixel (the container's chunks, RFC 9649, section 2.7). `has_alpha` says
/// whether four channels are given, not three.
fn webp(content: &[u8], has_alpha: bool) -> u64 {
    const ANIMATION: u8 = 0x02;
    const ALPHA: u8 = 0x10;
    let flags = content.get(20).copied().unwrap_or_default();
    match content.get(12..16) {
        // Luminance and two colours of a quarter of the pixels.
        Some(b"VP8 ") => 2,
        // A frame and the canvas, each with four channels; and the frame before it is converted.
        Some(b"VP8X") if flags & ANIMATION != 0 => 11,
        // The decoder unpacks the alpha channel as four channels and keeps one.
        Some(b"VP8X") if flags & ALPHA != 0 => 7,
        // What its four channels are predicted from; and they, where three are given.
        _ if has_alpha => 1,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_twice_is_counted_and_a_long_file_may_have_more() {
        let found = |content: &[u8], format, pixels: u64, each: u64| {
            fault(content, Some(format), pixels, pixels * each)
        };
        let most = 64_000_000;
        let taken = Some([320_000_000, 256_000_064]);
        for (format, each) in [(ImageFormat::Png, 4), (ImageFormat::Bmp, 4), (ImageFormat::Gif, 3)]
        {
            assert_eq!(found(&[0; 2], format, most, each), None);
        }
        assert_eq!(found(&[0; 2], ImageFormat::Png, most, 5), taken);
        assert_eq!(found(&[0; 2], ImageFormat::Gif, most, 4), taken);
        assert_eq!(found(&[], ImageFormat::Tiff, 36_000_000, 3), None);
        let taken = Some([448_000_000, 256_000_000]);
        assert_eq!(found(&[], ImageFormat::Tiff, most, 3), taken);
        assert_eq!(found(&vec![0; 6_000_000], ImageFormat::Tiff, most, 3), None);
        let webp = |chunk: &[u8; 4], flags| [&[0; 12][..], chunk, &[0; 4], &[flags]].concat();
        for (content, each, beside) in [
            (webp(b"VP8 ", 0), 3, 2),
            (webp(b"VP8L", 0), 3, 5),
            (webp(b"VP8L", 0), 4, 1),
            (webp(b"VP8X", 0x10), 4, 7),
            (webp(b"VP8X", 0x12), 4, 11),
        ] {
            let all = most * (each + beside);
            let taken = found(&content, ImageFormat::WebP, most, each).map(|[found, _]| found);
            assert_eq!(taken, Some(all).filter(|&all| all > 256_000_672), "{content:?}");
            assert_eq!(found(&content, ImageFormat::WebP, 16_000_000, each), None);
        }
        // Progressive, with all three components of every pixel.
        let frame = [8, 0, 9, 0, 9, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0];
        let jpeg = [&[0xFF, 0xD8, 0xFF, 0xC2, 0, 17][..], &frame].concat();
        assert_eq!(found(&jpeg, ImageFormat::Jpeg, 16_000_000, 3), None);
        assert_eq!(
            found(&jpeg, ImageFormat::Jpeg, most, 3),
            Some([64_000_000 * 9 + 21, 256_000_672])
        );
    }
}
