//! Numbers of floating point from integers with scales.

use crate::import::fault::{Fault, damaged};
use crate::import::tensor::Tensor;

/// The numbers `(value - zero) * factor`, each with its own of each index of this dimension, or with the one
/// that all have.
pub fn dequantized(
    found: &Tensor<'_>,
    dimension: usize,
    factors: &[f32],
    zeros: &[i64],
) -> Result<Tensor<'static>, Fault> {
    let side = found.shape.get(dimension).copied();
    let is_one = factors.len() == 1;
    if !is_one && side != Some(factors.len()) || zeros.len() > 1 && zeros.len() != factors.len() {
        let name = &found.name;
        return Err(damaged(format!("`{name}` has scales of another number than rows")));
    }
    // How many numbers in a row have the same scale.
    let run: usize = found.shape.iter().skip(dimension.saturating_add(1)).product();
    let values = found.integers().into_iter().enumerate().map(|(index, value)| {
        let scale = if is_one { 0 } else { index / run.max(1) % factors.len() };
        let zero = zeros.get(scale).or(zeros.first()).copied().unwrap_or(0);
        (value.saturating_sub(zero) as f64 * f64::from(factors[scale])) as f32
    });
    let values: Vec<f32> = values.collect();
    Tensor::of_values(found.name.clone(), found.shape.clone(), &values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::tensor::Kind;

    #[test]
    fn each_row_has_its_own_scale() {
        let found = Tensor::new("t", vec![2, 2], Kind::I8, &[1, 2, 3, 0xff][..]).unwrap();
        let rows = dequantized(&found, 0, &[1.0, 10.0], &[0, 1]).unwrap();
        assert_eq!(rows.values(), [1.0, 2.0, 20.0, -20.0]);
        let columns = dequantized(&found, 1, &[1.0, 10.0], &[]).unwrap();
        assert_eq!(columns.values(), [1.0, 20.0, 3.0, -10.0]);
        assert!(dequantized(&found, 0, &[1.0; 3], &[]).is_err());
        assert!(dequantized(&found, 0, &[], &[]).is_err());
    }
}
