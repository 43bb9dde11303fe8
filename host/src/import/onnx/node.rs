//! A node of an ONNX graph, with its attributes.

use std::collections::HashMap;

use super::protobuf::{Field, fields, numbers};
use crate::import::fault::{Fault, Place};
use crate::support::onnx;

/// A node of a graph.
#[derive(Debug, Default)]
pub struct Node<'a> {
    /// Names of the values that it takes; empty where an optional one is left out.
    pub inputs: Vec<String>,
    /// Names of the values that it gives.
    pub outputs: Vec<String>,
    /// Its name; may be empty.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Who defines its kind; empty for ONNX.
    pub domain: String,
    attributes: HashMap<String, Attribute<'a>>,
}

#[derive(Debug, Default)]
struct Attribute<'a> {
    float: Option<f32>,
    int: Option<i64>,
    ints: Vec<i64>,
    tensor: &'a [u8],
}

impl<'a> Node<'a> {
    /// Where it stands; `number` counts from 1.
    pub fn place(&self, number: usize) -> Place {
        Place::new(&self.name, &self.kind, number)
    }

    /// An attribute that is a number of floating point.
    pub fn float(&self, name: &str, or: f32) -> f32 {
        self.attributes.get(name).and_then(|attribute| attribute.float).unwrap_or(or)
    }

    /// An attribute that is a whole number.
    pub fn int(&self, name: &str, or: i64) -> i64 {
        self.attributes.get(name).and_then(|attribute| attribute.int).unwrap_or(or)
    }

    /// The message of an attribute that is a tensor.
    pub fn tensor(&self, name: &str) -> Option<&'a [u8]> {
        self.attributes
            .get(name)
            .map(|attribute| attribute.tensor)
            .filter(|bytes| !bytes.is_empty())
    }

    /// An attribute that is a list of whole numbers.
    pub fn ints(&self, name: &str) -> &[i64] {
        self.attributes.get(name).map_or(&[], |attribute| &attribute.ints)
    }
}

/// The most inputs, outputs, attributes, and numbers of an attribute: those that are read have six.
const MOST: usize = 64;

/// Reads a node.
pub fn node(bytes: &[u8]) -> Result<Node<'_>, Fault> {
    let mut node = Node::default();
    for field in fields(bytes) {
        match field? {
            (onnx::node::INPUT, field) if node.inputs.len() < MOST => {
                node.inputs.push(field.text());
            }
            (onnx::node::OUTPUT, field) if node.outputs.len() < MOST => {
                node.outputs.push(field.text());
            }
            (onnx::node::NAME, field) => node.name = field.text(),
            (onnx::node::OPERATOR, field) => node.kind = field.text(),
            (onnx::node::ATTRIBUTE, field) if node.attributes.len() < MOST => {
                let (name, attribute) = attribute(field.bytes())?;
                node.attributes.insert(name, attribute);
            }
            (onnx::node::DOMAIN, field) => node.domain = field.text(),
            _ => {}
        }
    }
    Ok(node)
}

fn attribute(bytes: &[u8]) -> Result<(String, Attribute<'_>), Fault> {
    let (mut name, mut attribute) = (String::new(), Attribute::default());
    for field in fields(bytes) {
        match field? {
            (onnx::attribute::NAME, field) => name = field.text(),
            (onnx::attribute::FLOAT, Field::Four(bytes)) => {
                attribute.float = Some(f32::from_le_bytes(bytes));
            }
            (onnx::attribute::INT, field) => attribute.int = Some(field.number()),
            (onnx::attribute::TENSOR, Field::Bytes(bytes)) => attribute.tensor = bytes,
            (onnx::attribute::INTS, field) => numbers(field, &mut attribute.ints, MOST)?,
            _ => {}
        }
    }
    Ok((name, attribute))
}
