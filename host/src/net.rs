//! The float network: its parameters in plain form, and the same as burn tensors.

/// Parameters of one fully connected layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Values that it takes.
    pub inputs: usize,
    /// Values that it gives.
    pub outputs: usize,
    /// `inputs × outputs`, the outputs of one input together (as burn's `Linear` has it).
    pub weight: Vec<f32>,
    /// One for each output.
    pub bias: Vec<f32>,
}

/// Parameters of a multi-layer perceptron with ReLU between its layers. Inputs are pixels / 255.
#[derive(Clone, Debug, PartialEq)]
pub struct Mlp {
    /// The layers, in order of evaluation.
    pub layers: Vec<Dense>,
}
