//! Images on the line: most pixels are background, and a run of them is sent as its length.
//!
//! A packed image is a row of tokens. A byte c below 128 is followed by c + 1 pixels as they are;
//! a byte c of 128 or more stands for c − 126 background pixels (2 to 129).

/// Packing makes an image longer by at most one byte for every this many pixels.
pub const PIXEL_OVERHEAD: usize = 128;

const SHORTEST_RUN: usize = 2;
const LONGEST_RUN: usize = 129;

/// Packs pixels into the front of `out`; `None` if it is too small.
///
/// ```
/// use inkbit_core::link::{pack_pixels, unpack_pixels};
/// let (mut line, mut image) = ([0; 8], [9; 6]);
/// let packed = pack_pixels(&[0, 0, 0, 200, 0, 0], &mut line).unwrap();
/// assert_eq!(packed, [129, 0, 200, 128]);
/// assert_eq!(unpack_pixels(packed, &mut image), 6);
/// assert_eq!(image, [0, 0, 0, 200, 0, 0]);
/// ```
pub fn pack_pixels<'o>(pixels: &[u8], out: &'o mut [u8]) -> Option<&'o [u8]> {
    let (mut rest, mut length) = (pixels, 0);
    while !rest.is_empty() {
        let run = rest.iter().take(LONGEST_RUN).take_while(|&&pixel| pixel == 0).count();
        let taken = if run >= SHORTEST_RUN {
            *out.get_mut(length)? = (run + 126) as u8;
            length += 1;
            run
        } else {
            let next_run = rest.windows(SHORTEST_RUN).position(|pair| pair == [0, 0]);
            let count = next_run.unwrap_or(rest.len()).min(PIXEL_OVERHEAD);
            let (control, place) = out.get_mut(length..=length + count)?.split_first_mut()?;
            *control = (count - 1) as u8;
            place.copy_from_slice(rest.get(..count)?);
            length += 1 + count;
            count
        };
        rest = rest.get(taken..)?;
    }
    out.get(..length)
}

/// Unpacks pixels into the front of `out` and returns how many there are. Pixels beyond the end of
/// `out` are counted but not kept; a last token that is cut off gives as many as it has.
pub fn unpack_pixels(packed: &[u8], out: &mut [u8]) -> usize {
    let (mut rest, mut length) = (packed, 0);
    while let Some((&control, after)) = rest.split_first() {
        let control = usize::from(control);
        let (pixels, count) = if control < 128 {
            let count = (control + 1).min(after.len());
            let (pixels, after) = after.split_at_checked(count).unwrap_or_default();
            rest = after;
            (pixels, count)
        } else {
            rest = after;
            (&[][..], control - 126)
        };
        let end = (length + count).min(out.len());
        if let Some(place) = out.get_mut(length..end) {
            match pixels.get(..place.len()) {
                Some(pixels) => place.copy_from_slice(pixels),
                None => place.fill(0),
            }
        }
        length += count;
    }
    length
}
