//! A network from named weights alone: state dicts, and files of weights.
//!
//! The names say which weights belong together, the shapes how the layers follow each other. ReLU
//! between them is assumed, and printed.

use std::collections::BTreeMap;

use super::chain::{Group, Layer, Norm, Orientation, Spot, chained, spot};
use super::fault::{Fault, Place, refused};
use super::graph::{Affine, Graph, Op, Weights};
use super::tensor::Tensor;

/// Named weights.
#[derive(Clone, Debug)]
pub struct State<'a> {
    pub framework: String,
    /// In the order of the file.
    pub tensors: Vec<Tensor<'a>>,
    pub orientation: Orientation,
    /// What batch normalization adds to a variance in this framework.
    pub epsilon: f64,
}

/// The network of named weights.
///
/// # Errors
///
/// Weights that are no chain of dense layers.
pub fn graph(state: State<'_>) -> Result<Graph, Fault> {
    let State { framework, tensors, orientation, epsilon } = state;
    let mut graph = Graph { framework, ..Graph::default() };
    let (dense, norms) = sorted(tensors, &mut graph, epsilon)?;
    if dense.is_empty() {
        return Err(refused(
            "it has no matrices of weights; give the file of a trained network of dense layers",
        ));
    }
    let layers = chained(dense, orientation, &mut graph)?;
    let spots: Vec<(Spot, Norm)> = norms
        .into_iter()
        .map(|norm| Ok((spot(&norm, &layers)?, norm)))
        .collect::<Result<_, Fault>>()?;
    build(&mut graph, layers, &spots)?;
    Ok(graph)
}

fn build(graph: &mut Graph, layers: Vec<Layer<'_>>, spots: &[(Spot, Norm)]) -> Result<(), Fault> {
    let last = layers.len() - 1;
    let mut number = 0;
    let mut place = |name: &str, kind: &str| {
        number += 1;
        Place::new(name, kind, number)
    };
    let assumed: Vec<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
    let names = assumed.join(", ");
    graph.note(match layers.len() {
        1 => format!("the file has weights alone: one dense layer was assumed: {names}"),
        _ => format!(
            "the file has weights alone: dense layers in this order, with ReLU between them, were \
             assumed: {names}"
        ),
    });
    if let Some((_, norm)) = spots.first() {
        let after = spots.iter().any(|(spot, _)| matches!(spot, Spot::AfterRelu(_)));
        let of_relu = if after { "after ReLU where its number says so" } else { "before ReLU" };
        graph.note(format!(
            "batch normalization (`{}`{}) was assumed to come {of_relu}",
            norm.name,
            if spots.len() > 1 { " and others" } else { "" }
        ));
    }
    let norm = |graph: &mut Graph, place: &mut dyn FnMut(&str, &str) -> Place, norm: &Norm| {
        graph.push(place(&norm.name, "batch normalization"), Op::Affine(norm.affine.clone()));
    };
    for (_, found) in spots.iter().filter(|(spot, _)| matches!(spot, Spot::Input)) {
        norm(graph, &mut place, found);
    }
    for (index, Layer { name, matrix, bias }) in layers.into_iter().enumerate() {
        let here = place(&name, "dense");
        let weights = Weights::new(graph, &here, &matrix, bias.as_ref())?;
        graph.push(here, Op::Dense(weights));
        for (_, found) in
            spots.iter().filter(|(spot, _)| matches!(spot, Spot::BeforeRelu(at) if *at == index))
        {
            norm(graph, &mut place, found);
        }
        if index < last {
            graph.push(place("", "ReLU"), Op::Relu);
        }
        for (_, found) in
            spots.iter().filter(|(spot, _)| matches!(spot, Spot::AfterRelu(at) if *at == index))
        {
            norm(graph, &mut place, found);
        }
    }
    Ok(())
}

/// Dense layers in the order of the file, and batch normalization.
type Sorted<'a> = (Vec<(String, Group<'a>)>, Vec<Norm>);

fn sorted<'a>(
    tensors: Vec<Tensor<'a>>,
    graph: &mut Graph,
    epsilon: f64,
) -> Result<Sorted<'a>, Fault> {
    let mut names: Vec<String> = Vec::new();
    let mut groups: BTreeMap<String, Group<'a>> = BTreeMap::new();
    for tensor in tensors {
        let name = tensor.name.trim_end_matches(":0");
        let (layer, leaf) = name.rsplit_once(['.', '/']).unwrap_or(("", name));
        let layer = layer.to_owned();
        let leaf = leaf.to_ascii_lowercase();
        match leaf.as_str() {
            "num_batches_tracked" => continue,
            "weight_scale" | "output_scale" => {
                graph.note("the scales of Inkbit's quantization-aware training were left out");
                continue;
            }
            "weight_orig" | "weight_mask" | "weight_g" | "weight_v" | "original0" | "original1" => {
                return Err(refused(format!(
                    "`{}` is half of a weight; put the halves together before saving, with \
                     prune.remove or remove_weight_norm",
                    tensor.name
                )));
            }
            _ => {}
        }
        let group = groups.entry(layer.clone()).or_insert_with(|| {
            names.push(layer.clone());
            Group::default()
        });
        let slot = match leaf.as_str() {
            "weight" | "kernel" | "gamma" | "scale" | "w" => &mut group.weight,
            "bias" | "beta" | "b" => &mut group.bias,
            "running_mean" | "moving_mean" | "mean" => &mut group.mean,
            "running_var" | "moving_variance" | "moving_var" | "var" | "variance" => {
                &mut group.variance
            }
            _ => return Err(strange(&tensor)),
        };
        if !tensor.kind.is_float() {
            return Err(refused(format!(
                "`{}` holds numbers of the type {:?}, expected floating point; save the network before \
                 it is quantized",
                tensor.name, tensor.kind
            )));
        }
        if slot.replace(tensor).is_some() {
            return Err(refused(format!(
                "`{layer}` has two tensors for the same; give a file of one network"
            )));
        }
    }
    let (mut dense, mut norms) = (Vec::new(), Vec::new());
    for name in names {
        let Some(group) = groups.remove(&name) else { continue };
        match &group {
            Group { mean: Some(mean), variance: Some(variance), .. } => {
                let values = |tensor: &Option<Tensor<'_>>| tensor.as_ref().map(Tensor::values);
                let (gamma, beta) = (values(&group.weight), values(&group.bias));
                let width = variance.len();
                let parts = [&group.weight, &group.bias, &group.mean];
                if parts.into_iter().flatten().any(|part| part.len() != width) {
                    return Err(refused(format!(
                        "the parts of batch normalization `{name}` have different lengths; save the \
                         network again"
                    )));
                }
                Affine::check(&Place::new(&name, "batch normalization", norms.len() + 1), width)?;
                graph.note(format!("batch normalization was folded in with epsilon {epsilon}"));
                let affine = Affine::of_norm(
                    [gamma.as_deref(), beta.as_deref()],
                    [&mean.values(), &variance.values()],
                    epsilon,
                );
                norms.push(Norm { name, affine });
            }
            Group { weight: Some(weight), mean: None, variance: None, .. } => {
                if weight.shape.len() != 2 {
                    return Err(strange(weight));
                }
                dense.push((name, group));
            }
            Group { weight, bias, mean, variance } => {
                let some = [weight, bias, mean, variance].into_iter().flatten().next();
                return Err(some.map_or_else(|| refused("it is empty"), strange));
            }
        }
    }
    Ok((dense, norms))
}

fn strange(tensor: &Tensor<'_>) -> Fault {
    let of = match tensor.shape.len() {
        3..=5 => ", as of a convolution",
        _ => "",
    };
    refused(format!(
        "`{}` of shape {:?} is no part of a dense layer or of batch normalization{of}; Inkbit runs \
         networks of dense layers with ReLU: train such a one, or give a file that says what this is \
         for (ONNX)",
        tensor.name, tensor.shape
    ))
}
