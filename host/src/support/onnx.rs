//! Numbers in ONNX files, which `import` reads and `export` writes: those of the fields of each message,
//! and those of the kinds of numbers.
//!
//! Source: onnx/onnx.proto of ONNX 1.17.

#![expect(missing_docs, reason = "the names are those of the source, or plainer")]

pub mod model {
    pub const IR_VERSION: u64 = 1;
    pub const PRODUCER: u64 = 2;
    pub const PRODUCER_VERSION: u64 = 3;
    pub const DOC: u64 = 6;
    pub const GRAPH: u64 = 7;
    pub const OPSET: u64 = 8;
    pub const METADATA: u64 = 14;
}

pub mod opset {
    pub const VERSION: u64 = 2;
}

pub mod entry {
    pub const KEY: u64 = 1;
    pub const VALUE: u64 = 2;
}

pub mod graph {
    pub const NODE: u64 = 1;
    pub const NAME: u64 = 2;
    pub const CONSTANT: u64 = 5;
    pub const INPUT: u64 = 11;
    pub const OUTPUT: u64 = 12;
}

pub mod node {
    pub const INPUT: u64 = 1;
    pub const OUTPUT: u64 = 2;
    pub const NAME: u64 = 3;
    pub const OPERATOR: u64 = 4;
    pub const ATTRIBUTE: u64 = 5;
    pub const DOMAIN: u64 = 7;
}

pub mod attribute {
    pub const NAME: u64 = 1;
    pub const FLOAT: u64 = 2;
    pub const INT: u64 = 3;
    pub const TENSOR: u64 = 5;
    pub const INTS: u64 = 8;
    pub const KIND: u64 = 20;
    /// The kind of an attribute that is a whole number.
    pub const KIND_INT: u64 = 2;
}

pub mod tensor {
    pub const SIDE: u64 = 1;
    pub const KIND: u64 = 2;
    pub const FLOATS: u64 = 4;
    pub const INTS_OF_32: u64 = 5;
    pub const INTS_OF_64: u64 = 7;
    pub const NAME: u64 = 8;
    pub const RAW: u64 = 9;
    pub const DOUBLES: u64 = 10;
    pub const LOCATION: u64 = 14;
}

/// What a graph takes or gives. Its type has one field, the type of a tensor; the shape of that has one
/// field, a side.
pub mod value {
    pub const NAME: u64 = 1;
    pub const TYPE: u64 = 2;
    pub const DOC: u64 = 3;
    pub const TYPE_TENSOR: u64 = 1;
    pub const TENSOR_KIND: u64 = 1;
    pub const TENSOR_SHAPE: u64 = 2;
    pub const SHAPE_SIDE: u64 = 1;
    pub const SIDE_LENGTH: u64 = 1;
    pub const SIDE_NAME: u64 = 2;
}

/// Kinds of numbers.
pub mod kind {
    pub const F32: u64 = 1;
    pub const U8: u64 = 2;
    pub const I8: u64 = 3;
    pub const I16: u64 = 5;
    pub const I32: u64 = 6;
    pub const I64: u64 = 7;
    pub const BOOL: u64 = 9;
    pub const F16: u64 = 10;
    pub const F64: u64 = 11;
    pub const BF16: u64 = 16;
}
