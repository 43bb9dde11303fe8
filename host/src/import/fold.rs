//! From a list of operations to a network of dense layers with ReLU between them.
//!
//! What scales and shifts is folded into a dense layer, which is exact: after a layer's sums it
//! changes the weights of each output, before a layer those of each input.

use inkbit_core::MAX_WIDTH;

use super::fault::{Fault, Place, refused};
use super::graph::{Affine, Graph, MAX_NODES, Node, Op, Weights};
use super::tensor::count;
use crate::net::{Dense, Mlp};

/// Where in the network the next node is.
#[derive(Clone, Copy, PartialEq)]
enum Position {
    /// Before the first layer.
    Input,
    /// After the sums of a layer.
    Sums,
    /// After ReLU.
    Active,
    /// After softmax.
    Probabilities,
}

struct Folding {
    layers: Vec<Dense>,
    position: Position,
    /// Shape of a sample's values here, where it is known.
    shape: Option<Vec<usize>>,
    /// What is to be folded into the next layer.
    pending: Option<Affine>,
}

/// The network of a graph. `input` is what is done to pixels / 255 before they are the graph's inputs.
///
/// # Errors
///
/// A node that has no place in such a network.
pub fn fold(graph: Graph, input: Affine) -> Result<Mlp, Fault> {
    let mut folding = Folding {
        layers: Vec::new(),
        position: Position::Input,
        shape: graph.input,
        pending: Some(input),
    };
    if graph.nodes.len() > MAX_NODES {
        return Err(refused(format!(
            "it has {} nodes, at most {MAX_NODES} are looked at; give a network of dense layers",
            graph.nodes.len()
        )));
    }
    let last = graph.nodes.last().map(|node| node.place.clone());
    for Node { place, op } in graph.nodes {
        folding.add(&place, op)?;
    }
    folding.end(last)
}

impl Folding {
    fn add(&mut self, place: &Place, op: Op) -> Result<(), Fault> {
        match (op, self.position) {
            (Op::Reshape(shape), _) => self.reshape(place, shape),
            (_, Position::Probabilities) => Err(place.refuse(
                "it comes after softmax, where the network must end; remove what comes after the \
                 logits",
            )),
            (Op::Softmax, Position::Sums) => {
                self.position = Position::Probabilities;
                Ok(())
            }
            (Op::Softmax, _) => Err(place.refuse(
                "it comes before the end of the network; softmax can only be its last node",
            )),
            (Op::Relu, Position::Sums) => {
                self.position = Position::Active;
                Ok(())
            }
            // It changes nothing.
            (Op::Relu, Position::Active) if self.pending.is_none() => Ok(()),
            (Op::Relu, Position::Active) => Err(place.refuse(
                "it comes after what scales the values of another ReLU; put a dense layer between \
                 them",
            )),
            (Op::Relu, _) => Err(place.refuse(
                "it comes after no dense layer; a network begins with a dense layer and has ReLU \
                 after it",
            )),
            (Op::Dense(_), Position::Sums) => Err(place.refuse(
                "no ReLU is between it and the dense layer before; put one there, or make one layer \
                 of both",
            )),
            (Op::Dense(weights), _) => self.dense(place, weights),
            (Op::Affine(affine), _) => self.affine(place, affine),
        }
    }

    fn reshape(&mut self, place: &Place, to: Option<Vec<usize>>) -> Result<(), Fault> {
        let before = self.shape.as_deref().and_then(count);
        let after = to.as_deref().map_or(before, count);
        if let (Some(before), Some(after)) = (before, after)
            && before != after
        {
            return Err(place.refuse(format!(
                "it makes {after} values of {before}; a sample must keep its values"
            )));
        }
        self.shape = to.or(after.map(|count| vec![count]));
        Ok(())
    }

    fn affine(&mut self, place: &Place, affine: Affine) -> Result<(), Fault> {
        let misfit = |found: usize, values: usize| {
            place.refuse(format!(
                "it has {found} numbers for {values} values; they must be one, or as many"
            ))
        };
        let lengths = [affine.scale.len(), affine.shift.len()];
        let found = lengths[0].max(lengths[1]);
        if lengths.iter().any(|&length| length == 0 || length != 1 && length != found) {
            return Err(place.refuse(format!(
                "it multiplies by {} numbers and adds {}; each must be one number, or one for each value",
                lengths[0], lengths[1]
            )));
        }
        if found > MAX_WIDTH {
            return Err(misfit(found, MAX_WIDTH));
        }
        // Numbers of the last dimension alone become numbers of all values.
        let affine = match self.shape.as_deref().map(|shape| (count(shape), shape.last())) {
            Some((Some(values), last)) if found > 1 => {
                let known = values <= MAX_WIDTH;
                let last = last.copied().unwrap_or(1);
                let spread = known.then(|| affine.spread(values, last)).flatten();
                spread.ok_or_else(|| misfit(found, values))?
            }
            _ => affine,
        };
        if self.position == Position::Sums
            && let Some(layer) = self.layers.last_mut()
        {
            let each = affine.spread(layer.outputs, layer.outputs);
            let each = each.ok_or_else(|| misfit(found, layer.outputs))?;
            for row in layer.weight.chunks_exact_mut(layer.outputs) {
                row.iter_mut().zip(&each.scale).for_each(|(weight, scale)| {
                    *weight = (f64::from(*weight) * scale) as f32;
                });
            }
            let by = each.scale.iter().zip(&each.shift);
            layer.bias.iter_mut().zip(by).for_each(|(bias, (scale, shift))| {
                *bias = (f64::from(*bias) * scale + shift) as f32;
            });
            return Ok(());
        }
        let lengths = |affine: &Affine| affine.scale.len().max(affine.shift.len());
        self.pending = Some(match &self.pending {
            Some(before)
                if lengths(before) > 1 && found > 1 && lengths(before) != lengths(&affine) =>
            {
                return Err(misfit(found, lengths(before)));
            }
            Some(before) => before.then(&affine),
            None => affine,
        });
        Ok(())
    }

    fn dense(&mut self, place: &Place, weights: Weights) -> Result<(), Fault> {
        let Weights { inputs, outputs, weight, bias } = weights;
        let before = self.layers.last().map(|layer| layer.outputs);
        if let Some(before) = before.filter(|&before| before != inputs) {
            return Err(place.refuse(format!(
                "it has {inputs} inputs, but the layer before has {before} outputs; the layers must \
                 follow each other"
            )));
        }
        if let Some(shape) = self.shape.as_deref() {
            let rows = shape.split_last().map(|(last, rows)| (*last == inputs, count(rows)));
            match rows {
                Some((true, Some(1))) => {}
                Some((true, _)) => {
                    return Err(place.refuse(format!(
                        "it multiplies each row of samples of shape {shape:?}; put a flatten layer \
                         before it"
                    )));
                }
                _ => {
                    return Err(place.refuse(format!(
                        "it has {inputs} inputs, but gets samples of shape {shape:?}; the layers must \
                         follow each other"
                    )));
                }
            }
        }
        let mut layer = Dense {
            inputs,
            outputs,
            weight,
            bias: Vec::new(),
            weight_scale: Vec::new(),
            output_scale: Vec::new(),
        };
        let mut sums: Vec<f64> = bias.into_iter().map(f64::from).collect();
        if let Some(affine) = self.pending.take() {
            let found = affine.scale.len().max(affine.shift.len());
            let each = affine.spread(inputs, inputs).ok_or_else(|| {
                place.refuse(format!(
                    "it has {inputs} inputs, but {found} values are scaled before it; save the network \
                     again"
                ))
            })?;
            let rows = layer.weight.chunks_exact_mut(outputs);
            for (row, (scale, shift)) in rows.zip(each.scale.iter().zip(&each.shift)) {
                for (weight, sum) in row.iter_mut().zip(&mut sums) {
                    *sum += shift * f64::from(*weight);
                    *weight = (f64::from(*weight) * scale) as f32;
                }
            }
        }
        layer.bias = sums.into_iter().map(|sum| sum as f32).collect();
        let is_sound = |values: &[f32]| values.iter().all(|value| value.is_finite());
        if !(is_sound(&layer.weight) && is_sound(&layer.bias)) {
            return Err(place.refuse(
                "some of its weights are not finite, or are not once what scales them is folded in; \
                 train the network again",
            ));
        }
        self.shape = Some(vec![outputs]);
        self.layers.push(layer);
        self.position = Position::Sums;
        Ok(())
    }

    fn end(self, last: Option<Place>) -> Result<Mlp, Fault> {
        let Some(last) = last.filter(|_| !self.layers.is_empty()) else {
            return Err(refused("it has no dense layer; give the file of a trained network"));
        };
        match self.position {
            Position::Sums | Position::Probabilities => {}
            _ => {
                return Err(last.refuse(
                    "the network ends with it, but must end with a dense layer, and maybe softmax; \
                     remove it, and train again",
                ));
            }
        }
        let all = self.layers.iter().flat_map(|layer| layer.weight.iter().chain(&layer.bias));
        if !all.into_iter().all(|value| value.is_finite()) {
            return Err(refused(
                "weights are not finite once batch normalization is folded in; train the network again",
            ));
        }
        Ok(Mlp { layers: self.layers })
    }
}

#[cfg(test)]
mod tests {
    use inkbit_core::MAX_LAYERS;

    use super::*;

    fn graph(ops: Vec<Op>) -> Graph {
        let mut graph = Graph::default();
        for (number, op) in (1..).zip(ops) {
            graph.push(Place::new(format!("n{number}"), "kind", number), op);
        }
        graph
    }

    fn dense(inputs: usize, outputs: usize, weight: &[f32], bias: &[f32]) -> Op {
        let (weight, bias) = (weight.to_vec(), bias.to_vec());
        Op::Dense(Weights { inputs, outputs, weight, bias })
    }

    fn affine(scale: &[f64], shift: &[f64]) -> Op {
        Op::Affine(Affine { scale: scale.to_vec(), shift: shift.to_vec() })
    }

    fn folded(ops: Vec<Op>) -> Result<Mlp, String> {
        fold(graph(ops), Affine::all(1.0, 0.0)).map_err(|fault| fault.to_string())
    }

    #[test]
    fn what_scales_goes_into_the_layer_before_or_after_it() {
        let folded = folded(vec![
            affine(&[2.0, 4.0], &[1.0, 0.0]),
            dense(2, 1, &[3.0, 5.0], &[0.5]),
            affine(&[10.0], &[1.0]),
            Op::Relu,
            affine(&[-1.0], &[2.0]),
            dense(1, 1, &[7.0], &[0.0]),
            Op::Softmax,
        ])
        .unwrap();
        // 10 · (3 · (2 a + 1) + 5 · 4 b + 0.5) + 1, then 7 · (2 − x).
        assert_eq!(folded.layers[0].weight, [60.0, 200.0]);
        assert_eq!(folded.layers[0].bias, [36.0]);
        assert_eq!(
            (&folded.layers[1].weight[..], &folded.layers[1].bias[..]),
            (&[-7.0][..], &[14.0][..])
        );
    }

    #[test]
    fn numbers_of_the_last_dimension_are_repeated() {
        let mut graph = graph(vec![
            affine(&[1.0, 2.0], &[0.0]),
            Op::Reshape(None),
            dense(4, 1, &[1.0; 4], &[0.0]),
        ]);
        graph.input = Some(vec![2, 2]);
        let folded = fold(graph, Affine::all(1.0, 0.0)).unwrap();
        assert_eq!(folded.layers[0].weight, [1.0, 2.0, 1.0, 2.0]);
    }

    #[test]
    fn what_is_no_such_network_is_refused_with_its_place() {
        let one = || dense(1, 1, &[1.0], &[0.0]);
        let mut deep: Vec<Op> = (0..MAX_LAYERS).flat_map(|_| [one(), Op::Relu]).collect();
        deep.pop();
        assert_eq!(folded(deep).unwrap().layers.len(), MAX_LAYERS);
        for (ops, expected) in [
            (vec![], "it has no dense layer"),
            (vec![Op::Relu, one()], "`n1` (kind), node 1: it comes after no dense layer"),
            (
                vec![one(), Op::Relu, affine(&[2.0], &[0.0]), Op::Relu, one()],
                "node 4: it comes after what scales the values of another ReLU",
            ),
            (vec![one(), one()], "node 2: no ReLU is between it and the dense layer before"),
            (vec![one(), Op::Relu], "node 2: the network ends with it"),
            (vec![one(), Op::Softmax, Op::Relu], "node 3: it comes after softmax"),
            (vec![one(), Op::Relu, Op::Softmax], "node 3: it comes before the end"),
            (vec![one(), Op::Relu, affine(&[1.0; 2], &[0.0]), one()], "2 numbers for 1 values"),
            (vec![one(), affine(&[1.0; 3], &[0.0])], "node 2: it has 3 numbers for 1 values"),
            (vec![affine(&[], &[]), one()], "node 1: it multiplies by 0 numbers and adds 0"),
            (vec![affine(&[], &[0.0]), one()], "node 1: it multiplies by 0 numbers and adds 1"),
            (
                vec![affine(&[1.0; 2], &[0.0; 3]), one()],
                "by 2 numbers and adds 3; each must be one",
            ),
            (vec![affine(&[1.0], &[0.0]); MAX_NODES + 1], "it has 257 nodes, at most 256"),
            (
                vec![one(), Op::Relu, dense(2, 1, &[1.0; 2], &[0.0])],
                "node 3: it has 2 inputs, but the layer before has 1 outputs",
            ),
            (vec![dense(1, 1, &[f32::NAN], &[0.0])], "node 1: some of its weights are not finite"),
            (vec![one(), affine(&[f64::INFINITY], &[0.0])], "weights are not finite once"),
        ] {
            let fault = folded(ops).unwrap_err();
            assert!(fault.contains(expected), "{fault}");
        }
    }

    #[test]
    fn a_layer_over_rows_of_images_is_refused() {
        let mut graph = graph(vec![dense(2, 1, &[1.0; 2], &[0.0])]);
        graph.input = Some(vec![3, 2]);
        let fault = fold(graph, Affine::all(1.0, 0.0)).unwrap_err().to_string();
        assert!(fault.contains("it multiplies each row of samples of shape [3, 2]"), "{fault}");
    }
}
