//! ONNX files.

mod node;
mod ops;
mod protobuf;
mod tensor;

use self::node::node;
use self::ops::Constants;
use self::protobuf::{Field, fields};
use self::tensor::tensor;
use crate::import::fault::{Fault, damaged, refused};
use crate::import::graph::{Graph, MAX_NODES};
use crate::support::onnx;

/// The most constants of a file.
const MAX_TENSORS: usize = 2000;

/// Whether bytes begin as such a file does: the version of the format, then a text or a number.
pub fn is(bytes: &[u8]) -> bool {
    matches!(bytes, [0x08, version, next, ..] if *version < 64 && matches!(next, 0x12 | 0x3a | 0x42 | 0x1a | 0x22 | 0x28 | 0x32))
}

/// What a graph takes or gives.
#[derive(Default)]
struct Value {
    name: String,
    /// Sides may be of any length.
    shape: Option<Vec<Option<usize>>>,
    /// Whether its numbers are bytes.
    is_bytes: bool,
}

/// Reads a file's bytes.
pub fn read(bytes: &[u8]) -> Result<Graph, Fault> {
    let (mut graph, mut producer, mut version) = (None, String::new(), String::new());
    for field in fields(bytes) {
        match field? {
            (onnx::model::PRODUCER, field) => producer = field.text(),
            (onnx::model::PRODUCER_VERSION, field) => version = field.text(),
            (onnx::model::GRAPH, Field::Bytes(bytes)) => graph = Some(bytes),
            _ => {}
        }
    }
    let graph = graph.ok_or_else(|| damaged("it has no graph"))?;
    let from = [producer.trim(), version.trim()].join(" ");
    let framework = match from.trim() {
        "" => "ONNX".to_owned(),
        from => format!("ONNX by {from}"),
    };
    of_graph(graph, framework)
}

fn of_graph(bytes: &[u8], framework: String) -> Result<Graph, Fault> {
    let (mut nodes, mut constants) = (Vec::new(), Constants::new());
    let (mut inputs, mut outputs): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    for field in fields(bytes) {
        match field? {
            (onnx::graph::NODE, field) => {
                if nodes.len() == MAX_NODES {
                    return Err(refused(format!(
                        "it has over {MAX_NODES} nodes; give a network of dense layers"
                    )));
                }
                nodes.push(node(field.bytes())?);
            }
            (onnx::graph::CONSTANT, field) => {
                if constants.len() == MAX_TENSORS {
                    return Err(refused(format!(
                        "it has over {MAX_TENSORS} tensors; give a smaller network"
                    )));
                }
                let tensor = tensor(field.bytes())?;
                constants.insert(tensor.name.clone(), tensor);
            }
            (onnx::graph::INPUT, field) => inputs.push(value(field.bytes())?),
            (onnx::graph::OUTPUT, field) => outputs.push(value(field.bytes())?),
            _ => {}
        }
    }
    // Older files list their weights among the inputs.
    inputs.retain(|input| !constants.contains_key(&input.name));
    for (what, values) in [("inputs", &inputs), ("outputs", &outputs)] {
        if values.len() != 1 {
            let names: Vec<&str> =
                values.iter().map(|value| value.name.as_str()).take(10).collect();
            return Err(refused(format!(
                "it has {} {what} ({}), but must have one; export the part that gives the logits",
                values.len(),
                names.join(", ")
            )));
        }
    }
    let input = match inputs[0].shape.as_deref() {
        // A sample without a batch, or with one of any size.
        Some([_, sides @ ..]) if !sides.is_empty() => Some(sides.to_vec()),
        Some([side]) => Some(vec![*side]),
        _ => None,
    };
    let input: Option<Vec<usize>> = match input {
        Some(sides) => Some(sides.into_iter().collect::<Option<_>>().ok_or_else(|| {
            refused(format!(
                "its input `{}` has sides of any length besides the batch; export it with the size of \
                 your images",
                inputs[0].name
            ))
        })?),
        None => None,
    };
    for (number, node) in (1..).zip(&nodes) {
        if node.kind == "Constant" {
            let value = node.tensor("value");
            let name = node.outputs.first().cloned().unwrap_or_default();
            match value {
                Some(value) => {
                    let tensor = tensor(value)?.named(name.clone());
                    constants.insert(name, tensor);
                }
                None => ops::constant(node, &mut constants)?,
            }
        } else if !matches!(node.domain.as_str(), "" | "ai.onnx") {
            return Err(node.place(number).refuse(format!(
                "it is of the domain `{}`; export with the operators of ONNX itself",
                node.domain
            )));
        }
    }
    let takes_bytes = inputs[0].is_bytes;
    let mut graph = Graph { framework, input, takes_bytes, ..Graph::default() };
    ops::chain(&mut graph, &nodes, constants, &inputs[0].name, &outputs[0].name)?;
    Ok(graph)
}

fn value(bytes: &[u8]) -> Result<Value, Fault> {
    let mut value = Value::default();
    for field in fields(bytes) {
        match field? {
            (onnx::value::NAME, field) => value.name = field.text(),
            (onnx::value::TYPE, field) => of_type(field.bytes(), &mut value)?,
            _ => {}
        }
    }
    Ok(value)
}

fn of_type(bytes: &[u8], value: &mut Value) -> Result<(), Fault> {
    for tensor in only(bytes, onnx::value::TYPE_TENSOR) {
        for field in fields(tensor?) {
            match field? {
                (onnx::value::TENSOR_KIND, field) => {
                    value.is_bytes = field.number() as u64 == onnx::kind::U8;
                }
                (onnx::value::TENSOR_SHAPE, field) => value.shape = Some(sides(field.bytes())?),
                _ => {}
            }
        }
    }
    Ok(())
}

fn sides(shape: &[u8]) -> Result<Vec<Option<usize>>, Fault> {
    let mut sides = Vec::new();
    for side in only(shape, onnx::value::SHAPE_SIDE) {
        let mut length = None;
        for field in fields(side?) {
            if let (onnx::value::SIDE_LENGTH, field) = field? {
                length = usize::try_from(field.number()).ok().filter(|&side| side > 0);
            }
        }
        sides.push(length);
        if sides.len() > 8 {
            return Err(refused("its input has over eight dimensions; give it images"));
        }
    }
    Ok(sides)
}

/// The messages of a field.
fn only(bytes: &[u8], number: u64) -> impl Iterator<Item = Result<&[u8], Fault>> {
    fields(bytes).filter_map(move |field| match field {
        Ok((found, field)) => (found == number).then(|| Ok(field.bytes())),
        Err(fault) => Some(Err(fault)),
    })
}
