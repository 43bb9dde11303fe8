//! The operators of ONNX that a network of dense layers has.

use std::collections::{HashMap, HashSet};

use super::node::Node;
use crate::import::elementwise::Operation;
use crate::import::fault::{Fault, Place, refused};
use crate::import::graph::{Affine, Graph, Op, Weights};
use crate::import::tensor::Tensor;

/// Constants by their names.
pub type Constants<'a> = HashMap<String, Tensor<'a>>;

/// The nodes, and what of them is found once.
struct Walk<'n, 'a> {
    nodes: &'n [Node<'a>],
    constants: Constants<'a>,
    /// Names of what is computed from the shape of a value: lengths.
    lengths: HashSet<&'n str>,
    /// The numbers of the nodes that take a value and compute no length, from 1.
    takers: HashMap<&'n str, Vec<usize>>,
}

/// Follows the way from the input to the output, which must have no branches.
pub fn chain(
    graph: &mut Graph,
    nodes: &[Node<'_>],
    constants: Constants<'_>,
    input: &str,
    output: &str,
) -> Result<(), Fault> {
    let walk = Walk::new(nodes, constants);
    let mut value = input;
    let mut steps = 0;
    while value != output {
        steps += 1;
        let (number, node) = walk.next(value)?.filter(|_| steps <= nodes.len()).ok_or_else(|| {
            refused(format!(
                "nothing leads from its input to its output: no node takes `{value}`; export it again"
            ))
        })?;
        let place = node.place(number);
        let expected =
            if node.kind == "Dropout" || node.kind == "BatchNormalization" { 5 } else { 1 };
        if node.outputs.is_empty() || node.outputs.len() > expected {
            return Err(place.refuse("it gives several values; only a chain of nodes is imported"));
        }
        walk.add(graph, &place, node, value)?;
        value = &node.outputs[0];
    }
    Ok(())
}

/// A node that gives a constant otherwise than by a tensor.
pub fn constant(node: &Node<'_>, constants: &mut Constants<'_>) -> Result<(), Fault> {
    let name = node.outputs.first().cloned().unwrap_or_default();
    let ints = node.ints("value_ints");
    let tensor = match (node.int("value_int", i64::MIN), ints) {
        (i64::MIN, []) => {
            let value = node.float("value_float", 0.0);
            Tensor::of_values(name.clone(), Vec::new(), &[value])?
        }
        (i64::MIN, ints) => {
            let values: Vec<f32> = ints.iter().map(|&int| int as f32).collect();
            Tensor::of_values(name.clone(), vec![values.len()], &values)?
        }
        (int, _) => Tensor::of_values(name.clone(), Vec::new(), &[int as f32])?,
    };
    constants.insert(name, tensor);
    Ok(())
}

impl<'n, 'a> Walk<'n, 'a> {
    fn new(nodes: &'n [Node<'a>], constants: Constants<'a>) -> Self {
        let (lengths, takers) = (HashSet::new(), HashMap::new());
        let mut walk = Self { nodes, constants, lengths, takers };
        // Nodes come after those whose values they take.
        for (number, node) in (1..).zip(nodes) {
            walk.fold_constant(node);
            if walk.is_length(node) {
                walk.lengths.extend(node.outputs.iter().map(String::as_str));
                continue;
            }
            for input in &node.inputs {
                let numbers: &mut Vec<usize> = walk.takers.entry(input).or_default();
                if numbers.last() != Some(&number) {
                    numbers.push(number);
                }
            }
        }
        walk
    }

    /// Computes what a node makes of a constant.
    fn fold_constant(&mut self, node: &Node<'_>) {
        let (Some(from), Some(to)) = (node.inputs.first(), node.outputs.first()) else { return };
        let Some(tensor) = self.constants.get(from) else { return };
        let tensor = match (node.kind.as_str(), &tensor.shape[..]) {
            ("Identity" | "Cast", _) => tensor.clone(),
            ("Transpose", [_, _]) if matches!(node.ints("perm"), [] | [1, 0]) => {
                tensor.clone().transposed()
            }
            _ => return,
        };
        self.constants.insert(to.clone(), tensor.named(to.clone()));
    }

    /// Whether a node computes lengths: of a value, or of other lengths.
    fn is_length(&self, node: &Node<'_>) -> bool {
        let of_length = |input: &String| self.lengths.contains(input.as_str());
        match node.kind.as_str() {
            "Shape" => true,
            "Gather" | "Unsqueeze" | "Concat" | "Slice" | "Cast" | "Squeeze" | "Mul" => {
                let mut others = node.inputs.iter().filter(|input| !of_length(input));
                node.inputs.iter().any(of_length)
                    && others.all(|input| input.is_empty() || self.constants.contains_key(input))
            }
            _ => false,
        }
    }

    /// The one node that takes a value, and its number.
    fn next(&self, value: &str) -> Result<Option<(usize, &'n Node<'a>)>, Fault> {
        let of = |number: usize| (number, &self.nodes[number - 1]);
        match self.takers.get(value).map_or(&[][..], Vec::as_slice) {
            [] => Ok(None),
            &[number] => Ok(Some(of(number))),
            &[first, second, ..] => {
                let ((_, first), (number, second)) = (of(first), of(second));
                Err(second.place(number).refuse(format!(
                    "it takes the same value as `{}` ({}); only a chain of nodes is imported, without \
                     branches",
                    first.name, first.kind
                )))
            }
        }
    }

    fn constant(&self, place: &Place, node: &Node<'_>, index: usize) -> Result<&Tensor<'a>, Fault> {
        let name = node.inputs.get(index).map(String::as_str).unwrap_or_default();
        self.constants.get(name).ok_or_else(|| {
            place.refuse(format!(
                "its input `{name}` is no constant; weights must be in the file, and values must go one \
                 way"
            ))
        })
    }

    /// The constant of a node that takes a value and a constant, and whether the value comes first.
    fn other(
        &self,
        place: &Place,
        node: &Node<'_>,
        value: &str,
    ) -> Result<(&Tensor<'a>, bool), Fault> {
        let is_first = node.inputs.first().is_some_and(|input| input == value);
        Ok((self.constant(place, node, usize::from(is_first))?, is_first))
    }

    fn add(
        &self,
        graph: &mut Graph,
        place: &Place,
        node: &Node<'_>,
        value: &str,
    ) -> Result<(), Fault> {
        let op = match node.kind.as_str() {
            "Identity" | "Dropout" => return Ok(()),
            // From bytes to numbers, and between numbers of floating point.
            "Cast" if matches!(node.int("to", 0), 1 | 10 | 11 | 16) => return Ok(()),
            "Relu" => Op::Relu,
            "Softmax" | "LogSoftmax" => Op::Softmax,
            "Flatten" if node.int("axis", 1) == 1 => Op::Reshape(None),
            "Reshape" => Op::Reshape(self.reshape(place, node)?),
            "Squeeze" | "Unsqueeze" => Op::Reshape(None),
            "Gemm" => Op::Dense(self.gemm(graph, place, node)?),
            "MatMul" => {
                let (matrix, is_first) = self.other(place, node, value)?;
                if !is_first {
                    return Err(
                        place.refuse("it multiplies from the left; export it the other way round")
                    );
                }
                Op::Dense(Weights::new(graph, place, matrix, None)?)
            }
            "Add" | "Sub" | "Mul" | "Div" => {
                let (constant, is_first) = self.other(place, node, value)?;
                Op::Affine(elementwise(place, &node.kind, constant, is_first, graph)?)
            }
            "BatchNormalization" => {
                let parts = [1, 2, 3, 4].map(|index| self.constant(place, node, index));
                let [gamma, beta, mean, variance] = parts;
                let parts = [gamma?, beta?, mean?, variance?];
                for part in parts {
                    Affine::check(place, part.len())?;
                }
                let parts = parts.map(Tensor::values);
                let [gamma, beta, mean, variance] = &parts;
                if parts.iter().any(|part| part.len() != variance.len()) {
                    return Err(place.refuse("its parts have different lengths; export it again"));
                }
                let epsilon = node.float("epsilon", 1e-5).into();
                Op::Affine(Affine::of_norm([Some(gamma), Some(beta)], [mean, variance], epsilon))
            }
            "Conv" | "MaxPool" | "AveragePool" | "GlobalAveragePool" => {
                return Err(place.refuse(
                    "Inkbit has no convolutions and no pooling; train a network of dense layers with \
                     ReLU",
                ));
            }
            "QuantizeLinear" | "DequantizeLinear" | "QLinearMatMul" | "MatMulInteger" => {
                return Err(place.refuse(
                    "the network is quantized already; export it before that, Inkbit quantizes it",
                ));
            }
            _ => {
                return Err(place.refuse(
                    "Inkbit has no such operator; it runs dense layers with ReLU, and folds in batch \
                     normalization and scaling",
                ));
            }
        };
        graph.push(place.clone(), op);
        Ok(())
    }

    /// The shape that a sample gets; `None` for one dimension.
    fn reshape(&self, place: &Place, node: &Node<'_>) -> Result<Option<Vec<usize>>, Fault> {
        let name = node.inputs.get(1).map(String::as_str).unwrap_or_default();
        let Some(shape) = self.constants.get(name) else {
            if self.lengths.contains(name) {
                // Computed from the batch, as by `x.view(x.size(0), -1)`.
                return Ok(None);
            }
            return Err(place.refuse("its shape is no constant; export it with fixed sizes"));
        };
        let sides = shape.integers();
        match &sides[..] {
            [_, rest @ ..] if rest.len() <= 1 => Ok(None),
            [_, rest @ ..] if rest.len() <= 8 => {
                let sides: Option<Vec<usize>> = rest
                    .iter()
                    .map(|&side| usize::try_from(side).ok().filter(|&side| side > 0))
                    .collect();
                sides
                    .map(Some)
                    .ok_or_else(|| place.refuse("its shape has a side that is not stated"))
            }
            _ => Err(place.refuse("its shape has no dimensions, or over eight; export it again")),
        }
    }

    /// `alpha · x · W + beta · C`.
    fn gemm(&self, graph: &Graph, place: &Place, node: &Node<'_>) -> Result<Weights, Fault> {
        if node.int("transA", 0) != 0 {
            return Err(place.refuse("it multiplies columns; export it with transA = 0"));
        }
        let matrix = self.constant(place, node, 1)?;
        let mut matrix = matrix.clone();
        if node.int("transB", 0) != 0 {
            matrix = matrix.transposed();
        }
        let has_bias = node.inputs.get(2).is_some_and(|name| !name.is_empty());
        let bias = if has_bias { Some(self.constant(place, node, 2)?) } else { None };
        // One number for all outputs.
        let outputs = matrix.shape.last().copied().unwrap_or_default();
        let spread = match bias {
            Some(bias) if bias.len() == 1 && outputs > 1 && outputs <= inkbit_core::MAX_WIDTH => {
                Some(Tensor::of_values("", vec![outputs], &vec![bias.values()[0]; outputs])?)
            }
            _ => None,
        };
        let mut weights = Weights::new(graph, place, &matrix, spread.as_ref().or(bias))?;
        let (alpha, beta) = (node.float("alpha", 1.0), node.float("beta", 1.0));
        weights.weight.iter_mut().for_each(|weight| *weight *= alpha);
        weights.bias.iter_mut().for_each(|bias| *bias *= beta);
        Ok(weights)
    }
}

/// What an operator with a constant does to each value. `is_first` if the value comes before the
/// constant.
fn elementwise(
    place: &Place,
    kind: &str,
    constant: &Tensor<'_>,
    is_first: bool,
    graph: &Graph,
) -> Result<Affine, Fault> {
    let operation = match kind {
        "Add" => Operation::Add,
        "Sub" => Operation::Subtract,
        "Mul" => Operation::Multiply,
        _ => Operation::Divide,
    };
    operation.with(place, constant, is_first, graph.input.as_deref())
}
