//! Adding, subtracting, multiplying and dividing by a constant.

use super::fault::{Fault, Place};
use super::graph::Affine;
use super::tensor::Tensor;

/// What is done with each value and a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Operation {
    /// What it does with this constant, which must be one number, one for each value of the last dimension,
    /// or of the shape of the network's `input`. `is_first` if the value comes before the constant.
    pub fn with(
        self,
        place: &Place,
        constant: &Tensor<'_>,
        is_first: bool,
        input: Option<&[usize]>,
    ) -> Result<Affine, Fault> {
        // Dimensions of one value are as good as none, but for the last.
        let wide = |shape: &[usize]| -> Vec<usize> {
            shape.iter().copied().filter(|&side| side != 1).collect()
        };
        let is_row = constant.shape.iter().rev().skip(1).all(|&side| side == 1);
        if !is_row && input.map(wide) != Some(wide(&constant.shape)) {
            return Err(place.refuse(format!(
                "its constant has the shape {:?}, expected one number, or one for each value",
                constant.shape
            )));
        }
        Affine::check(place, constant.len())?;
        let values = constant.values().into_iter().map(f64::from);
        let (one, none) = (vec![1.0], vec![0.0]);
        Ok(match (self, is_first) {
            (Self::Add, _) => Affine { scale: one, shift: values.collect() },
            (Self::Multiply, _) => Affine { scale: values.collect(), shift: none },
            (Self::Subtract, true) => {
                Affine { scale: one, shift: values.map(|value| -value).collect() }
            }
            (Self::Subtract, false) => Affine { scale: vec![-1.0], shift: values.collect() },
            (Self::Divide, true) => {
                Affine { scale: values.map(|value| 1.0 / value).collect(), shift: none }
            }
            (Self::Divide, false) => {
                return Err(place.refuse("it divides by a value; Inkbit scales by constants"));
            }
        })
    }
}
