//! Reads a model's file.

use std::collections::HashMap;

use super::{Kind, Node, OnnxModel, Tensor, Value};

/// What a field of a message holds.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    fn number(&self) -> u64 {
        let Self::Number(number) = self else { panic!("a number is expected") };
        *number
    }

    fn bytes(&self) -> &'a [u8] {
        let Self::Bytes(bytes) = self else { panic!("bytes are expected") };
        bytes
    }

    fn text(&self) -> String {
        str::from_utf8(self.bytes()).expect("UTF-8").to_owned()
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    for place in 0.. {
        let byte = *bytes.split_off_first().expect("a number has an end");
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            break;
        }
    }
    number
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = match key % 8 {
            0 => Field::Number(varint(&mut bytes)),
            2 => {
                let length = varint(&mut bytes) as usize;
                Field::Bytes(bytes.split_off(..length).expect("as long as it says"))
            }
            other => panic!("wire type {other}"),
        };
        fields.push((key / 8, field));
    }
    fields
}

impl OnnxModel {
    /// Reads a file; what this evaluator does not know is a panic.
    ///
    /// # Panics
    ///
    /// If it is none of a chain of nodes.
    pub fn read(file: &[u8]) -> Self {
        let mut model = Self {
            opset: 0,
            nodes: Vec::new(),
            constants: HashMap::new(),
            input: Value::default(),
            output: Value::default(),
            texts: HashMap::new(),
        };
        for (number, field) in fields(file) {
            match number {
                1 | 2 | 3 | 6 => {}
                7 => model.read_graph(field.bytes()),
                8 => model.opset = only(field.bytes(), 2).number(),
                14 => {
                    let text = |number| only(field.bytes(), number).text();
                    model.texts.insert(text(1), text(2));
                }
                other => panic!("field {other} of a model"),
            }
        }
        model
    }

    fn read_graph(&mut self, graph: &[u8]) {
        for (number, field) in fields(graph) {
            match number {
                1 => self.nodes.push(node(field.bytes())),
                2 => {}
                5 => {
                    let (name, tensor) = tensor(field.bytes());
                    assert!(self.constants.insert(name, tensor).is_none(), "two of one name");
                }
                11 => self.input = value(field.bytes()),
                12 => self.output = value(field.bytes()),
                other => panic!("field {other} of a graph"),
            }
        }
    }
}

/// The one field of this number.
fn only(message: &[u8], number: u64) -> Field<'_> {
    let mut found = fields(message).into_iter().filter(|(other, _)| *other == number);
    let (_, field) = found.next().unwrap_or_else(|| panic!("no field {number}"));
    assert!(found.next().is_none(), "several fields {number}");
    field
}

fn node(message: &[u8]) -> Node {
    let mut node = Node::default();
    for (number, field) in fields(message) {
        match number {
            1 => node.inputs.push(field.text()),
            2 => node.output = field.text(),
            3 => {}
            4 => node.operator = field.text(),
            5 => {
                let attribute = field.bytes();
                assert_eq!(only(attribute, 20).number(), 2, "the kind of a whole number");
                node.attributes.insert(only(attribute, 1).text(), only(attribute, 3).number());
            }
            other => panic!("field {other} of a node"),
        }
    }
    node
}

fn tensor(message: &[u8]) -> (String, Tensor) {
    let sides = fields(message).into_iter().filter(|(number, _)| *number == 1);
    let shape: Vec<usize> = sides.map(|(_, side)| side.number() as usize).collect();
    let kind = Kind::of(only(message, 2).number());
    let raw = only(message, 9).bytes();
    let values = match kind {
        Kind::F32 => raw.as_chunks().0.iter().map(|&b| u32::from_le_bytes(b).into()).collect(),
        Kind::U8 => raw.iter().map(|&byte| byte.into()).collect(),
        Kind::I16 => raw.as_chunks().0.iter().map(|&b| i16::from_le_bytes(b).into()).collect(),
        Kind::I32 => raw.as_chunks().0.iter().map(|&b| i32::from_le_bytes(b).into()).collect(),
        Kind::I64 => raw.as_chunks().0.iter().map(|&b| i64::from_le_bytes(b)).collect(),
    };
    (only(message, 8).text(), Tensor::new(kind, shape, values))
}

fn value(message: &[u8]) -> Value {
    let tensor = only(only(message, 2).bytes(), 1).bytes();
    let shape = only(tensor, 2).bytes();
    let shape = fields(shape).into_iter().map(|(_, side)| match &fields(side.bytes())[..] {
        [(1, length)] => Some(length.number() as usize),
        [(2, _)] => None,
        _ => panic!("a side has a length or a name"),
    });
    let kind = Some(Kind::of(only(tensor, 1).number()));
    Value { name: only(message, 1).text(), kind, shape: shape.collect() }
}
