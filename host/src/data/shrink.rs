//! Shrinks images: cropped and averaged in integers, exactly as on the device.

use inkbit_core::Input;

use super::Images;

/// How an image of `side` × `side` pixels becomes `width` × `width` inputs: squares of 4×4, 2×2 or
/// 1×1 pixels, the largest that fit, are averaged, and the remainder is cropped on all sides alike.
/// A width of 0 leaves the image as it is. `None` if no such squares fit.
pub fn input(side: usize, width: usize) -> Option<Input> {
    let whole = Input::full(u16::try_from(side).ok()?);
    if width == 0 {
        return Some(whole);
    }
    [4, 2, 1].into_iter().find_map(|pool: u8| {
        let rest = side.checked_sub(usize::from(pool) * width).filter(|rest| rest % 2 == 0)?;
        let crop = u8::try_from(rest / 2).ok()?;
        let input = Input::square(whole.width, crop, pool);
        (input.size() == [width; 2]).then_some(input)
    })
}

/// Appends to `out` the [`Input::inputs`] inputs of an image of [`Input::pixels`] pixels: the mean
/// of each rectangle, rounded half up.
pub fn shrink(input: Input, image: &[u8], out: &mut Vec<u8>) {
    if (input.crop, input.pool) == ([0; 2], [1; 2]) {
        out.extend_from_slice(image);
        return;
    }
    let ([columns, rows], width) = (input.crop.map(usize::from), usize::from(input.width));
    let ([wide, high], [across, down]) = (input.pool.map(usize::from), input.size());
    let area = (wide * high) as u32;
    for i in 0..down {
        let corner = (rows + high * i) * width + columns;
        out.extend((0..across).map(|j| {
            let rectangle = (0..high).flat_map(|row| {
                let first = corner + row * width + wide * j;
                &image[first..first + wide]
            });
            let sum: u32 = rectangle.map(|&pixel| u32::from(pixel)).sum();
            ((sum + area / 2) / area) as u8
        }));
    }
}

impl Images {
    /// All images, shrunk.
    ///
    /// # Panics
    ///
    /// If the input shape takes images of another size.
    pub fn shrunk(&self, input: Input) -> Self {
        assert_eq!(
            [self.side; 2],
            [input.width, input.height].map(usize::from),
            "size of the images"
        );
        let mut pixels = Vec::with_capacity(self.len() * input.inputs());
        (0..self.len()).for_each(|index| shrink(input, self.image(index), &mut pixels));
        let [side, _] = input.size();
        Self { side, pixels, labels: self.labels.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_are_averaged_half_up_and_edges_cut() {
        let image: Vec<u8> = (0..36).map(|pixel| pixel * 7).collect();
        let mut out = Vec::new();
        shrink(Input::square(6, 1, 2), &image, &mut out);
        // Pixels 7, 8, 13 and 14, and so on: their mean is 10.5 pixels times 7.
        let mean = |first: u16| ((4 * first + 14) * 7 + 2) / 4;
        assert_eq!(out.iter().map(|&v| u16::from(v)).collect::<Vec<_>>(), [7, 9, 19, 21].map(mean));
        out.clear();
        shrink(Input::square(6, 1, 4), &[255; 36], &mut out);
        assert_eq!(out, [255]);
        out.clear();
        shrink(Input::full(6), &image, &mut out);
        assert_eq!(out, image);
    }

    #[test]
    fn widths_that_no_square_fits_are_refused() {
        for (side, width) in [(28, 27), (28, 29), (27, 14), (1, 2)] {
            assert_eq!(input(side, width).map(Input::size), None, "{side} {width}");
        }
        for width in [7, 12, 13, 14, 20, 28] {
            assert_eq!(input(28, width).map(Input::size), Some([width; 2]));
        }
    }

    #[test]
    fn a_side_is_cropped_to_a_multiple_and_means_are_rounded_half_up() {
        assert_eq!(input(28, 14), Some(Input::square(28, 0, 2)));
        assert_eq!(input(28, 12), Some(Input::square(28, 2, 2)));
        assert_eq!(input(28, 0), Some(Input::full(28)));
        assert_eq!(input(28, 27), None);
        let mut inputs = Vec::new();
        shrink(Input::square(2, 0, 2), &[0, 1, 2, 3], &mut inputs);
        assert_eq!(inputs, [2]);
    }
}
