//! The operators on floats.

use super::{Kind, Tensor};

/// What an operator without attributes makes of floats.
pub fn apply(operator: &str, all: &[&Tensor]) -> Tensor {
    assert!(all.iter().all(|x| x.kind == Kind::F32), "{operator} of one kind");
    let x = all[0];
    let each = |change: &dyn Fn(usize, f32) -> f32| {
        let values = x.reals().into_iter().enumerate();
        Tensor::of_reals(x.shape.clone(), values.map(|(index, x)| change(index, x)).collect())
    };
    let others: Vec<Vec<f32>> = all[1..].iter().map(|other| other.reals()).collect();
    // One number, or one for each of the last dimension.
    let fits = |other: &[f32]| other.len() == 1 || Some(&other.len()) == x.shape.last();
    match (operator, &others[..]) {
        ("Relu", []) => each(&|_, x| x.max(0.0)),
        ("Clip", [low, high]) => each(&|_, x| x.clamp(low[0], high[0])),
        ("Sub", [b]) if fits(b) => each(&|index, x| x - b[index % b.len()]),
        ("Mul", [b]) if fits(b) => each(&|index, x| x * b[index % b.len()]),
        ("Gemm", [w, b]) => {
            let (&[rows, inputs], &[more, outputs]) = (&x.shape[..], &all[1].shape[..]) else {
                panic!("two matrices")
            };
            assert!(inputs == more && all[2].shape == [outputs]);
            let x = x.reals();
            let product = |row: usize, output: usize| -> f32 {
                (0..inputs).map(|i| x[row * inputs + i] * w[i * outputs + output]).sum()
            };
            let values = (0..rows * outputs)
                .map(|index| product(index / outputs, index % outputs) + b[index % outputs]);
            Tensor::of_reals(vec![rows, outputs], values.collect())
        }
        _ => panic!("{operator} of {} inputs", all.len()),
    }
}
