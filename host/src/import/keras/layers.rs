//! The layers of a Keras model in order, from its description in JSON.

use serde_json::Value;

use crate::import::fault::{Fault, Place, damaged, refused};
use crate::import::graph::MAX_NODES;
use crate::support::limit;

/// The most bytes of a description, which as tables within tables takes a hundred times as much memory:
/// those of dense layers have a few thousand, and what is to be refused by its name may have more.
pub const MAX_TEXT: usize = 2 * limit::TEXT as usize;

/// A layer as it is described.
pub struct Layer<'j> {
    /// Its kind, such as `Dense`.
    pub class: &'j str,
    /// The name in the model.
    pub name: &'j str,
    /// How many layers of its kind come before it in the list.
    pub index: usize,
    /// Its settings.
    pub config: &'j Value,
    /// Names of the layers that it takes values from.
    sources: Vec<&'j str>,
}

/// A model's description, from its text.
pub fn description(text: &[u8]) -> Result<Value, Fault> {
    if text.len() > MAX_TEXT {
        return Err(refused(format!(
            "the model's description has {} bytes, at most {MAX_TEXT} are read; give a smaller network",
            text.len()
        )));
    }
    serde_json::from_slice(text).map_err(damaged)
}

/// The class of a model or layer.
pub fn class(value: &Value) -> &str {
    value["class_name"].as_str().unwrap_or_default()
}

/// The layers in the list of a model.
pub fn layers(model: &Value) -> Result<Vec<Layer<'_>>, Fault> {
    // The first versions of Sequential have the list alone.
    let config = &model["config"];
    let list = config["layers"].as_array().or(config.as_array());
    let list = list.ok_or_else(|| damaged("the model's description has no list of layers"))?;
    if list.len() > MAX_NODES {
        return Err(refused(format!(
            "the model has {} layers, at most {MAX_NODES} are looked at; give a smaller network",
            list.len()
        )));
    }
    let mut layers: Vec<Layer<'_>> = Vec::new();
    for value in list {
        let (class, config) = (class(value), &value["config"]);
        let name = value["name"].as_str().or(config["name"].as_str()).unwrap_or_default();
        let index = layers.iter().filter(|layer| layer.class == class).count();
        let mut sources = Vec::new();
        sources_of(&value["inbound_nodes"], &mut sources);
        layers.push(Layer { class, name, index, config, sources });
    }
    Ok(layers)
}

/// The names in a layer's inbound nodes: `["name", 0, 0, {}]` in Keras 2, tensors with a history in
/// Keras 3.
fn sources_of<'j>(value: &'j Value, found: &mut Vec<&'j str>) {
    match value {
        Value::Array(items) => match &items[..] {
            [Value::String(name), Value::Number(_), Value::Number(_), ..] => found.push(name),
            _ => items.iter().for_each(|item| sources_of(item, found)),
        },
        Value::Object(fields) => match fields.get("keras_history") {
            Some(history) => sources_of(history, found),
            None => fields.values().for_each(|value| sources_of(value, found)),
        },
        _ => {}
    }
}

/// The layers of a functional model in order, which must be a chain.
pub fn path<'l, 'j>(
    model: &'j Value,
    layers: &'l [Layer<'j>],
) -> Result<Vec<&'l Layer<'j>>, Fault> {
    let ends = |key: &str| {
        let mut names = Vec::new();
        sources_of(&model["config"][key], &mut names);
        names
    };
    for (key, what) in [("input_layers", "inputs"), ("output_layers", "outputs")] {
        let names = ends(key);
        if names.len() != 1 {
            return Err(refused(format!(
                "the model has {} {what} ({}), but must have one; make a model of the one that gives the \
                 classes",
                names.len(),
                names.join(", ")
            )));
        }
    }
    let (mut path, mut name) = (Vec::new(), ends("output_layers")[0]);
    loop {
        let number = layers.iter().position(|layer| layer.name == name);
        let Some(number) = number else {
            return Err(damaged(format!("the layer `{name}` is not in the list of layers")));
        };
        let layer = &layers[number];
        path.push(layer);
        if path.len() > layers.len() {
            return Err(damaged("the layers go in a circle"));
        }
        let place = Place::new(layer.name, layer.class, number + 1);
        match &layer.sources[..] {
            [] => break,
            [source] => name = source,
            sources => {
                return Err(place.refuse(format!(
                    "it takes values from {} places ({}); only a chain of layers is imported, without \
                     branches or layers that are used twice",
                    sources.len(),
                    sources.join(", ")
                )));
            }
        }
    }
    path.reverse();
    Ok(path)
}
