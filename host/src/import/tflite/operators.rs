//! The operators of TFLite, by their numbers.
//!
//! Source: tensorflow/lite/schema/schema.fbs, version 3.

use crate::import::fault::{Fault, Place, refused};

/// An operator.
pub struct Operator {
    pub place: Place,
    pub kind: i32,
    pub inputs: Vec<i32>,
    pub output: i32,
    /// Fused to the operator.
    pub is_relu: bool,
}

/// The one operator that takes a value; those that only compute its shape do not count.
pub fn next(operators: &[Operator], value: i32) -> Result<&Operator, Fault> {
    let mut takers = operators
        .iter()
        .filter(|operator| operator.kind != SHAPE && operator.inputs.contains(&value));
    let first = takers
        .next()
        .ok_or_else(|| refused("nothing leads from its input to its output; convert it again"))?;
    match takers.next() {
        None => Ok(first),
        Some(second) => Err(second.place.refuse(format!(
            "it takes the same value as `{}`; only a chain of operators is imported, without branches",
            first.place.name
        ))),
    }
}

pub const ADD: i32 = 0;
pub const AVERAGE_POOL_2D: i32 = 1;
pub const CONV_2D: i32 = 3;
pub const DEPTHWISE_CONV_2D: i32 = 4;
pub const DEQUANTIZE: i32 = 6;
pub const FULLY_CONNECTED: i32 = 9;
pub const MAX_POOL_2D: i32 = 17;
pub const MUL: i32 = 18;
pub const RELU: i32 = 19;
pub const RESHAPE: i32 = 22;
pub const SOFTMAX: i32 = 25;
pub const SUB: i32 = 41;
pub const DIV: i32 = 42;
pub const SQUEEZE: i32 = 43;
pub const LOG_SOFTMAX: i32 = 50;
pub const EXPAND_DIMS: i32 = 70;
pub const SHAPE: i32 = 77;
pub const QUANTIZE: i32 = 114;

/// The name of an operator; of one that is not known here, its number.
pub fn kind_name(kind: i32, custom: &str) -> String {
    let name = match kind {
        ADD => "ADD",
        AVERAGE_POOL_2D => "AVERAGE_POOL_2D",
        2 => "CONCATENATION",
        CONV_2D => "CONV_2D",
        DEPTHWISE_CONV_2D => "DEPTHWISE_CONV_2D",
        DEQUANTIZE => "DEQUANTIZE",
        FULLY_CONNECTED => "FULLY_CONNECTED",
        14 => "LOGISTIC",
        MAX_POOL_2D => "MAX_POOL_2D",
        MUL => "MUL",
        RELU => "RELU",
        21 => "RELU6",
        RESHAPE => "RESHAPE",
        SOFTMAX => "SOFTMAX",
        28 => "TANH",
        32 => "CUSTOM",
        SUB => "SUB",
        DIV => "DIV",
        SQUEEZE => "SQUEEZE",
        LOG_SOFTMAX => "LOG_SOFTMAX",
        EXPAND_DIMS => "EXPAND_DIMS",
        SHAPE => "SHAPE",
        QUANTIZE => "QUANTIZE",
        other => return format!("operator {other}"),
    };
    if custom.is_empty() { name.to_owned() } else { format!("{name} {custom}") }
}
