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

/// The network of named weights. `epsilon` is what batch normalization adds to a variance: one number for
/// all, or one for each in order; empty for the framework's own.
///
/// # Errors
///
/// Weights that are no chain of dense layers.
pub fn graph(state: State<'_>, epsilon: &[f64]) -> Result<Graph, Fault> {
    let mut graph = Graph { framework: state.framework, ..Graph::default() };
    let (dense, norms) = sorted(state.tensors, &mut graph)?;
    if dense.is_empty() {
        return Err(refused(
            "it has no matrices of weights; give the file of a trained network of dense layers",
        ));
    }
    let layers = chained(dense, state.orientation, &mut graph)?;
    let spots = norms.into_iter().map(|norm| Ok((spot(&norm, &layers)?, norm)));
    let mut spots: Vec<(Spot, Norm<'_>)> = spots.collect::<Result<_, Fault>>()?;
    spots.sort_by_key(|(spot, _)| spot.number());
    let norms = folded(spots, epsilon, state.epsilon, &mut graph)?;
    build(&mut graph, layers, &norms)?;
    Ok(graph)
}

/// What each batch normalization does, with the number of its place and its name.
type Folded = Vec<(usize, String, Affine)>;

fn folded(
    spots: Vec<(Spot, Norm<'_>)>,
    epsilon: &[f64],
    own: f64,
    graph: &mut Graph,
) -> Result<Folded, Fault> {
    if epsilon.len() > 1 && epsilon.len() != spots.len() {
        return Err(refused(format!(
            "it has {} batch normalizations, but --epsilon has {} numbers; give one for all, or one for \
             each",
            spots.len(),
            epsilon.len()
        )));
    }
    if let Some((_, Norm { name, .. })) = spots.first() {
        let others = if spots.len() > 1 { " and others" } else { "" };
        let is_after = spots.iter().any(|(spot, _)| matches!(spot, Spot::AfterRelu(_)));
        let place = if is_after { "after ReLU where its number says so" } else { "before ReLU" };
        graph.note(format!("batch normalization (`{name}`{others}) was assumed to come {place}"));
        if epsilon.is_empty() {
            graph.note(format!("its epsilon was assumed to be {own} (--epsilon says otherwise)"));
        }
    }
    let each = spots.into_iter().enumerate().map(|(index, (spot, norm))| {
        let epsilon = epsilon.get(index).or(epsilon.first()).copied().unwrap_or(own);
        let values = |tensor: &Option<Tensor<'_>>| tensor.as_ref().map(Tensor::values);
        let Group { weight, bias, mean, variance } = &norm.parts;
        let (gamma, beta) = (values(weight), values(bias));
        let (mean, variance) =
            (values(mean).unwrap_or_default(), values(variance).unwrap_or_default());
        let affine =
            Affine::of_norm([gamma.as_deref(), beta.as_deref()], [&mean, &variance], epsilon);
        (spot.number(), norm.name, affine)
    });
    Ok(each.collect())
}

fn build(graph: &mut Graph, layers: Vec<Layer<'_>>, norms: &Folded) -> Result<(), Fault> {
    let names: Vec<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
    graph.note(match &names[..] {
        [one] => format!("the file has weights alone: one dense layer was assumed: {one}"),
        names => format!(
            "the file has weights alone: dense layers in this order, with ReLU between them, were \
             assumed: {}",
            names.join(", ")
        ),
    });
    let last = layers.len() - 1;
    let place =
        |graph: &Graph, name: &str, kind: &str| Place::new(name, kind, graph.nodes.len() + 1);
    let normalize = |graph: &mut Graph, number: usize| {
        for (_, name, affine) in norms.iter().filter(|(found, ..)| *found == number) {
            graph.push(place(graph, name, "batch normalization"), Op::Affine(affine.clone()));
        }
    };
    normalize(graph, Spot::Input.number());
    for (index, Layer { name, matrix, bias }) in layers.into_iter().enumerate() {
        let here = place(graph, &name, "dense");
        let weights = Weights::new(graph, &here, &matrix, bias.as_ref())?;
        graph.push(here, Op::Dense(weights));
        normalize(graph, Spot::BeforeRelu(index).number());
        if index < last {
            graph.push(place(graph, "", "ReLU"), Op::Relu);
        }
        normalize(graph, Spot::AfterRelu(index).number());
    }
    Ok(())
}

/// Dense layers in the order of the file, and batch normalization.
type Sorted<'a> = (Vec<(String, Group<'a>)>, Vec<Norm<'a>>);

fn sorted<'a>(tensors: Vec<Tensor<'a>>, graph: &mut Graph) -> Result<Sorted<'a>, Fault> {
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
                let width = variance.len();
                let others = [&group.weight, &group.bias].into_iter().flatten().chain([mean]);
                if others.into_iter().any(|part| part.len() != width) {
                    return Err(refused(format!(
                        "the parts of batch normalization `{name}` have different lengths; save the \
                         network again"
                    )));
                }
                Affine::check(&Place::new(&name, "batch normalization", norms.len() + 1), width)?;
                norms.push(Norm { name, width, parts: group });
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
        "`{}` of shape {:?} belongs neither to a dense layer nor to batch normalization{of}; Inkbit runs \
         networks of dense layers with ReLU: train one of these, or export to ONNX, which says what a \
         tensor is for",
        tensor.name, tensor.shape
    ))
}
