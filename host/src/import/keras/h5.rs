//! Keras's HDF5 files: whole models (`.h5`), and weights alone (`.h5`, `.weights.h5`).

use serde_json::Value;

use super::hdf5::Folder;
use super::layers::{Layer, description};
use super::model;
use crate::import::budget::Budget;
use crate::import::chain::Orientation;
use crate::import::fault::{Fault, damaged, refused};
use crate::import::graph::Graph;
use crate::import::names::order;
use crate::import::state::State;
use crate::import::tensor::Tensor;

/// The most data sets that are looked at.
const MAX_TENSORS: usize = 1000;
/// What batch normalization of Keras adds to a variance, if nobody says otherwise.
const EPSILON: f64 = 1e-3;

/// A file that describes its network, or weights alone.
pub enum Content {
    Model(Graph),
    Weights(State<'static>),
}

/// Reads a file's bytes.
pub fn read(bytes: Vec<u8>, budget: &Budget) -> Result<Content, Fault> {
    let root = Folder::root(bytes, budget)?;
    let version = root.text("keras_version")?;
    let framework = framework(version.as_deref());
    if let Some(config) = root.text("model_config")? {
        let model = description(config.as_bytes())?;
        let weights = root
            .child("model_weights")?
            .ok_or_else(|| damaged("it describes a network, but has no group `model_weights`"))?;
        let lookup = |layer: &Layer<'_>| of_layer(&weights, layer.name);
        return model::graph(&model, framework, &lookup).map(Content::Model);
    }
    let tensors = match root.child("layers")? {
        Some(layers) => numbered(&layers)?,
        None => match root.child("_layer_checkpoint_dependencies")? {
            Some(layers) => numbered(&layers)?,
            None => {
                let weights = root.child("model_weights")?;
                of_layers(weights.as_ref().unwrap_or(&root))?
            }
        },
    };
    let orientation = Orientation::InputsFirst;
    Ok(Content::Weights(State { framework, tensors, orientation, epsilon: EPSILON }))
}

/// What a report says of where a network comes from.
pub fn framework(version: Option<&str>) -> String {
    version.map_or_else(|| "Keras".to_owned(), |version| format!("Keras {version}"))
}

/// The network of a `.keras` file: its description, and the bytes of its weights.
pub fn with_config(
    model: &Value,
    version: Option<&str>,
    weights: Vec<u8>,
    budget: &Budget,
) -> Result<Graph, Fault> {
    let root = Folder::root(weights, budget)?;
    let mut layers = root.child("layers")?;
    if layers.is_none() {
        layers = root.child("_layer_checkpoint_dependencies")?;
    }
    let layers = layers.ok_or_else(|| damaged("its weights have no group `layers`"))?;
    let lookup = |layer: &Layer<'_>| {
        // By its kind and number, whatever the layer is called.
        let mut name = snake_case(layer.class);
        if layer.index > 0 {
            name += &format!("_{}", layer.index);
        }
        match layers.child(&name)? {
            Some(group) => vars(&group, &name),
            None => Err(refused(format!(
                "the weights of the layer `{}` ({}) are missing; save the whole model again",
                layer.name, layer.class
            ))),
        }
    };
    model::graph(model, framework(version), &lookup)
}

/// `BatchNormalization` becomes `batch_normalization`.
fn snake_case(class: &str) -> String {
    let mut name = String::new();
    let mut is_after_small = false;
    for c in class.chars() {
        if c.is_ascii_uppercase() && is_after_small {
            name.push('_');
        }
        is_after_small = !c.is_ascii_uppercase();
        name.push(c.to_ascii_lowercase());
    }
    name
}

/// The tensors `vars/0`, `vars/1` and so on of a layer.
fn vars(layer: &Folder<'_>, name: &str) -> Result<Vec<Tensor<'static>>, Fault> {
    let Some(group) = layer.child("vars")? else { return Ok(Vec::new()) };
    let (_, mut names) = group.names()?;
    check(names.len())?;
    names.sort_by_key(|name| order(name));
    let each = names.iter().map(|number| {
        let called = format!("{name}/{number}");
        let found = group.tensor(number, &called)?;
        found.ok_or_else(|| damaged(format!("`{called}` is missing")))
    });
    each.collect()
}

/// Tensors of layers with numbers, named by what they are for, which their shapes tell.
fn numbered(layers: &Folder<'_>) -> Result<Vec<Tensor<'static>>, Fault> {
    let (names, _) = layers.names()?;
    check(names.len())?;
    let mut tensors = Vec::new();
    for name in names {
        let Some(group) = layers.child(&name)? else { continue };
        let found = vars(&group, &name)?;
        let roles: &[&str] = match &found[..] {
            [] => continue,
            [matrix] | [matrix, _] if matrix.shape.len() == 2 => &["kernel", "bias"],
            [first, _, _, _] if first.shape.len() == 1 => {
                &["gamma", "beta", "moving_mean", "moving_variance"]
            }
            [first, ..] => {
                return Err(refused(format!(
                    "the layer `{name}` has {} tensors, the first of shape {:?}, and the file does not \
                     say of what; save the whole model as .keras or .h5",
                    found.len(),
                    first.shape
                )));
            }
        };
        let named = found.into_iter().zip(roles);
        tensors.extend(named.map(|(tensor, role)| tensor.named(format!("{name}/{role}"))));
        check(tensors.len())?;
    }
    Ok(tensors)
}

/// The tensors of all layers, in the order in which the file names them.
fn of_layers(weights: &Folder<'_>) -> Result<Vec<Tensor<'static>>, Fault> {
    let names = weights.strings("layer_names")?.ok_or_else(|| {
        refused(
            "it is HDF5, but neither a Keras model nor Keras weights; save the model as .keras, .h5 or \
             ONNX",
        )
    })?;
    check(names.len())?;
    let mut tensors = Vec::new();
    for name in names {
        for tensor in of_layer(weights, &name)? {
            let leaf = tensor.name.rsplit('/').next().unwrap_or_default();
            let short = format!("{name}/{leaf}");
            tensors.push(tensor.named(short));
        }
        check(tensors.len())?;
    }
    Ok(tensors)
}

/// The tensors of a layer, in the order in which the file names them.
fn of_layer(weights: &Folder<'_>, layer: &str) -> Result<Vec<Tensor<'static>>, Fault> {
    let missing = |name: &str| {
        refused(format!(
            "the weights `{name}` of the layer `{layer}` are missing, and links to other files are not \
             followed; save the whole model again"
        ))
    };
    let group = weights.child(layer)?.ok_or_else(|| missing(layer))?;
    let names = group.strings("weight_names")?.ok_or_else(|| missing("weight_names"))?;
    check(names.len())?;
    let each = names.iter().map(|name| {
        let (folders, last) = name.rsplit_once('/').unwrap_or(("", name));
        let mut folder = None;
        for part in folders.split('/').filter(|part| !part.is_empty()) {
            let from = folder.as_ref().unwrap_or(&group);
            folder = Some(from.child(part)?.ok_or_else(|| missing(name))?);
        }
        let found = folder.as_ref().unwrap_or(&group).tensor(last, name)?;
        found.ok_or_else(|| missing(name))
    });
    each.collect()
}

fn check(tensors: usize) -> Result<(), Fault> {
    if tensors > MAX_TENSORS {
        return Err(refused(format!(
            "it has over {MAX_TENSORS} layers or tensors; give a smaller network"
        )));
    }
    Ok(())
}
