//! A reader and an evaluator of ONNX graphs, written from the definition of the format
//! and of its operators (version 13), without any code of the writer.
//!
//! It is strict where a runtime is: kinds of numbers must be those that an operator takes, and what
//! overflows a kind is a panic, because runtimes differ there.

mod operators;
mod read;
mod reals;

use std::collections::HashMap;

/// A kind of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// FLOAT
    F32,
    /// UINT8
    U8,
    /// INT16
    I16,
    /// INT32
    I32,
    /// INT64
    I64,
}

impl Kind {
    fn of(number: u64) -> Self {
        match number {
            1 => Self::F32,
            2 => Self::U8,
            5 => Self::I16,
            6 => Self::I32,
            7 => Self::I64,
            other => panic!("kind {other} is none that is used"),
        }
    }

    fn holds(self, value: i64) -> bool {
        match self {
            Self::F32 => u32::try_from(value).is_ok(),
            Self::U8 => u8::try_from(value).is_ok(),
            Self::I16 => i16::try_from(value).is_ok(),
            Self::I32 => i32::try_from(value).is_ok(),
            Self::I64 => true,
        }
    }
}

/// Numbers of one kind, the last dimension's together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// The kind of the numbers.
    pub kind: Kind,
    /// The length of each dimension.
    pub shape: Vec<usize>,
    /// The numbers; of floats the bits.
    pub values: Vec<i64>,
}

impl Tensor {
    /// A tensor of these numbers.
    ///
    /// # Panics
    ///
    /// If there are more or fewer than the shape says, or one is beyond its kind.
    pub fn new(kind: Kind, shape: Vec<usize>, values: Vec<i64>) -> Self {
        assert_eq!(values.len(), shape.iter().product::<usize>(), "numbers of shape {shape:?}");
        let beyond = values.iter().find(|&&value| !kind.holds(value));
        assert_eq!(beyond, None, "it overflows {kind:?}");
        Self { kind, shape, values }
    }

    /// A tensor of floats.
    ///
    /// # Panics
    ///
    /// If there are more or fewer than the shape says.
    pub fn of_reals(shape: Vec<usize>, values: Vec<f32>) -> Self {
        Self::new(Kind::F32, shape, values.into_iter().map(|x| x.to_bits().into()).collect())
    }

    /// The floats of a tensor of them.
    pub fn reals(&self) -> Vec<f32> {
        assert_eq!(self.kind, Kind::F32);
        self.values.iter().map(|&bits| f32::from_bits(bits as u32)).collect()
    }
}

/// What a graph takes or gives.
#[derive(Clone, Debug, Default)]
pub struct Value {
    /// Its name.
    pub name: String,
    /// The kind of its numbers.
    pub kind: Option<Kind>,
    /// The length of each dimension; `None` for any.
    pub shape: Vec<Option<usize>>,
}

impl Value {
    fn check(&self, tensor: &Tensor) {
        assert_eq!(Some(tensor.kind), self.kind, "{}", self.name);
        let sides = self.shape.iter().zip(&tensor.shape);
        let fits = self.shape.len() == tensor.shape.len()
            && sides.clone().all(|(side, found)| side.is_none_or(|side| side == *found));
        assert!(fits, "{} of shape {:?}, expected {:?}", self.name, tensor.shape, self.shape);
    }
}

#[derive(Clone, Debug, Default)]
struct Node {
    operator: String,
    /// Names; empty where an optional one is left out.
    inputs: Vec<String>,
    output: String,
    attributes: HashMap<String, u64>,
}

/// A model with one input and one output.
#[derive(Clone, Debug)]
pub struct OnnxModel {
    /// Version of the operators.
    pub opset: u64,
    /// What it takes.
    pub input: Value,
    /// What it gives.
    pub output: Value,
    /// What it says of itself.
    pub texts: HashMap<String, String>,
    nodes: Vec<Node>,
    constants: HashMap<String, Tensor>,
}

impl OnnxModel {
    /// Its output for an input.
    ///
    /// # Panics
    ///
    /// If the graph is none that every runtime takes, or the input not of its shape.
    pub fn run(&self, input: Tensor) -> Tensor {
        self.input.check(&input);
        let mut values = HashMap::from([(self.input.name.as_str(), input)]);
        for node in &self.nodes {
            let inputs: Vec<Option<&Tensor>> = node
                .inputs
                .iter()
                .map(|name| {
                    let found = values.get(name.as_str()).or_else(|| self.constants.get(name));
                    assert!(found.is_some() || name.is_empty(), "nothing is called {name}");
                    found
                })
                .collect();
            let output = operators::apply(&node.operator, &inputs, &node.attributes);
            values.insert(&node.output, output);
        }
        let output = values.remove(self.output.name.as_str()).expect("a node gives the output");
        self.output.check(&output);
        output
    }
}
