//! `inkbit import`

#[cfg(feature = "import")]
mod run;

use std::path::PathBuf;

use super::data_args::DataArgs;

/// Import a network that Keras, PyTorch or another framework has trained, as a run.
///
/// Reads Keras's .keras, .h5 and .weights.h5, state dicts of PyTorch in .pt, .pth and .safetensors, ONNX,
/// and TFLite. The format is known by the file's content. A network is dense layers with ReLU between
/// them; batch normalization and the scaling of inputs are folded in, dropout and softmax at the end are
/// left out, and everything else is refused by its name. Nothing in a file is executed.
///
/// The run is one like any other: it can be quantized, evaluated, reported and trained further. It takes
/// the training images to calibrate with from --data, which must be of the kind that the network was
/// trained on.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/import.txt"), allow_negative_numbers = true)]
pub struct Args {
    /// The file that the framework has saved
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// Folder of the run, created if need be
    #[arg(short, long, value_name = "RUN")]
    pub(super) out: PathBuf,

    /// What the program that trained it made of a background pixel and of the greatest one, before it gave
    /// them to the network [default: 0..255 if the file scales its inputs, else 0..1]
    #[arg(long, value_name = "LOW..HIGH", value_parser = range)]
    pub(super) range: Option<[f64; 2]>,

    /// Mean that it then took from each, as torchvision's Normalize does
    #[arg(long, requires = "std", value_parser = finite)]
    pub(super) mean: Option<f64>,

    /// Standard deviation that it then divided by
    #[arg(long, requires = "mean", value_parser = super::data_args::factor)]
    pub(super) std: Option<f64>,

    /// What batch normalization adds to a variance, where the file has weights alone: one number for all, or
    /// one for each in order [default: 1e-5 for PyTorch, 1e-3 for Keras]
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    #[arg(value_parser = super::data_args::factor)]
    pub(super) epsilon: Vec<f64>,

    /// Widths of the hidden layers, to be checked
    #[arg(long, value_name = "WIDTHS", value_delimiter = ',')]
    pub(super) hidden: Option<Vec<usize>>,

    /// Side length of the network's input images, if it is smaller than the images of the data, which are
    /// then cropped and averaged down to it
    #[arg(long, value_name = "SIDE")]
    pub(super) input: Option<usize>,

    /// Replace the imported run in that folder
    #[arg(long)]
    pub(super) force: bool,

    #[command(flatten)]
    pub(super) data: DataArgs,
}

fn finite(text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value: &f64| value.is_finite());
    value.ok_or_else(|| "expected a number".to_owned())
}

fn range(text: &str) -> Result<[f64; 2], String> {
    let ends = text.split_once("..").map(|(low, high)| [finite(low), finite(high)]);
    match ends {
        Some([Ok(low), Ok(high)]) if low != high => Ok([low, high]),
        _ => Err("expected two numbers, such as 0..255 or -1..1".to_owned()),
    }
}

/// Without the readers, there is nothing to do but to say how to get them.
#[cfg(not(feature = "import"))]
pub fn run(_: &Args) -> anyhow::Result<()> {
    Err(super::usage(
        "this inkbit was built without `import`: build it with `cargo build --release --features import`",
    ))
}

#[cfg(feature = "import")]
pub use run::run;
