//! TFLite files: of floating point, or of integers, whose weights become floating point again.
//!
//! Source of the numbers of fields and operators: tensorflow/lite/schema/schema.fbs, version 3.

mod dequantize;
mod flatbuffer;
mod operators;

use inkbit_core::MAX_WIDTH;

use self::dequantize::dequantized;
use self::flatbuffer::{Table, Vector};
use self::operators::*;
use crate::import::elementwise::Operation;
use crate::import::fault::{Fault, Place, damaged, refused};
use crate::import::graph::{Affine, Graph, MAX_NODES, Op, Weights};
use crate::import::tensor::{Kind, Tensor};

/// What stands from the fourth byte on.
const MAGIC: &[u8] = b"TFL3";
/// The most dimensions, inputs and outputs that are looked at.
const FEW: usize = 8;
/// The most bytes of a name that are read.
const MAX_NAME: usize = 200;

/// Whether bytes begin as such a file does.
pub fn is(bytes: &[u8]) -> bool {
    bytes.get(4..8) == Some(MAGIC)
}

struct File<'a> {
    tensors: Vector<'a>,
    buffers: Vector<'a>,
    operators: Vec<Operator>,
}

/// Reads a file's bytes.
pub fn read(bytes: &[u8]) -> Result<Graph, Fault> {
    let model = Table::root(bytes)?;
    let graphs = model.vector(2, 4)?;
    if graphs.len != 1 {
        return Err(refused(format!(
            "it has {} graphs, expected one; convert a network without conditions and loops",
            graphs.len
        )));
    }
    let graph = graphs.table(0)?;
    let ends = [graph.vector(1, 4)?, graph.vector(2, 4)?];
    for (what, end) in ["inputs", "outputs"].into_iter().zip(ends) {
        if end.len != 1 {
            return Err(refused(format!(
                "it has {} {what}, but must have one; convert the part that gives the classes",
                end.len
            )));
        }
    }
    let [input, output] = [ends[0].ints(1)?[0], ends[1].ints(1)?[0]];
    let (tensors, operators) = (graph.vector(0, 4)?, graph.vector(3, 4)?);
    if operators.len > MAX_NODES {
        return Err(refused(format!(
            "it has {} operators, at most {MAX_NODES} are looked at; give a network of dense layers",
            operators.len
        )));
    }
    let codes = model.vector(1, 4)?;
    let operators = (0..operators.len)
        .map(|index| operator(&operators.table(index)?, index + 1, &codes, &tensors));
    let operators = operators.collect::<Result<_, _>>()?;
    File { tensors, buffers: model.vector(4, 4)?, operators }.graph(input, output)
}

fn table_of<'a>(tensors: &Vector<'a>, tensor: i32) -> Result<Table<'a>, Fault> {
    let index = usize::try_from(tensor);
    tensors.table(index.map_err(|_| damaged("an operator lacks a tensor"))?)
}

/// The operator of a table; `number` counts from 1.
fn operator(
    table: &Table<'_>,
    number: usize,
    codes: &Vector<'_>,
    tensors: &Vector<'_>,
) -> Result<Operator, Fault> {
    let code = codes.table(usize::try_from(table.int(0)?).map_err(damaged)?)?;
    // The first is of files before there were over 127 operators.
    let kind = code.int(3)?.max(code.byte(0)?.into());
    let (inputs, outputs) = (table.vector(1, 4)?.ints(FEW)?, table.vector(2, 4)?.ints(FEW)?);
    let output = outputs.first().copied().unwrap_or(-1);
    let name = match output {
        0.. => table_of(tensors, output)?.text(3, MAX_NAME)?,
        _ => String::new(),
    };
    let place = Place::new(name, kind_name(kind, &code.text(1, MAX_NAME)?), number);
    let options = table.table(4)?;
    let fused = match (kind, options) {
        (FULLY_CONNECTED | ADD | SUB | MUL | DIV, Some(options)) => options.byte(0)?,
        _ => 0,
    };
    if !matches!(fused, 0 | 1) {
        return Err(place.refuse(
            "the activation in it is not ReLU (it has a greatest value, or is another); train with \
             ReLU",
        ));
    }
    if kind == FULLY_CONNECTED
        && let Some(options) = options
        && options.byte(1)? != 0
    {
        return Err(place.refuse("its weights are shuffled; convert the network anew"));
    }
    Ok(Operator { place, kind, inputs, output, is_relu: fused == 1 })
}

impl<'a> File<'a> {
    fn graph(&self, input: i32, output: i32) -> Result<Graph, Fault> {
        let mut graph = Graph { framework: "TFLite".to_owned(), ..Graph::default() };
        let table = self.table(input)?;
        let shape = table.vector(0, 4)?.ints(FEW)?;
        if let [_, sides @ ..] = &shape[..]
            && !sides.is_empty()
        {
            let sides = sides.iter().map(|&side| usize::try_from(side).ok());
            graph.input = Some(sides.collect::<Option<_>>().ok_or_else(|| {
                refused(
                    "its input has sides of any length; convert it with the size of your images",
                )
            })?);
        }
        // Of integers the scale says what they stand for.
        let scale = table.table(4)?.map(|scales| scales.vector(2, 4)?.floats(1)).transpose()?;
        graph.takes_bytes = scale.unwrap_or_default().first().is_some_and(|&scale| scale > 0.5);
        let mut value = input;
        for _ in 0..=self.operators.len() {
            if value == output {
                return Ok(graph);
            }
            let operator = next(&self.operators, value)?;
            self.add(&mut graph, operator, value)?;
            value = operator.output;
        }
        Err(damaged("its operators go in a circle"))
    }

    fn table(&self, tensor: i32) -> Result<Table<'a>, Fault> {
        table_of(&self.tensors, tensor)
    }

    /// A tensor that is a constant, as numbers of floating point; `None` for one that is computed.
    fn constant(
        &self,
        graph: &mut Graph,
        place: &Place,
        tensor: i32,
    ) -> Result<Option<Tensor<'a>>, Fault> {
        let table = self.table(tensor)?;
        let buffer = self.buffers.table(usize::try_from(table.int(2)?).map_err(damaged)?)?;
        if buffer.long(1)? > 1 {
            return Err(
                place.refuse("its weights lie behind the file's tables; convert a smaller network")
            );
        }
        let bytes = buffer.vector(0, 1)?.bytes();
        if bytes.is_empty() {
            return Ok(None);
        }
        let shape: Option<Vec<usize>> = table
            .vector(0, 4)?
            .ints(FEW)?
            .into_iter()
            .map(|side| usize::try_from(side).ok())
            .collect();
        let shape = shape.ok_or_else(|| damaged("a constant has a negative side"))?;
        let kind = match table.byte(1)? {
            0 => Kind::F32,
            1 => Kind::F16,
            2 => Kind::I32,
            3 => Kind::U8,
            4 => Kind::I64,
            7 => Kind::I16,
            9 => Kind::I8,
            10 => Kind::F64,
            kind => {
                return Err(place.refuse(format!(
                    "it has constants of type {kind}, expected floating point or 8 bits; convert it so"
                )));
            }
        };
        let found = Tensor::new(table.text(3, MAX_NAME)?, shape, kind, bytes)?;
        let Some(scales) = table.table(4)?.filter(|_| !kind.is_float()) else {
            return Ok(Some(found));
        };
        let (factors, zeros) = (scales.vector(2, 4)?, scales.vector(3, 8)?);
        if factors.len == 0 {
            return Ok(Some(found));
        }
        if found.len() > MAX_WIDTH * MAX_WIDTH {
            return Err(place.refuse(format!(
                "it has {} weights, over {MAX_WIDTH} inputs or outputs; train a smaller network",
                found.len()
            )));
        }
        graph.note(
            "the file's weights are integers: they were dequantized, and will be quantized anew; the \
             network from before its quantization gives a better model",
        );
        let dimension = usize::try_from(scales.int(6)?).unwrap_or(usize::MAX);
        let (factors, zeros) = (factors.floats(MAX_WIDTH + 1)?, zeros.longs(MAX_WIDTH + 1)?);
        dequantized(&found, dimension, &factors, &zeros).map(Some)
    }

    /// A constant, also one that is made of another of 16 bits.
    fn weights(
        &self,
        graph: &mut Graph,
        place: &Place,
        tensor: i32,
    ) -> Result<Option<Tensor<'a>>, Fault> {
        if let Some(found) = self.constant(graph, place, tensor)? {
            return Ok(Some(found));
        }
        let mut makers = self.operators.iter().filter(|maker| maker.output == tensor);
        match makers.find(|maker| maker.kind == DEQUANTIZE) {
            Some(maker) => self.constant(graph, place, maker.inputs.first().copied().unwrap_or(-1)),
            None => Ok(None),
        }
    }

    fn add(&self, graph: &mut Graph, operator: &Operator, value: i32) -> Result<(), Fault> {
        let Operator { place, kind, inputs, is_relu, .. } = operator;
        match *kind {
            QUANTIZE | DEQUANTIZE => {}
            RELU => graph.push(place.clone(), Op::Relu),
            SOFTMAX | LOG_SOFTMAX => graph.push(place.clone(), Op::Softmax),
            RESHAPE | SQUEEZE | EXPAND_DIMS => graph.push(place.clone(), Op::Reshape(None)),
            FULLY_CONNECTED => {
                let mut part = |index: usize| match inputs.get(index) {
                    Some(&tensor) if tensor >= 0 => self.weights(graph, place, tensor),
                    _ => Ok(None),
                };
                let (matrix, bias) = (part(1)?, part(2)?);
                let matrix = matrix.filter(|matrix| matrix.shape.len() == 2).ok_or_else(|| {
                    place.refuse("its weights are no constant matrix; convert the trained network")
                })?;
                let weights = Weights::new(graph, place, &matrix.transposed(), bias.as_ref())?;
                graph.push(place.clone(), Op::Dense(weights));
            }
            ADD | SUB | MUL | DIV => {
                let affine = self.elementwise(graph, operator, value)?;
                graph.push(place.clone(), Op::Affine(affine));
            }
            CONV_2D | DEPTHWISE_CONV_2D | MAX_POOL_2D | AVERAGE_POOL_2D => {
                return Err(place.refuse(
                    "Inkbit has no convolutions and no pooling; train a network of dense layers with \
                     ReLU",
                ));
            }
            _ => {
                return Err(place.refuse(
                    "Inkbit has no such operator; it runs dense layers with ReLU, and folds in batch \
                     normalization and scaling",
                ));
            }
        }
        if *is_relu {
            graph.push(place.clone(), Op::Relu);
        }
        Ok(())
    }

    fn elementwise(
        &self,
        graph: &mut Graph,
        operator: &Operator,
        value: i32,
    ) -> Result<Affine, Fault> {
        let Operator { place, kind, inputs, .. } = operator;
        let &[first, second] = &inputs[..] else {
            return Err(damaged("an operator of two inputs has another number"));
        };
        let is_first = first == value;
        let constant = self.weights(graph, place, if is_first { second } else { first })?;
        let constant = constant.ok_or_else(|| {
            place.refuse("both its inputs are computed; only a chain of operators is imported")
        })?;
        let operation = match *kind {
            ADD => Operation::Add,
            SUB => Operation::Subtract,
            MUL => Operation::Multiply,
            _ => Operation::Divide,
        };
        operation.with(place, &constant, is_first, graph.input.as_deref())
    }
}
