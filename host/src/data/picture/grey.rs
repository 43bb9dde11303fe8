//! Pixels of any colours as grey ones, within the memory that they take themselves.

use image::metadata::Orientation;
use image::{ColorType, DynamicImage, GrayImage, ImageDecoder, ImageResult, LumaA};

/// Pixels that are converted at a time.
const BAND: u32 = 1 << 18;

/// The luminance of a picture.
#[derive(Debug)]
pub(super) struct Grey {
    /// What is transparent is white.
    pub on_white: GrayImage,
    /// What is transparent is black; none if the picture's kind of pixels cannot be transparent.
    pub on_black: Option<GrayImage>,
}

impl Grey {
    /// Converts a decoder's pixels, which come row by row, in bands of rows. The grey pixels take the place of
    /// those that were converted: a second picture of all pixels would double the memory. A band has at least
    /// one row, so of a picture of one very wide row it is the whole.
    ///
    /// # Errors
    ///
    /// None for pixels that are as many as `size` says.
    pub fn of(colours: ColorType, size: [u32; 2], mut pixels: Vec<u8>) -> ImageResult<Self> {
        let [width, height] = size;
        let row = width as usize * usize::from(colours.bytes_per_pixel());
        let rows = (BAND / width.max(1)).max(1);
        let mut end = 0;
        for top in (0..height).step_by(rows as usize) {
            let size = (width, rows.min(height - top));
            let start = top as usize * row;
            let content = &pixels[start..start + size.1 as usize * row];
            let band = DynamicImage::from_decoder(Band { colours, size, content })?;
            // No pixel has fewer bytes than it becomes.
            if colours.has_alpha() {
                let band = band.into_luma_alpha16();
                for (to, pixel) in pixels[end..].chunks_exact_mut(2).zip(band.pixels()) {
                    to.copy_from_slice(&[mixed(pixel, 255), mixed(pixel, 0)]);
                }
                end += 2 * band.pixels().len();
            } else {
                let band = band.into_luma8();
                pixels[end..end + band.len()].copy_from_slice(&band);
                end += band.len();
            }
        }
        pixels.truncate(end);
        pixels.shrink_to_fit();
        let mut on_black = None;
        if colours.has_alpha() {
            let mut black = Vec::with_capacity(end / 2);
            black.extend(pixels.iter().skip(1).step_by(2));
            on_black = Some(black);
            (0..end / 2).for_each(|at| pixels[at] = pixels[2 * at]);
            pixels.truncate(end / 2);
            pixels.shrink_to_fit();
        }
        let plane = |plane| GrayImage::from_raw(width, height, plane).expect("the bands are all");
        Ok(Self { on_white: plane(pixels), on_black: on_black.map(plane) })
    }

    /// As a camera was held.
    pub fn turned(self, orientation: Orientation) -> Self {
        let turn = |plane| {
            let mut plane = DynamicImage::ImageLuma8(plane);
            plane.apply_orientation(orientation);
            plane.into_luma8()
        };
        Self { on_white: turn(self.on_white), on_black: self.on_black.map(turn) }
    }
}

/// A pixel before a background of this grey.
fn mixed(&LumaA([grey, opaque]): &LumaA<u16>, background: u8) -> u8 {
    let (grey, opaque) = (u64::from(grey), u64::from(opaque));
    let mixed = grey * opaque + u64::from(background) * 257 * (65535 - opaque);
    ((mixed / 65535 + 128) / 257) as u8
}

/// Rows of a picture, which are one to the crate that converts them.
struct Band<'p> {
    colours: ColorType,
    size: (u32, u32),
    content: &'p [u8],
}

impl ImageDecoder for Band<'_> {
    fn dimensions(&self) -> (u32, u32) {
        self.size
    }

    fn color_type(&self) -> ColorType {
        self.colours
    }

    fn read_image(self, pixels: &mut [u8]) -> ImageResult<()> {
        pixels.copy_from_slice(self.content);
        Ok(())
    }

    fn read_image_boxed(self: Box<Self>, pixels: &mut [u8]) -> ImageResult<()> {
        (*self).read_image(pixels)
    }
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;
    use crate::support::rng::Rng;

    #[test]
    fn bands_are_converted_as_a_picture_is_as_a_whole() {
        let mut rng = Rng::new(7, &[]);
        // Two bands, of which the second is not full.
        let (width, height) = (700, 400);
        let colours = RgbImage::from_fn(width, height, |_, _| {
            image::Rgb([0; 3].map(|_| rng.below(256) as u8))
        });
        let opaque = DynamicImage::ImageRgb8(colours);
        let mut clear = opaque.to_rgba8();
        clear.pixels_mut().for_each(|pixel| pixel.0[3] = rng.below(256) as u8);
        let clear = DynamicImage::ImageRgba8(clear);
        let kinds = [
            DynamicImage::ImageLuma8(opaque.to_luma8()),
            DynamicImage::ImageLuma16(opaque.to_luma16()),
            DynamicImage::ImageRgb16(opaque.to_rgb16()),
            DynamicImage::ImageRgb32F(opaque.to_rgb32f()),
            DynamicImage::ImageLumaA8(clear.to_luma_alpha8()),
            DynamicImage::ImageLumaA16(clear.to_luma_alpha16()),
            DynamicImage::ImageRgba16(clear.to_rgba16()),
            DynamicImage::ImageRgba32F(clear.to_rgba32f()),
            opaque,
            clear,
        ];
        for picture in kinds {
            let pixels = picture.as_bytes().to_vec();
            let found = Grey::of(picture.color(), [width, height], pixels).unwrap();
            if !picture.color().has_alpha() {
                assert_eq!(found.on_white, picture.to_luma8(), "{:?}", picture.color());
                assert!(found.on_black.is_none());
                continue;
            }
            let on = |background| {
                let mix = |pixel| mixed(pixel, background);
                picture.to_luma_alpha16().pixels().map(mix).collect::<Vec<u8>>()
            };
            assert_eq!(found.on_white.into_raw(), on(255), "{:?}", picture.color());
            assert_eq!(found.on_black.unwrap().into_raw(), on(0), "{:?}", picture.color());
        }
    }

    #[test]
    fn a_pixel_that_is_half_transparent_is_mixed_with_the_background() {
        let row = [100, 0, 100, 128, 200, 255, 0, 64];
        let found = Grey::of(ColorType::La8, [4, 1], row.to_vec()).unwrap();
        assert_eq!(found.on_white.as_raw(), &[255, 177, 200, 191]);
        assert_eq!(found.on_black.as_ref().unwrap().as_raw(), &[0, 50, 200, 0]);
        let turned = found.turned(Orientation::Rotate90);
        assert_eq!(turned.on_white.dimensions(), (1, 4));
        assert_eq!(turned.on_black.unwrap().as_raw(), &[0, 50, 200, 0]);
    }
}
