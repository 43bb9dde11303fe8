//! A network as a list of operations, whatever framework it comes from.

use inkbit_core::{MAX_LAYERS, MAX_WIDTH};

use super::fault::{Fault, Place};
use super::tensor::{Tensor, count};

/// The most nodes of a network that are looked at: eight layers, with all that stands between them, have some
/// dozens. Each may change all weights of a layer.
pub const MAX_NODES: usize = 256;

/// What a node does to the values of one sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// Multiplies each value and adds to it.
    Affine(Affine),
    /// Multiplies by a matrix and adds a bias.
    Dense(Weights),
    /// Sets negative values to 0.
    Relu,
    /// Gives the values another shape; `None` for one dimension.
    Reshape(Option<Vec<usize>>),
    /// Turns logits into probabilities, which changes no class.
    Softmax,
}

/// `x * scale + shift`. Each has one number for all values, or one for each.
#[derive(Clone, Debug, PartialEq)]
pub struct Affine {
    pub scale: Vec<f64>,
    pub shift: Vec<f64>,
}

impl Affine {
    /// The same for all values.
    pub fn all(scale: f64, shift: f64) -> Self {
        Self { scale: vec![scale], shift: vec![shift] }
    }

    /// What batch normalization does after training: `(x − mean) / √(variance + epsilon) · gamma + beta`.
    /// Parameters that are left out are 1 and 0.
    pub fn of_norm(
        [gamma, beta]: [Option<&[f32]>; 2],
        [mean, variance]: [&[f32]; 2],
        epsilon: f64,
    ) -> Self {
        let of = |values: Option<&[f32]>, index: usize, or: f64| {
            values.and_then(|values| values.get(index)).map_or(or, |&value| value.into())
        };
        let scale = (0..variance.len())
            .map(|index| of(gamma, index, 1.0) / (of(Some(variance), index, 1.0) + epsilon).sqrt());
        let scale: Vec<f64> = scale.collect();
        let shift = scale
            .iter()
            .enumerate()
            .map(|(index, scale)| of(beta, index, 0.0) - of(Some(mean), index, 0.0) * scale);
        Self { shift: shift.collect(), scale }
    }

    /// Refuses more numbers than a layer has values, before they are read.
    pub fn check(place: &Place, numbers: usize) -> Result<(), Fault> {
        if numbers > MAX_WIDTH {
            return Err(place.refuse(format!(
                "it has {numbers} numbers, at most {MAX_WIDTH} values are scaled; train a smaller network"
            )));
        }
        Ok(())
    }

    /// First this, then another.
    pub fn then(&self, other: &Self) -> Self {
        let length = [&self.scale, &self.shift, &other.scale, &other.shift]
            .map(Vec::len)
            .into_iter()
            .max()
            .unwrap_or(1);
        let at = |values: &[f64], index: usize| values[if values.len() == 1 { 0 } else { index }];
        let each = (0..length).map(|index| {
            let (scale, shift) = (at(&other.scale, index), at(&other.shift, index));
            (at(&self.scale, index) * scale, at(&self.shift, index) * scale + shift)
        });
        let (scale, shift) = each.unzip();
        Self { scale, shift }
    }

    /// The same with a number for each of `values`. As many numbers as the last dimension has are repeated;
    /// `None` if the numbers do not fit.
    pub fn spread(&self, values: usize, last: usize) -> Option<Self> {
        let each = |numbers: &[f64]| match numbers.len() {
            1 => Some(vec![numbers[0]; values]),
            length if length == values => Some(numbers.to_vec()),
            length if length == last => {
                Some(numbers.iter().copied().cycle().take(values).collect())
            }
            _ => None,
        };
        Some(Self { scale: each(&self.scale)?, shift: each(&self.shift)? })
    }
}

/// Weights of a dense layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    pub inputs: usize,
    pub outputs: usize,
    /// `[inputs, outputs]`
    pub weight: Vec<f32>,
    /// `[outputs]`
    pub bias: Vec<f32>,
}

impl Weights {
    /// The next layer of a graph, of a matrix `[inputs, outputs]`, and a bias of `[outputs]`, which may be
    /// missing. What the format has no room for is refused before its numbers are read: several layers may
    /// name the same ones.
    pub fn new(
        graph: &Graph,
        place: &Place,
        matrix: &Tensor<'_>,
        bias: Option<&Tensor<'_>>,
    ) -> Result<Self, Fault> {
        if graph.nodes.iter().filter(|node| matches!(node.op, Op::Dense(_))).count() == MAX_LAYERS {
            return Err(place.refuse(format!(
                "it is dense layer {}, the format has room for {MAX_LAYERS}; train a network of fewer \
                 layers",
                MAX_LAYERS + 1
            )));
        }
        let &[inputs, outputs] = &matrix.shape[..] else {
            return Err(place.refuse(format!(
                "its weights have the shape {:?}, expected two dimensions; only dense layers are \
                 imported",
                matrix.shape
            )));
        };
        for (what, width) in [("inputs", inputs), ("outputs", outputs)] {
            if !(1..=MAX_WIDTH).contains(&width) {
                return Err(place.refuse(format!(
                    "it has {width} {what}, but must have from 1 to {MAX_WIDTH}; train a smaller \
                     network"
                )));
            }
        }
        let bias = match bias {
            Some(bias) if count(&bias.shape) == Some(outputs) => bias.values(),
            Some(bias) => {
                return Err(place.refuse(format!(
                    "its bias has the shape {:?}, but its weights have {outputs} outputs; save the \
                     network again",
                    bias.shape
                )));
            }
            None => vec![0.0; outputs],
        };
        Ok(Self { inputs, outputs, weight: matrix.values(), bias })
    }
}

/// A node, with its place in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub place: Place,
    pub op: Op,
}

/// A network that has one input and one output, and no branches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// What wrote the file, such as "Keras 3.9.0".
    pub framework: String,
    /// The shape of a sample, where the file says it.
    pub input: Option<Vec<usize>>,
    /// Whether the file says that it takes pixels as they are, from 0 to 255.
    pub takes_bytes: bool,
    /// In order of evaluation.
    pub nodes: Vec<Node>,
    /// What was assumed, and what was left out.
    pub notes: Vec<String>,
}

impl Graph {
    pub(super) fn push(&mut self, place: Place, op: Op) {
        self.nodes.push(Node { place, op });
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}
