//! An ONNX graph whose nodes follow each other.

use super::message::Message;
use crate::support::onnx::{attribute, entry, graph, kind, model, node, opset, tensor, value};

/// Version of the operators (ONNX 1.8): all that are used have not changed much since, so old and new
/// runtimes know them.
const OPSET: u64 = 13;
/// The version of the file format that has it.
const IR_VERSION: u64 = 7;

/// What a graph takes or gives.
#[derive(Clone, Debug)]
pub struct Value {
    /// Its name.
    pub name: &'static str,
    /// The kind of its numbers.
    pub kind: u64,
    /// The shape of one sample's; the batch comes before it.
    pub shape: Vec<usize>,
    /// What people read about it.
    pub doc: String,
}

impl Value {
    fn message(&self) -> Message {
        let side = |&side: &usize| Message::default().number(value::SIDE_LENGTH, side as u64);
        let batch = Message::default().bytes(value::SIDE_NAME, "batch");
        let sides = std::iter::once(batch).chain(self.shape.iter().map(side));
        let shape = Message::default().each(value::SHAPE_SIDE, sides);
        let tensor = Message::default()
            .number(value::TENSOR_KIND, self.kind)
            .bytes(value::TENSOR_SHAPE, shape);
        Message::default()
            .bytes(value::NAME, self.name)
            .bytes(value::TYPE, Message::default().bytes(value::TYPE_TENSOR, tensor))
            .bytes(value::DOC, &self.doc)
    }
}

/// A node takes the value of the one before it, and constants.
#[derive(Clone, Debug)]
struct Node {
    operator: &'static str,
    operands: Vec<String>,
    attribute: Option<(&'static str, u64)>,
}

/// What is known of a model besides its graph.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// Its name.
    pub name: &'a str,
    /// What people read about it.
    pub doc: &'a str,
    /// What programs read about it: names and texts.
    pub texts: Vec<(&'a str, String)>,
}

/// A graph from one input to one output.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    /// Names and messages.
    constants: Vec<(String, Message)>,
}

impl Graph {
    /// Adds a node. `operands` are what it takes after the value of the node before.
    pub fn node(&mut self, operator: &'static str, operands: &[&str]) {
        let operands = operands.iter().map(|&name| name.to_owned()).collect();
        self.nodes.push(Node { operator, operands, attribute: None });
    }

    /// The same with an attribute that is a whole number.
    pub fn node_with(
        &mut self,
        operator: &'static str,
        operands: &[&str],
        attribute: (&'static str, u64),
    ) {
        self.node(operator, operands);
        if let Some(node) = self.nodes.last_mut() {
            node.attribute = Some(attribute);
        }
    }

    /// Turns the value's numbers into those of another kind.
    pub fn cast(&mut self, kind: u64) {
        self.node_with("Cast", &[], ("to", kind));
    }

    /// A constant of whole numbers, whose name it returns; one of that name is there only once.
    pub fn integers(
        &mut self,
        name: impl Into<String>,
        kind: u64,
        shape: &[usize],
        numbers: impl IntoIterator<Item = i64>,
    ) -> String {
        let width = match kind {
            kind::U8 => 1,
            kind::I32 => 4,
            _ => 8,
        };
        let numbers = numbers.into_iter();
        let bytes = numbers.flat_map(|number| number.to_le_bytes().into_iter().take(width));
        self.constant(name.into(), kind, shape, bytes.collect())
    }

    /// One whole number.
    pub fn integer(&mut self, kind: u64, number: i64) -> String {
        self.integers(format!("{number}_of_kind_{kind}"), kind, &[], [number])
    }

    /// A constant of floats, whose name it returns.
    pub fn floats(&mut self, name: String, shape: &[usize], numbers: &[f32]) -> String {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.constant(name, kind::F32, shape, bytes)
    }

    fn constant(&mut self, name: String, kind: u64, shape: &[usize], raw: Vec<u8>) -> String {
        if !self.constants.iter().any(|(known, _)| *known == name) {
            let sides = shape.iter();
            let message = sides.fold(Message::default(), |message, &side| {
                message.number(tensor::SIDE, side as u64)
            });
            let message = message.number(tensor::KIND, kind).bytes(tensor::NAME, &name);
            self.constants.push((name.clone(), message.bytes(tensor::RAW, raw)));
        }
        name
    }

    /// The file of the model.
    pub fn file(self, input: &Value, output: &Value, about: &About<'_>) -> Vec<u8> {
        let last = self.nodes.len();
        let name = |number: usize| match number {
            0 => input.name.to_owned(),
            _ if number == last => output.name.to_owned(),
            _ => format!("value_{number}"),
        };
        let nodes = self.nodes.iter().enumerate().map(|(number, each)| {
            let message = Message::default()
                .bytes(node::INPUT, name(number))
                .each(node::INPUT, &each.operands)
                .bytes(node::OUTPUT, name(number + 1))
                .bytes(node::NAME, format!("{}_{}", each.operator, number + 1))
                .bytes(node::OPERATOR, each.operator);
            let Some((name, number)) = each.attribute else { return message };
            let attribute = Message::default()
                .bytes(attribute::NAME, name)
                .number(attribute::INT, number)
                .number(attribute::KIND, attribute::KIND_INT);
            message.bytes(node::ATTRIBUTE, attribute)
        });
        let graph = Message::default()
            .each(graph::NODE, nodes)
            .bytes(graph::NAME, about.name)
            .each(graph::CONSTANT, self.constants.iter().map(|(_, message)| message))
            .bytes(graph::INPUT, input.message())
            .bytes(graph::OUTPUT, output.message());
        let texts = about
            .texts
            .iter()
            .map(|(key, text)| Message::default().bytes(entry::KEY, key).bytes(entry::VALUE, text));
        // The producer comes second: by it the file is known as Inkbit's.
        Message::default()
            .number(model::IR_VERSION, IR_VERSION)
            .bytes(model::PRODUCER, "inkbit")
            .bytes(model::PRODUCER_VERSION, env!("CARGO_PKG_VERSION"))
            .bytes(model::DOC, about.doc)
            .bytes(model::GRAPH, graph)
            .bytes(model::OPSET, Message::default().number(opset::VERSION, OPSET))
            .each(model::METADATA, texts)
            .into_bytes()
    }
}
