//! A run's float network as an ONNX file.

use inkbit_core::{Input, Range};

use super::graph::{About, Graph, Value};
use crate::data::Shape;
use crate::net::Mlp;
use crate::support::onnx::kind;

/// The ONNX file of a network whose samples have this shape, and whose inputs are these: to `logits`,
/// `[batch, classes]`, all numbers floats. Scales of quantization-aware training are left out.
///
/// Images are the input `image`, `[batch, height, width]`, cropped and averaged already, with pixels from 0
/// to 1. Features are the input `features`, `[batch, count]`, as they are measured.
///
/// ```
/// use inkbit::data::Shape;
/// use inkbit::net::Mlp;
/// use inkbit_core::Input;
/// let network = Mlp::zeros(&[64, 16, 10]);
/// let labels: Vec<String> = (0..10).map(|digit| digit.to_string()).collect();
/// let (shape, input) = (Shape::square(16), Input::square(16, 0, 2));
/// let file = inkbit::export::onnx::float(&network, "digits", &shape, input, &labels);
/// # #[cfg(feature = "import")]
/// assert_eq!(inkbit::import::parse(file, &Default::default())?.network, network);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn float(network: &Mlp, name: &str, shape: &Shape, input: Input, labels: &[String]) -> Vec<u8> {
    let mut graph = Graph::default();
    let value = |name, shape, doc| Value { name, kind: kind::F32, shape, doc };
    let input = match shape {
        Shape::Image { .. } => {
            graph.node_with("Flatten", &[], ("axis", 1));
            let [columns, rows] = input.size();
            value("image", vec![rows, columns], pixels(input))
        }
        Shape::Features { count, ranges, .. } => {
            scale(&mut graph, ranges);
            value("features", vec![*count], "features as they are measured".to_owned())
        }
    };
    for (number, layer) in network.layers.iter().enumerate() {
        if number > 0 {
            graph.node("Relu", &[]);
        }
        let sides = [layer.inputs, layer.outputs];
        let weights = graph.floats(format!("weights_{number}"), &sides, &layer.weight);
        let biases = graph.floats(format!("biases_{number}"), &sides[1..], &layer.bias);
        graph.node("Gemm", &[&weights, &biases]);
    }
    let output = value("logits", vec![labels.len()], "before softmax".to_owned());
    let texts = vec![("name", name.to_owned()), ("labels", labels.join("\n"))];
    let doc = &format!("A float network. Its input: {}.", input.doc);
    graph.file(&input, &output, &About { name, doc, texts })
}

/// What the pixels of the input are.
fn pixels(input: Input) -> String {
    let Input { width, height, crop: [left, top], pool: [wide, high] } = input;
    let mut doc = "pixels / 255, 0 for background and 1 for full ink".to_owned();
    if [left, top] != [0; 2] {
        doc += &format!(
            "; of images of {width}×{height} pixels, {left} are cut off the left and the right edge each, \
             and {top} off the top and the bottom edge each"
        );
    }
    if [wide, high] != [1; 2] {
        doc += &format!("; each {wide}×{high} pixels are averaged");
    }
    doc
}

/// Brings features to the range from 0 to 1.
fn scale(graph: &mut Graph, ranges: &[Range]) {
    /// Multipliers are steps of an input, of which there are 255, times 2²⁴.
    const UNIT: f32 = 255.0 * (1 << 24) as f32;
    let offsets: Vec<f32> = ranges.iter().map(|range| range.offset as f32).collect();
    let scales: Vec<f32> = ranges.iter().map(|range| range.multiplier as f32 / UNIT).collect();
    let offsets = graph.floats("feature_offsets".to_owned(), &[ranges.len()], &offsets);
    let scales = graph.floats("feature_scales".to_owned(), &[ranges.len()], &scales);
    graph.node("Sub", &[&offsets]);
    graph.node("Mul", &[&scales]);
    let ends = [0.0, 1.0].map(|end| graph.floats(format!("{end}"), &[], &[end]));
    graph.node("Clip", &[&ends[0], &ends[1]]);
}
