//! What a network's inputs are made of: images cropped and averaged, features scaled; in integers,
//! exactly as on the device.

use inkbit_core::{Input, Model};

use super::{Images, Shape};

/// How an image becomes rows of `width` inputs: squares of 4×4, 2×2 or 1×1 pixels, the largest that
/// fit, are averaged, and the remainder is cropped on both sides alike; of the height as little as can
/// be, and of the width no more than two squares. A width of 0 leaves the image as it is; features
/// take no other. `None` if no such squares fit.
pub fn input(shape: &Shape, width: usize) -> Option<Input> {
    let whole = shape.whole()?;
    if width == 0 {
        return Some(whole);
    }
    if shape.is_features() {
        return None;
    }
    [4, 2, 1].into_iter().find_map(|pool: u8| {
        let squares = usize::from(pool);
        let halved = |rest: usize| u8::try_from(rest / 2).ok().filter(|_| rest.is_multiple_of(2));
        let across = usize::from(whole.width).checked_sub(squares * width).and_then(halved)?;
        let down = match whole.width == whole.height {
            true => across,
            false => halved(usize::from(whole.height) % squares)
                .filter(|_| usize::from(across) <= 2 * squares)?,
        };
        let input = Input { crop: [across, down], pool: [pool; 2], ..whole };
        (input.size()[0] == width && input.inputs() > 0).then_some(input)
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

/// Appends to `out` the inputs that a sample of this shape becomes: an image is shrunk, features are
/// scaled by their ranges.
pub fn inputs(shape: &Shape, input: Input, sample: &[u8], out: &mut Vec<u8>) {
    match shape {
        Shape::Image { .. } => shrink(input, sample, out),
        Shape::Features { .. } => shape.scale(sample, out),
    }
}

impl Images {
    /// All images as the inputs of a network: images shrunk, features in the steps of their ranges.
    ///
    /// # Panics
    ///
    /// If the input shape takes images of another size.
    pub fn shrunk(&self, input: Input) -> Self {
        self.as_inputs(&self.shape, input)
    }

    /// All images as the inputs of a model.
    ///
    /// # Panics
    ///
    /// If the model takes others.
    pub fn inputs_of(&self, model: &Model<'_>) -> Self {
        self.as_inputs(&Shape::of_model(model), model.input())
    }

    fn as_inputs(&self, shape: &Shape, input: Input) -> Self {
        let size = [input.width, input.height].map(usize::from);
        assert_eq!(self.shape.size(), size, "size of the images");
        let mut pixels = Vec::with_capacity(self.len() * input.inputs());
        (0..self.len()).for_each(|index| inputs(shape, input, self.image(index), &mut pixels));
        let [width, height] = input.size();
        Self { shape: Shape::Image { width, height }, pixels, labels: self.labels.clone() }
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
            assert_eq!(input(&Shape::square(side), width), None, "{side} {width}");
        }
        for width in [7, 12, 13, 14, 20, 28] {
            assert_eq!(input(&Shape::square(28), width).map(Input::size), Some([width; 2]));
        }
        let features = Shape::Features { count: 28, signed: true, ranges: Vec::new() };
        assert_eq!(input(&features, 14), None);
    }

    #[test]
    fn of_an_image_that_is_no_square_as_few_rows_are_cut_as_can_be() {
        let size = |width, height, to| {
            input(&Shape::Image { width, height }, to).map(|input| (input.crop, input.size()))
        };
        assert_eq!(size(32, 24, 16), Some(([0, 0], [16, 12])));
        assert_eq!(size(32, 26, 8), Some(([0, 1], [8, 6])));
        assert_eq!(size(32, 25, 16), None); // one row is left over
        assert_eq!(size(32, 25, 30), Some(([1, 0], [30, 25])));
        assert_eq!(size(32, 24, 0), Some(([0, 0], [32, 24])));
        assert_eq!(size(32, 3, 8), None);
    }

    #[test]
    fn a_side_is_cropped_to_a_multiple_and_means_are_rounded_half_up() {
        assert_eq!(input(&Shape::square(28), 14), Some(Input::square(28, 0, 2)));
        assert_eq!(input(&Shape::square(28), 12), Some(Input::square(28, 2, 2)));
        assert_eq!(input(&Shape::square(28), 0), Some(Input::full(28)));
        assert_eq!(input(&Shape::square(28), 27), None);
        let mut inputs = Vec::new();
        shrink(Input::square(2, 0, 2), &[0, 1, 2, 3], &mut inputs);
        assert_eq!(inputs, [2]);
    }
}
