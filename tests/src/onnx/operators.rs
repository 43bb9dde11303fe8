//! The operators, by their definitions, on whole numbers.

use std::collections::HashMap;

use super::{Kind, Tensor, reals};

/// What an operator makes of its inputs, some of which may be left out.
pub fn apply(
    operator: &str,
    inputs: &[Option<&Tensor>],
    attributes: &HashMap<String, u64>,
) -> Tensor {
    let attribute = |name: &str| {
        assert!(attributes.len() == 1, "{operator} with {attributes:?}");
        attributes[name]
    };
    let all: Vec<&Tensor> = inputs.iter().flatten().copied().collect();
    match (operator, &all[..]) {
        (_, [x, ..]) if x.kind == Kind::F32 && attributes.is_empty() => {
            reals::apply(operator, &all)
        }
        ("Cast", [x]) => Tensor::new(Kind::of(attribute("to")), x.shape.clone(), x.values.clone()),
        ("Flatten", [x]) => {
            let (rows, columns) = x.shape.split_at(attribute("axis") as usize);
            let shape = [rows, columns].map(|sides| sides.iter().product());
            Tensor::new(x.kind, shape.to_vec(), x.values.clone())
        }
        ("Reshape", [x, shape]) => {
            assert_eq!(shape.kind, Kind::I64);
            let side = |(axis, &side): (usize, &i64)| match side {
                0 => x.shape[axis],
                side => side.try_into().expect("a length"),
            };
            let shape = shape.values.iter().enumerate().map(side).collect();
            Tensor::new(x.kind, shape, x.values.clone())
        }
        ("Slice", [x, starts, ends, axes]) => {
            let cut = starts.values.iter().zip(&ends.values).zip(&axes.values);
            cut.fold((*x).clone(), |x, ((&start, &end), &axis)| slice(&x, start, end, axis))
        }
        ("ReduceSum", [x, axes]) => {
            assert_eq!((attribute("keepdims"), axes.kind), (0, Kind::I64));
            let mut axes = axes.values.clone();
            axes.sort_unstable();
            axes.iter().rev().fold((*x).clone(), |x, &axis| sum(&x, axis as usize))
        }
        ("MatMulInteger", [x, w, zero]) => {
            assert!(inputs.len() == 4 && inputs[2].is_none(), "only the second zero point is here");
            multiply(x, w, zero)
        }
        ("Add", [a, b]) => broadcast(a, b, i64::checked_add),
        ("Sub", [a, b]) => broadcast(a, b, i64::checked_sub),
        ("Mul", [a, b]) => broadcast(a, b, i64::checked_mul),
        // Rounds towards 0. Some runtimes round down: that is not to be relied on where it shows.
        ("Div", [a, b]) => broadcast(a, b, i64::checked_div),
        ("Clip", [x, low, high]) => {
            assert!(x.kind == low.kind && x.kind == high.kind);
            let values = x.values.iter().map(|&x| x.clamp(low.values[0], high.values[0]));
            Tensor::new(x.kind, x.shape.clone(), values.collect())
        }
        _ => panic!("{operator} of {} inputs", inputs.len()),
    }
}

/// How many numbers lie within one step along an axis, with the axis's length.
fn strides(x: &Tensor, axis: usize) -> (usize, usize) {
    (x.shape[axis + 1..].iter().product(), x.shape[axis])
}

fn slice(x: &Tensor, start: i64, end: i64, axis: i64) -> Tensor {
    let ([start, end], axis) = ([start, end].map(|at| at as usize), axis as usize);
    let (within, length) = strides(x, axis);
    assert!(start < end && end <= length);
    let rows = x.values.chunks(within * length);
    let values = rows.flat_map(|row| row[start * within..end * within].to_vec()).collect();
    let mut shape = x.shape.clone();
    shape[axis] = end - start;
    Tensor::new(x.kind, shape, values)
}

fn sum(x: &Tensor, axis: usize) -> Tensor {
    let (within, length) = strides(x, axis);
    let rows = x.values.chunks(within * length);
    let values = rows.flat_map(|row| {
        (0..within).map(|at| row.iter().skip(at).step_by(within).sum()).collect::<Vec<i64>>()
    });
    let mut shape = x.shape.clone();
    shape.remove(axis);
    Tensor::new(x.kind, shape, values.collect())
}

fn multiply(x: &Tensor, w: &Tensor, zero: &Tensor) -> Tensor {
    assert_eq!([x.kind, w.kind, zero.kind], [Kind::U8; 3]);
    let (&[rows, inputs], &[more, outputs]) = (&x.shape[..], &w.shape[..]) else {
        panic!("two matrices")
    };
    assert!(inputs == more && zero.shape.is_empty());
    let mut values = Vec::new();
    for row in 0..rows {
        let mut sums = vec![0; outputs];
        for (x, weights) in x.values[row * inputs..][..inputs].iter().zip(w.values.chunks(outputs))
        {
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += x * (weight - zero.values[0]);
            }
        }
        values.extend(sums);
    }
    Tensor::new(Kind::I32, vec![rows, outputs], values)
}

/// Of two tensors the second has as many dimensions as the first or fewer; they are those at the end, of
/// the same length or of 1.
fn broadcast(a: &Tensor, b: &Tensor, change: impl Fn(i64, i64) -> Option<i64>) -> Tensor {
    assert_eq!(a.kind, b.kind);
    let ends = a.shape.iter().rev().zip(b.shape.iter().rev());
    assert!(b.shape.len() <= a.shape.len() && ends.clone().all(|(a, b)| a == b || *b == 1));
    // What is used has one number, or one for each of the last dimension.
    let count = b.values.len();
    assert!(count == 1 || Some(&count) == a.shape.last());
    let pairs = a.values.iter().zip(b.values.iter().cycle());
    let values = pairs.map(|(&a, &b)| change(a, b).expect("it overflows 64 bits"));
    Tensor::new(a.kind, a.shape.clone(), values.collect())
}
