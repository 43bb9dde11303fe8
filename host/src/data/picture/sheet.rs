//! Many images on one picture.

use std::io::Cursor;
use std::path::Path;

use image::imageops::{FilterType, replace, resize};
use image::{GrayImage, ImageFormat, Luma};

use crate::support::png;
use crate::support::replace::ReplaceError;

/// Side length, in pixels of the picture, of the square that a pixel becomes.
const ZOOM: u32 = 2;
/// Pixels between two images.
const GAP: u32 = 4;
const BACKGROUND: u8 = 96;

/// A picture of rows of images of this width and height each, black ink on white.
pub fn contact_sheet(rows: &[Vec<Vec<u8>>], size: [usize; 2]) -> GrayImage {
    let [width, height] = size.map(|side| side as u32);
    let extent = |count: usize, side: u32| count as u32 * (side * ZOOM + GAP) + GAP;
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let mut sheet = GrayImage::from_pixel(
        extent(columns, width),
        extent(rows.len(), height),
        Luma([BACKGROUND]),
    );
    for (row, images) in rows.iter().enumerate() {
        for (column, image) in images.iter().enumerate() {
            let ink = |x, y| Luma([255 - image[(y * width + x) as usize]]);
            let image = GrayImage::from_fn(width, height, ink);
            let image = resize(&image, width * ZOOM, height * ZOOM, FilterType::Nearest);
            replace(&mut sheet, &image, extent(column, width).into(), extent(row, height).into());
        }
    }
    sheet
}

/// Writes a picture as PNG. Refuses to replace a file that is not a picture by Inkbit.
pub fn save(picture: &GrayImage, path: &Path) -> Result<(), ReplaceError> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).expect("grey pixels are a PNG");
    png::KIND.write(path, &png::marked(bytes.get_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_lie_in_rows_with_gaps() {
        let rows = [vec![vec![255], vec![0]], vec![vec![55]]];
        let sheet = contact_sheet(&rows, [1; 2]);
        assert_eq!(sheet.dimensions(), (16, 16));
        let at = |x, y| sheet.get_pixel(x, y).0[0];
        assert_eq!([at(4, 4), at(5, 5), at(10, 4), at(4, 10), at(10, 10)], [0, 0, 255, 200, 96]);
    }
}
