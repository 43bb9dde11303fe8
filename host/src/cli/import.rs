//! `inkbit import`

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
pub use with_readers::run;

#[cfg(feature = "import")]
mod with_readers {
    use std::path::Path;

    use super::Args;
    use crate::cli::trained::{Start, begin_on, next};
    use crate::cli::{complain, print, usage};
    use crate::config::TrainConfig;
    use crate::data::Dataset;
    use crate::evaluate::evaluate_net;
    use crate::import::{self, Options};
    use crate::net::Mlp;
    use crate::quantize;
    use crate::run::{DataInfo, Imported, Run};
    use crate::support::numbers::{grouped, percent};
    use crate::support::{shell, visible};
    use crate::train::history::{End, History};

    /// Below this accuracy the images are likely to be other than those that the network knows.
    const LOW: f64 = 0.5;

    pub fn run(args: &Args) -> anyhow::Result<()> {
        Run::check_free(&args.out, args.force)?;
        let normal = args.mean.zip(args.std).map(<[f64; 2]>::from);
        let epsilon = args.epsilon.clone();
        let options = Options { range: args.range, normal, epsilon };
        let import::Imported { network, framework, digest, notes } =
            import::read(&args.file, &options)?;
        quantize::check(&network)?;
        let config = config(args, &network)?;
        let data = data(args, &network)?;
        let file = args.file.to_string_lossy();
        let imported = Imported {
            file: visible::line(&file),
            digest,
            framework: visible::line(&framework),
            flags: flags(args),
            notes: notes.iter().map(|note| visible::line(note)).collect(),
        };
        let info = DataInfo {
            labels: args.data.labels_name(),
            reading: args.data.reading(None),
            begun_by: Some("import".to_owned()),
            imported: Some(imported),
            ..DataInfo::new(&data)
        };
        check(&config, &network, &info, &data)?;
        let start = Start { folder: args.out.clone(), config, resumed: None, network: None };
        let claims = begin_on(&data, &info, vec![start], args.force, || Ok(()), |claim| claim)?;
        let run = &claims[0];
        let history = History { end: Some(End::Imported), ..History::default() };
        run.save_results(&history, &network)?;
        let device = run.config.backend.device()?;
        let images = data.test.shrunk(run.input());
        let accuracy = evaluate_net(&network, &data.classes, &images, &device)?.accuracy;
        print(&summary(run, &network, &data, accuracy))?;
        if accuracy < LOW {
            complain(&format!(
                "warning: only {} of the test images are classified correctly: does the network expect \
                 other inputs? --range, --mean and --std say how pixels were scaled, --invert and \
                 --transpose how images lie",
                percent(accuracy)
            ));
        }
        Ok(())
    }

    /// The configuration that has the network's layers; the rest is of no training, and `train --from`
    /// begins with it.
    fn config(args: &Args, network: &Mlp) -> anyhow::Result<TrainConfig> {
        let widths = network.widths();
        let hidden = widths[1..widths.len() - 1].to_vec();
        if let Some(asked) = args.hidden.as_ref().filter(|asked| **asked != hidden) {
            return Err(usage(format!(
                "--hidden is {asked:?}, but the hidden layers of {} are {hidden:?}: leave it out, or give \
                 another file",
                visible::path(&args.file)
            )));
        }
        let config =
            TrainConfig { hidden, input: args.input.unwrap_or(0), ..TrainConfig::default() };
        config.validate()?;
        Ok(config)
    }

    /// The data that the flags name, else MNIST for a network of its shape.
    fn data(args: &Args, network: &Mlp) -> anyhow::Result<Dataset> {
        let widths = network.widths();
        let is_mnists = widths.first() == Some(&784) && widths.last() == Some(&10);
        if args.data.data.is_none() && !is_mnists && args.input.is_none() {
            return Err(usage(format!(
                "the network has {} inputs and {} classes, and MNIST has 784 and 10: name the images that \
                 it was trained on with --data",
                widths[0],
                widths[widths.len() - 1]
            )));
        }
        args.data.load().map_err(|error| match args.data.is_without_mnist(&error) {
            true => error.context(
                "quantizing takes training images, of MNIST if no others are named with --data",
            ),
            false => error,
        })
    }

    /// Refuses data of another shape than the network's.
    fn check(
        config: &TrainConfig,
        network: &Mlp,
        info: &DataInfo,
        data: &Dataset,
    ) -> anyhow::Result<()> {
        let shape = info.shape();
        if shape.is_features() {
            return Err(usage(format!(
                "{} are {shape}, and `import` takes networks of images: train such a network here, \
                 `inkbit train --data {}`",
                visible::line(&data.name),
                shell::word(&data.name)
            )));
        }
        let (own, found) = (network.widths(), config.widths(&shape, data.classes.len()));
        let ends = |widths: &[usize]| [widths[0], widths[widths.len() - 1]];
        let ([inputs, outputs], [pixels, classes]) = (ends(&own), ends(&found));
        if [inputs, outputs] != [pixels, classes] {
            return Err(usage(format!(
                "the network has {inputs} inputs and {outputs} classes, but {} gives {pixels} and \
                 {classes}: name the data that it was trained on with --data, and the side length that \
                 images are brought to with --input",
                visible::line(&data.name)
            )));
        }
        Ok(())
    }

    /// The flags that say what becomes of pixels.
    fn flags(args: &Args) -> String {
        let range = args.range.map(|[low, high]| format!(" --range {low}..{high}"));
        let normal =
            args.mean.zip(args.std).map(|(mean, std)| format!(" --mean {mean} --std {std}"));
        let numbers: Vec<String> = args.epsilon.iter().map(ToString::to_string).collect();
        let epsilon = (!numbers.is_empty()).then(|| format!(" --epsilon {}", numbers.join(",")));
        let input = args.input.map(|input| format!(" --input {input}"));
        [range, normal, epsilon, input].into_iter().flatten().collect()
    }

    fn summary(run: &Run, network: &Mlp, data: &Dataset, accuracy: f64) -> String {
        let line = |name: &str, value: &str| format!("{name:20} {value}\n");
        let widths: Vec<String> = network.widths().iter().map(ToString::to_string).collect();
        let parameters = network.parameters().map(<[f32]>::len).sum();
        let imported = run.data.imported.as_ref();
        let from = |part: fn(&Imported) -> &str| imported.map(part).unwrap_or_default().to_owned();
        let folder: &Path = run.folder();
        [
            line("imported", &from(|imported| &imported.file)),
            line("written by", &from(|imported| &imported.framework)),
            line("layers", &widths.join("-")),
            line("parameters", &grouped(parameters)),
            imported
                .map(|imported| imported.notes.iter().map(|note| line("note", note)).collect())
                .unwrap_or_default(),
            line(
                "test accuracy",
                &format!(
                    "{} of {} {} images",
                    percent(accuracy),
                    data.test.len(),
                    visible::line(&data.name)
                ),
            ),
            line("saved in", &visible::path(folder)),
            line("next", &next(folder, true)),
            line("then", "inkbit play model.inkbit"),
        ]
        .concat()
    }
}
