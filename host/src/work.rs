//! How much a device has to compute for an image: zeros are skipped, so it depends on the images.

use std::num::NonZeroUsize;
use std::thread;

use inkbit_core::{LayerOutput, LayerShape, Model, infer_observed};
use serde::Serialize;

use crate::data::Images;
use crate::evaluate::{EvaluateError, check_images, host_scratch};

/// The work of one image, in the mean over some images.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Work {
    /// Share of each layer's inputs that are not zero, from 0 to 1.
    pub nonzero: Vec<f64>,
    /// Multiplications of non-zero inputs, those for the empty places of a block included.
    pub macs: f64,
    /// Pixels of an image, and values that the layers give.
    pub values: usize,
}

impl Work {
    /// Measures a model's work on images, on all cores.
    ///
    /// # Errors
    ///
    /// Those of [`check_images`].
    pub fn measure(model: &Model<'_>, images: &Images) -> Result<Self, EvaluateError> {
        check_images(images, usize::from(model.input().side), model.classes())?;
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let size = model.input().pixels();
        let share = images.len().div_ceil(threads);
        let counts = thread::scope(|scope| {
            let part = |pixels: &[u8]| {
                let mut scratch = host_scratch(model);
                let mut counts = vec![0_u64; model.layers().len()];
                for pixels in pixels.chunks_exact(size) {
                    counts[0] += inputs(model, pixels);
                    infer_observed(&mut scratch, pixels, |layer, output| {
                        if let LayerOutput::Activations(active) = output {
                            counts[layer + 1] += active.iter().count() as u64;
                        }
                    });
                }
                counts
            };
            let parts: Vec<_> = images
                .pixels
                .chunks(share * size)
                .map(|pixels| scope.spawn(move || part(pixels)))
                .collect();
            parts.into_iter().fold(vec![0; model.layers().len()], |mut sums, part| {
                let counts = part.join().expect("counting does not panic");
                sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
                sums
            })
        });
        let shapes: Vec<LayerShape> =
            model.layers().iter().map(inkbit_core::Layer::shape).collect();
        let means: Vec<f64> =
            counts.iter().map(|&count| count as f64 / images.len() as f64).collect();
        let share = |(mean, shape): (&f64, &LayerShape)| mean / f64::from(shape.inputs);
        Ok(Self {
            nonzero: means.iter().zip(&shapes).map(share).collect(),
            macs: means.iter().zip(&shapes).map(|(mean, shape)| mean * places(shape)).sum(),
            values: size + shapes.iter().map(|shape| usize::from(shape.outputs)).sum::<usize>(),
        })
    }

    /// Instructions of a Cortex-M3 for an image, estimated: 1.25 for each multiplication and 9 for
    /// each value that is listed or requantized.
    ///
    /// Fitted to the prototype of the project's kernels: 76,300 against 77,300 counted for
    /// 784-256-128-10 at 8 bits with 52,600 multiplications.
    #[must_use]
    pub fn instructions(&self) -> f64 {
        1.25 * self.macs + 9.0 * self.values as f64
    }
}

/// Outputs of a layer with the empty places of its last block.
fn places(shape: &LayerShape) -> f64 {
    let [_, _, weights] = shape.part_bytes();
    weights as f64 * 8.0 / f64::from(shape.bits) / f64::from(shape.inputs)
}

/// Inputs of the first layer that are not zero.
fn inputs(model: &Model<'_>, pixels: &[u8]) -> u64 {
    let input = model.input();
    let [side, crop, pool] = [input.side.into(), input.crop.into(), input.pool.into()];
    let square = |at: usize| {
        let (row, column) = (at / input.width() * pool + crop, at % input.width() * pool + crop);
        let rows = pixels[row * side..].chunks(side).take(pool);
        rows.flat_map(|row| &row[column..column + pool]).map(|&ink| usize::from(ink)).sum::<usize>()
    };
    // The mean is rounded, half up.
    let half = (pool * pool).div_ceil(2);
    (0..input.inputs()).filter(|&at| square(at) >= half).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model_file::Blob;
    use std::path::Path;

    #[test]
    fn what_is_counted_is_what_is_not_zero() {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests");
        let blob = Blob::load(&tests.join("golden/int8-14x14-inputs.inkbit")).unwrap();
        let model = blob.model().unwrap();
        let mut pixels = vec![0; 2 * 28 * 28];
        // Of one square's four pixels a sum of 1 rounds to 0, and one of 2 to 1.
        pixels[0] = 1;
        pixels[2] = 2;
        pixels[28 * 28 + 28 + 3] = 255;
        let images = Images { side: 28, pixels, labels: vec![0, 1] };
        let work = Work::measure(&model, &images).unwrap();
        assert_eq!(work.nonzero[0], 1.0 / 196.0);
        let hidden = work.nonzero[1] * 8.0;
        assert_eq!(work.macs, 8.0 + 8.0 * hidden);
        assert_eq!(work.values, 784 + 8 + 3);
        assert_eq!(work.instructions(), 1.25 * work.macs + 9.0 * 795.0);
    }
}
