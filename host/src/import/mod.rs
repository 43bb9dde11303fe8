//! Networks that other frameworks have trained: a reader for each format, and one way from what they
//! read to a network of dense layers with ReLU.
//!
//! Nothing in a file is executed. What Inkbit has not is refused by its name.

mod budget;
mod chain;
mod elementwise;
mod fault;
mod fold;
mod graph;
mod keras;
mod names;
mod onnx;
mod safetensors;
mod state;
mod tensor;
mod tflite;
mod torch;
mod zip;

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::net::Mlp;
use crate::support::files::FileError;
use crate::support::numbers::hex;
use crate::support::{limit, visible};
use budget::Budget;
pub use fault::Fault;
use fold::fold;
use graph::{Affine, Graph, Op};
use keras::Content;
use zip::Zip;

/// The most bytes of a file.
pub const LIMIT: u64 = 256 << 20;

/// The most characters of what wrote a file, which a run records.
const MAX_FRAMEWORK: usize = 60;

/// A file that cannot be imported.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum ImportError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{} is a folder; save the network as one file: .keras, .h5, .safetensors or .onnx",
            visible::path(.0))]
    Folder(PathBuf),
    #[error("{}: {fault}", visible::path(path))]
    Fault { path: PathBuf, fault: Fault },
}

/// What a file does not say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// What the background and the greatest pixel become; `None` for what the file seems to expect.
    pub range: Option<[f64; 2]>,
    /// Mean and deviation by which that is then normalized.
    pub normal: Option<[f64; 2]>,
    /// What batch normalization adds to a variance, where the file has weights alone: one for all, or one
    /// for each in order; empty for the framework's own.
    pub epsilon: Vec<f64>,
    /// Whether this process does nothing else meanwhile: where it then grows by much more than the file may
    /// take, reading ends.
    pub is_alone: bool,
}

/// A network, and what is known of it.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The network, whose inputs are pixels / 255.
    pub network: Mlp,
    /// What wrote the file, such as "Keras 3.9.0".
    pub framework: String,
    /// What was assumed, and what was left out.
    pub notes: Vec<String>,
}

/// Reads a file, and gives its SHA-256 in hexadecimal digits, too.
///
/// # Errors
///
/// [`ImportError`].
pub fn read(path: &Path, options: &Options) -> Result<(Parsed, String), ImportError> {
    if path.is_dir() {
        return Err(ImportError::Folder(path.to_owned()));
    }
    let bytes = limit::read_named(path, LIMIT)?;
    let fault = |fault| ImportError::Fault { path: path.to_owned(), fault };
    let digest = hex(&Sha256::digest(&bytes));
    Ok((parse(bytes, options).map_err(fault)?, digest))
}

/// The network of a file's bytes.
///
/// # Errors
///
/// [`Fault`].
pub fn parse(bytes: Vec<u8>, options: &Options) -> Result<Parsed, Fault> {
    let mut graph = graph(bytes, options)?;
    let range = range(&mut graph, options);
    let framework = graph.framework.chars().take(MAX_FRAMEWORK).collect();
    let notes = graph.notes.clone();
    Ok(Parsed { network: fold(graph, affine(range, options))?, framework, notes })
}

/// Reads a file by what it begins with.
fn graph(bytes: Vec<u8>, options: &Options) -> Result<Graph, Fault> {
    let epsilon = &options.epsilon;
    if bytes.is_empty() {
        return Err(fault::refused("it is empty; save the network as a file again"));
    }
    let budget = Budget::of(bytes.len(), options.is_alone);
    if bytes.starts_with(keras::HDF5) {
        return match keras::read_h5(bytes, &budget)? {
            Content::Model(graph) => Ok(graph),
            Content::Weights(state) => state::graph(state, epsilon),
        };
    }
    if bytes.starts_with(zip::MAGIC) {
        let zip = Zip::new(&bytes, &budget)?;
        if keras::is_zip(&zip) {
            return keras::read_zip(&zip);
        }
        if let Some(pickle) = torch::pickle_in(&zip) {
            return state::graph(torch::read_zip(&zip, &pickle)?, epsilon);
        }
    }
    if bytes.starts_with(torch::LEGACY) {
        return state::graph(torch::read_legacy(&bytes, &budget)?, epsilon);
    }
    if tflite::is(&bytes) {
        return tflite::read(&bytes);
    }
    if safetensors::is(&bytes) {
        return state::graph(safetensors::read(&bytes)?, epsilon);
    }
    if onnx::is(&bytes) {
        return onnx::read(&bytes);
    }
    Err(fault::refused(
        "no framework whose files are read writes such a file; save the network as .keras or .h5 (Keras), \
         as a state dict in .pt or .safetensors (PyTorch), as .onnx or as .tflite",
    ))
}

/// The range of the network's inputs: the given one, or that which what the file does first expects.
fn range(graph: &mut Graph, options: &Options) -> [f64; 2] {
    /// Multiplied by less than this, values from 0 to 1 would be as good as none.
    const LEAST: f64 = 1.0 / 16.0;
    let firsts = graph.nodes.iter().take_while(|node| !matches!(node.op, Op::Dense(_)));
    let scales = firsts.filter_map(|node| match &node.op {
        Op::Affine(affine) => {
            let scales = affine.scale.iter().map(|scale| scale.abs());
            scales.filter(|scale| *scale > 0.0).reduce(f64::min)
        }
        _ => None,
    });
    let scale = scales.reduce(|a, b| a * b);
    let scales_itself = scale.is_some_and(|scale| scale < LEAST);
    match options.range {
        Some(range) => range,
        None if scales_itself || graph.takes_bytes => {
            graph.note(
                "by what the file does with its inputs, they were taken as pixels from 0 to 255 (--range \
                 says otherwise)",
            );
            [0.0, 255.0]
        }
        None => {
            graph.note("inputs were taken as pixels / 255, from 0 to 1 (--range says otherwise)");
            [0.0, 1.0]
        }
    }
}

/// What is done to pixels / 255.
fn affine([low, high]: [f64; 2], options: &Options) -> Affine {
    let ranged = Affine::all(high - low, low);
    match options.normal {
        Some([mean, deviation]) => ranged.then(&Affine::all(1.0 / deviation, -mean / deviation)),
        None => ranged,
    }
}
