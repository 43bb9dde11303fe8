//! Batch normalization of the hidden layers (Ioffe and Szegedy, 2015), without a learned factor,
//! which ReLU would pass on to the next layer anyway.
//!
//! In training, mean and deviation are those of the batch. A checkpoint has those of many training
//! images, measured layer after layer with the checkpoint's weights, and folded into them.

use burn::tensor::{Device, Tensor};

use super::first::Parted;
use crate::net::{self, LayerHooks, Norm};

/// Added to variances, for units whose sums are all equal.
const EPSILON: f32 = 1e-5;

/// Normalizes the columns of a batch `[images, outputs]`.
///
/// Means are products with a row of weights: burn's own have a slower gradient.
pub(super) fn of_batch(products: Tensor<2>) -> Tensor<2> {
    let [images, _] = products.dims();
    let row = net::tensor(vec![1.0 / images as f32; images], [1, images], &products.device());
    let centred = products.clone() - row.clone().matmul(products);
    let variance = row.matmul(centred.clone() * centred.clone());
    centred * (variance + EPSILON).sqrt().recip()
}

/// Means and deviations of the hidden layers over images that are inputs.
pub(super) fn measure(net: &Parted, pixels: &[u8], device: &Device) -> Vec<Norm> {
    let mut measuring = Measuring(Vec::new());
    net.pass(pixels, device, &mut measuring);
    measuring.0
}

struct Measuring(Vec<Norm>);

impl LayerHooks for Measuring {
    fn normalize(&mut self, _layer: usize, products: Tensor<2>) -> Tensor<2> {
        let ([rows, columns], device) = (products.dims(), products.device());
        let mut values = net::values(products);
        let norm = norm(&values, columns);
        for row in values.chunks_exact_mut(columns) {
            let norms = norm.mean.iter().zip(&norm.deviation);
            row.iter_mut().zip(norms).for_each(|(v, (mean, by))| *v = (*v - mean) / by);
        }
        self.0.push(norm);
        net::tensor(values, [rows, columns], &device)
    }
}

/// Mean and deviation of each column.
fn norm(values: &[f32], columns: usize) -> Norm {
    let rows = (values.len() / columns) as f64;
    let mut sums = vec![(0.0_f64, 0.0_f64); columns];
    for row in values.chunks_exact(columns) {
        for ((sum, square), &value) in sums.iter_mut().zip(row) {
            let value = f64::from(value);
            *sum += value;
            *square += value * value;
        }
    }
    let mean = |(sum, _): &(f64, f64)| (sum / rows) as f32;
    let deviation = |(sum, square): &(f64, f64)| {
        let variance = (square / rows - (sum / rows).powi(2)).max(0.0);
        (variance + f64::from(EPSILON)).sqrt() as f32
    };
    Norm { mean: sums.iter().map(mean).collect(), deviation: sums.iter().map(deviation).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Backend;
    use crate::support::rng::Rng;

    #[test]
    fn a_batch_is_normalized_and_its_gradient_is_the_losss_slope() {
        let device = Backend::default().device().unwrap();
        let (rows, columns) = (8, 3);
        let mut rng = Rng::new(1, &[]);
        let mut random = || -> Vec<f32> { (0..rows * columns).map(|_| 2.0 * rng.unit()).collect() };
        let (values, factors) = (random(), random());
        let tensor = |values: &[f32]| net::tensor(values.to_vec(), [rows, columns], &device);
        let normalized = net::values(of_batch(tensor(&values)));
        let found = norm(&normalized, columns);
        assert!(found.mean.iter().all(|mean| mean.abs() < 1e-5), "{found:?}");
        assert!(found.deviation.iter().all(|d| (d - 1.0).abs() < 1e-3), "{found:?}");

        let leaf = tensor(&values).autodiff().require_grad();
        let loss = (of_batch(leaf.clone()) * tensor(&factors).autodiff()).sum();
        let gradient = net::values(leaf.grad(&loss.backward()).unwrap());
        let loss = |values: &[f32]| -> f64 {
            let normalized = net::values(of_batch(tensor(values)));
            normalized.iter().zip(&factors).map(|(a, b)| f64::from(a * b)).sum()
        };
        for place in 0..values.len() {
            let moved = |by: f32| {
                let mut values = values.clone();
                values[place] += by;
                loss(&values)
            };
            let slope = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            let found = f64::from(gradient[place]);
            assert!((found - slope).abs() < 2e-2, "{place}: {found} {slope}");
        }
    }
}
