//! A model as a graph of integers, by `core/FORMAT.md`.
//!
//! Operators are chosen so that every runtime computes the same: none rounds, none overflows, and
//! divisions, which round differently below zero, are only of what is not below it or becomes 0 after
//! all. Weights are unsigned bytes with a zero point of 128. As signed bytes they would be multiplied by
//! the instruction VPMADDUBSW on processors without VNNI, by ONNX Runtime at least, and that saturates
//! sums of two products at 16 bits.

use inkbit_core::{Input, Layer, Model, Sample};

use super::graph::{About, Graph, Value};
use crate::support::onnx::kind;
use crate::support::visible;

/// What is added to a weight to make it an unsigned byte.
const ZERO_POINT: i64 = 128;
/// Multipliers of a layer are parts of this.
const LAYER_UNIT: i64 = 1 << 32;
/// Multipliers of features are parts of this.
const FEATURE_UNIT: i64 = 1 << 24;

/// A model that is several networks, which a graph does not ask in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it has {0} stages, and an ONNX graph is of one network; export a model of one stage")]
pub struct Stages(pub usize);

/// The ONNX file of a model: samples, as `inkbit-core` takes them, to its logits.
///
/// The input is `image`, `[batch, height, width]` bytes, or `features`, `[batch, count]` bytes or signed
/// numbers of 16 bits; the output `logits`, `[batch, classes]` signed numbers of 32 bits.
///
/// ```
/// let blob = &inkbit::model::builtin::all()[6]; // nano
/// let file = inkbit::export::onnx::integer(&blob.model()?).unwrap();
/// assert!(inkbit::export::onnx::KIND.has(&file));
/// # Ok::<_, inkbit_core::ModelError>(())
/// ```
///
/// # Errors
///
/// [`Stages`] if the model has several.
pub fn integer(model: &Model<'_>) -> Result<Vec<u8>, Stages> {
    let &[stage] = model.stages() else { return Err(Stages(model.stages().len())) };
    let mut graph = Graph::default();
    let input = match model.sample() {
        Sample::Image(frame) => {
            shrink(&mut graph, model.input());
            Value {
                name: "image",
                kind: kind::U8,
                shape: vec![frame.height.into(), frame.width.into()],
                doc: "pixels, 0 for background and 255 for full ink".to_owned(),
            }
        }
        Sample::Features { count, signed, .. } => {
            scale(&mut graph, model);
            Value {
                name: "features",
                kind: if signed { kind::I16 } else { kind::U8 },
                shape: vec![count.into()],
                doc: "features as they are measured".to_owned(),
            }
        }
    };
    for (number, layer) in model.layers().iter().enumerate() {
        let is_last = number + 1 == model.layers().len();
        dense(&mut graph, layer, number, is_last);
    }
    let output = Value {
        name: "logits",
        kind: kind::I32,
        shape: vec![model.classes()],
        doc: format!("multiplied by {}, those of the float network", stage.logit_scale),
    };
    let name = visible::line(model.header().name);
    let labels: Vec<&str> = (0..model.classes()).map(|class| model.label(class)).collect();
    let about = About {
        name: &name,
        doc: "Integers alone: its logits are those that inkbit-core computes, bit for bit.",
        texts: vec![
            ("name", name.clone()),
            ("labels", labels.join("\n")),
            ("logit_scale", stage.logit_scale.to_string()),
            ("margin", stage.margin.to_string()),
            ("prominence", stage.prominence.to_string()),
        ],
    };
    Ok(graph.file(&input, &output, &about))
}

/// Crops and averages an image, and makes it a row of inputs.
fn shrink(graph: &mut Graph, input: Input) {
    let Input { width, height, crop, pool } = input;
    let [left, top] = crop.map(i64::from);
    let [wide, high] = pool.map(i64::from);
    if [left, top] != [0; 2] {
        let ends = [i64::from(height) - top, i64::from(width) - left];
        let starts = graph.integers("crop_starts", kind::I64, &[2], [top, left]);
        let ends = graph.integers("crop_ends", kind::I64, &[2], ends);
        let axes = graph.integers("crop_axes", kind::I64, &[2], [1, 2]);
        graph.node("Slice", &[&starts, &ends, &axes]);
    }
    let area = wide * high;
    if area > 1 {
        let [columns, rows] = input.size().map(|side| side as i64);
        graph.cast(kind::I32);
        // 0 is the batch, of any size.
        let shape = graph.integers("pool_shape", kind::I64, &[5], [0, rows, high, columns, wide]);
        graph.node("Reshape", &[&shape]);
        let axes = graph.integers("pool_axes", kind::I64, &[2], [2, 4]);
        graph.node_with("ReduceSum", &[&axes], ("keepdims", 0));
        let half = graph.integer(kind::I32, area / 2);
        graph.node("Add", &[&half]);
        let area = graph.integer(kind::I32, area);
        graph.node("Div", &[&area]);
        graph.cast(kind::U8);
    }
    graph.node_with("Flatten", &[], ("axis", 1));
}

/// Brings features to the steps of their ranges.
fn scale(graph: &mut Graph, model: &Model<'_>) {
    let ranges = || model.ranges();
    let count = ranges().len();
    graph.cast(kind::I64);
    let offsets = ranges().map(|range| range.offset.into());
    let offsets = graph.integers("feature_offsets", kind::I64, &[count], offsets);
    graph.node("Sub", &[&offsets]);
    let multipliers = ranges().map(|range| range.multiplier.into());
    let multipliers = graph.integers("feature_multipliers", kind::I64, &[count], multipliers);
    graph.node("Mul", &[&multipliers]);
    let half = graph.integer(kind::I64, FEATURE_UNIT / 2);
    graph.node("Add", &[&half]);
    into_bytes(graph, FEATURE_UNIT);
}

/// A layer: its sums, and activations unless it is the last.
fn dense(graph: &mut Graph, layer: &Layer<'_>, number: usize, is_last: bool) {
    let (inputs, outputs) = (layer.inputs(), layer.outputs());
    let weights = (0..inputs * outputs)
        .map(|index| i64::from(layer.weight(index % outputs, index / outputs)) + ZERO_POINT);
    let name = format!("weights_{number}");
    let weights = graph.integers(name, kind::U8, &[inputs, outputs], weights);
    let zero_point = graph.integer(kind::U8, ZERO_POINT);
    // The inputs' zero point is left out: it is 0.
    graph.node("MatMulInteger", &[&weights, "", &zero_point]);
    let biases = (0..outputs).map(|output| layer.bias(output).into());
    let biases = graph.integers(format!("biases_{number}"), kind::I32, &[outputs], biases);
    graph.node("Add", &[&biases]);
    if !is_last {
        graph.cast(kind::I64);
        let multipliers = (0..outputs).map(|output| layer.multiplier(output).into());
        let name = format!("multipliers_{number}");
        let multipliers = graph.integers(name, kind::I64, &[outputs], multipliers);
        graph.node("Mul", &[&multipliers]);
        into_bytes(graph, LAYER_UNIT);
    }
}

/// Divides by `unit`, and holds what results within 0 and 255, which is ReLU too.
fn into_bytes(graph: &mut Graph, unit: i64) {
    let unit = graph.integer(kind::I64, unit);
    graph.node("Div", &[&unit]);
    let ends = [0, 255].map(|end| graph.integer(kind::I64, end));
    graph.node("Clip", &[&ends[0], &ends[1]]);
    graph.cast(kind::U8);
}
