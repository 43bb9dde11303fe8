//! A Keras network from its description in JSON, and its weights.

use serde_json::Value;

use super::layers::{Layer, class, layers, path};
use crate::import::fault::{Fault, Place, refused};
use crate::import::graph::{Affine, Graph, Op, Weights};
use crate::import::tensor::Tensor;

/// What divides by a deviation at least divides by this.
const EPSILON: f64 = 1e-7;

/// Gives the weights of a layer, in Keras's order.
pub type Lookup<'l> = dyn Fn(&Layer<'_>) -> Result<Vec<Tensor<'static>>, Fault> + 'l;

/// The network that a description has. `lookup` gives the weights of a layer, in Keras's order.
///
/// # Errors
///
/// A layer that Inkbit has not, or has not its weights.
pub fn graph(model: &Value, framework: String, lookup: &Lookup<'_>) -> Result<Graph, Fault> {
    let mut graph = Graph { framework, ..Graph::default() };
    let layers = layers(model)?;
    let path = match class(model) {
        "Sequential" => layers.iter().collect(),
        "Functional" | "Model" => path(model, &layers)?,
        other => {
            return Err(refused(format!(
                "the model is of the class `{other}`, whose code only Python has; make a Sequential or \
                 functional model of it, or export it to ONNX"
            )));
        }
    };
    for (index, layer) in path.into_iter().enumerate() {
        let place = Place::new(layer.name, layer.class, index + 1);
        add(&mut graph, &place, layer, lookup)?;
    }
    Ok(graph)
}

fn add(
    graph: &mut Graph,
    place: &Place,
    layer: &Layer<'_>,
    lookup: &Lookup<'_>,
) -> Result<(), Fault> {
    let config = layer.config;
    if graph.input.is_none() && graph.nodes.is_empty() {
        graph.input = shape(config)?;
    }
    match layer.class {
        "InputLayer"
        | "Dropout"
        | "GaussianNoise"
        | "GaussianDropout"
        | "AlphaDropout"
        | "SpatialDropout1D"
        | "ActivityRegularization"
        | "Identity" => {}
        "Activation" => activation(graph, place, &config["activation"])?,
        "ReLU" => relu(graph, place, config)?,
        "Softmax" => graph.push(place.clone(), Op::Softmax),
        "Flatten" => graph.push(place.clone(), Op::Reshape(None)),
        "Reshape" => {
            let target = config["target_shape"].as_array().map_or(&[][..], Vec::as_slice);
            let sides = target.iter().map(|side| side.as_u64().map(|side| side as usize));
            // With one that is to be found there are as many values as before.
            let known: Option<Vec<usize>> = sides.collect();
            if known.is_none() && target.len() > 1 {
                return Err(place.refuse("its target shape has a side of -1; name the side"));
            }
            graph.push(place.clone(), Op::Reshape(known));
        }
        "Dense" => {
            let is_biased = config["use_bias"].as_bool().unwrap_or(true);
            let weights = lookup(layer)?;
            let (matrix, bias) = match (&weights[..], is_biased) {
                ([matrix, bias], true) => (matrix, Some(bias)),
                ([matrix], false) => (matrix, None),
                _ => return Err(count(place, &weights, if is_biased { 2 } else { 1 })),
            };
            let weights = Weights::new(graph, place, matrix, bias)?;
            graph.push(place.clone(), Op::Dense(weights));
            activation(graph, place, &config["activation"])?;
        }
        "BatchNormalization" => {
            let affine = norm(place, layer, &lookup(layer)?)?;
            graph.push(place.clone(), Op::Affine(affine));
        }
        "Rescaling" => {
            let numbers = |key: &str, or: f64| match &config[key] {
                Value::Null => Ok(vec![or]),
                value => numbers(value).ok_or_else(|| {
                    place.refuse(format!("its {key} is no number; give a number or a list"))
                }),
            };
            let affine = Affine { scale: numbers("scale", 1.0)?, shift: numbers("offset", 0.0)? };
            graph.push(place.clone(), Op::Affine(affine));
        }
        "Normalization" => {
            let affine = normalization(place, layer, lookup)?;
            graph.push(place.clone(), Op::Affine(affine));
        }
        "Sequential" | "Functional" | "Model" => {
            return Err(place.refuse(
                "it is a model within the model; put its layers into the model itself, or export to \
                 ONNX",
            ));
        }
        "Conv1D" | "Conv2D" | "Conv3D" | "DepthwiseConv2D" | "SeparableConv2D" => {
            return Err(place
                .refuse("Inkbit has no convolutions; train a network of dense layers with ReLU"));
        }
        _ => {
            return Err(place.refuse(
                "Inkbit has no such layer; it runs dense layers with ReLU, and folds in batch \
                 normalization and scaling",
            ));
        }
    }
    Ok(())
}

/// The shape of a sample that a layer's description names.
fn shape(config: &Value) -> Result<Option<Vec<usize>>, Fault> {
    let shape = ["batch_shape", "batch_input_shape"].map(|key| config[key].as_array());
    let Some([_, sides @ ..]) = shape.into_iter().flatten().next().map(Vec::as_slice) else {
        return Ok(None);
    };
    let sides: Option<Vec<usize>> =
        sides.iter().map(|side| usize::try_from(side.as_u64()?).ok()).collect();
    match sides {
        Some(sides) => Ok(Some(sides)),
        None => Err(refused(
            "the model takes samples of any size; give its Input layer the shape of your images, and \
             save it again",
        )),
    }
}

fn activation(graph: &mut Graph, place: &Place, value: &Value) -> Result<(), Fault> {
    let name = value.as_str().or(value["class_name"].as_str()).unwrap_or("linear");
    match name.to_ascii_lowercase().as_str() {
        "linear" => {}
        "relu" if value.is_object() => relu(graph, place, &value["config"])?,
        "relu" => graph.push(place.clone(), Op::Relu),
        "softmax" | "log_softmax" => graph.push(place.clone(), Op::Softmax),
        _ => {
            return Err(place.refuse(format!(
                "its activation is `{name}`; Inkbit has ReLU between layers and softmax at the end: \
                 train with these"
            )));
        }
    }
    Ok(())
}

fn relu(graph: &mut Graph, place: &Place, config: &Value) -> Result<(), Fault> {
    let is_zero = |key: &str| config[key].as_f64().unwrap_or(0.0) == 0.0;
    if !config["max_value"].is_null() || !is_zero("negative_slope") || !is_zero("threshold") {
        return Err(place.refuse(
            "its ReLU has a greatest value, a slope or a threshold; Inkbit has plain ReLU: train with \
             that",
        ));
    }
    graph.push(place.clone(), Op::Relu);
    Ok(())
}

fn norm(place: &Place, layer: &Layer<'_>, weights: &[Tensor<'_>]) -> Result<Affine, Fault> {
    let is = |key: &str| layer.config[key].as_bool().unwrap_or(true);
    let (is_scaled, is_centred) = (is("scale"), is("center"));
    let expected = 2 + usize::from(is_scaled) + usize::from(is_centred);
    let lengths: Vec<usize> = weights.iter().map(Tensor::len).collect();
    if lengths.len() != expected || lengths.iter().any(|length| *length != lengths[0]) {
        return Err(count(place, weights, expected));
    }
    Affine::check(place, lengths[0])?;
    let mut values = weights.iter().map(Tensor::values);
    let gamma = is_scaled.then(|| values.next()).flatten();
    let beta = is_centred.then(|| values.next()).flatten();
    let (mean, variance) = (values.next().unwrap_or_default(), values.next().unwrap_or_default());
    let epsilon = layer.config["epsilon"].as_f64().unwrap_or(1e-3);
    Ok(Affine::of_norm([gamma.as_deref(), beta.as_deref()], [&mean, &variance], epsilon))
}

fn normalization(place: &Place, layer: &Layer<'_>, lookup: &Lookup<'_>) -> Result<Affine, Fault> {
    if layer.config["invert"].as_bool().unwrap_or(false) {
        return Err(place.refuse("it inverts a normalization; use Rescaling instead"));
    }
    let stated = |key: &str| numbers(&layer.config[key]);
    let (mean, variance) = match (stated("mean"), stated("variance")) {
        (Some(mean), Some(variance)) => (mean, variance),
        _ => {
            let weights = lookup(layer)?;
            let [mean, variance, ..] = &weights[..] else {
                return Err(count(place, &weights, 2));
            };
            Affine::check(place, mean.len().max(variance.len()))?;
            let of = |tensor: &Tensor<'_>| tensor.values().into_iter().map(f64::from).collect();
            (of(mean), of(variance))
        }
    };
    if mean.len() != variance.len() {
        return Err(place.refuse("its means are not as many as its variances; save it again"));
    }
    let scale: Vec<f64> = variance.iter().map(|value| 1.0 / value.sqrt().max(EPSILON)).collect();
    let shift = mean.iter().zip(&scale).map(|(mean, scale)| -mean * scale).collect();
    Ok(Affine { scale, shift })
}

/// The numbers of a list within lists.
fn numbers(value: &Value) -> Option<Vec<f64>> {
    match value {
        Value::Number(number) => Some(vec![number.as_f64()?]),
        Value::Array(items) => {
            let lists: Option<Vec<Vec<f64>>> = items.iter().map(numbers).collect();
            lists.map(|lists| lists.concat()).filter(|numbers| !numbers.is_empty())
        }
        _ => None,
    }
}

fn count(place: &Place, found: &[Tensor<'_>], expected: usize) -> Fault {
    place.refuse(format!(
        "it has {} tensors of weights, expected {expected}; save the whole model again",
        found.len()
    ))
}
