//! `train --from`: what a training goes on from.

use std::path::Path;

use anyhow::Context;
use inkbit_core::{Input, Layer, Layout, Model};
use sha2::{Digest, Sha256};

use super::data_args::DataArgs;
use super::recorded::command;
use super::usage;
use crate::config::{Keep, Schedule, TrainConfig};
use crate::data::source::{Reading, Request};
use crate::data::{Dataset, Images, Shape, labels};
use crate::evaluate::evaluate_net;
use crate::model::{self, Blob};
use crate::net::Mlp;
use crate::quantize::{Granularity, dequantized};
use crate::run::{DataInfo, FineTuning, Run};
use crate::support::numbers::{hex, percent};
use crate::support::visible;

/// The fraction of the training images that are a user's own, where `--data` is no mixture: as many as
/// the presets take of drawn digits.
const OWN: f64 = 0.2;
/// Passes over the images: few, for most of them have been learned.
const EPOCHS: usize = 10;
/// The learning rate as a fraction of that of the first training: with more, small networks forget more.
const RATE: f32 = 0.03;

/// A network that was trained before, with all that is known of its training.
pub struct Source {
    network: Mlp,
    /// The configuration to go on with.
    pub config: TrainConfig,
    input: Input,
    classes: Vec<String>,
    shape: Shape,
    layout: Layout,
    labels: Option<String>,
    reading: Reading,
    /// The value of `--data`, where it is known.
    data: Option<String>,
}

impl Source {
    /// Reads the folder of a run, or a model.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        if path.is_dir() {
            let run = Run::open(path)?;
            let network = run.weights()?;
            let DataInfo { name, classes, labels, reading, .. } = &run.data;
            return Ok(Self {
                network,
                config: further(&run.config),
                input: run.input(),
                classes: classes.clone(),
                shape: run.data.shape(),
                layout: run.data.layout(),
                labels: labels.clone(),
                reading: reading.clone(),
                data: Some(name.clone()),
            });
        }
        let blob = Blob::load(path)?;
        let model = blob.model()?;
        if model.stages().len() > 1 {
            return Err(usage(format!(
                "{} has {} stages; a training goes on from a model of one: give the run",
                visible::path(path),
                model.stages().len()
            )));
        }
        let trained = command(model::origin(&model).command);
        let (config, data, reading) = trained.unwrap_or_default();
        Ok(Self {
            network: dequantized(&model),
            config: further(&shaped(&config, &model)),
            input: model.input(),
            classes: labels::of_model(&model),
            shape: Shape::of_model(&model),
            layout: model::layout(&model),
            labels: None,
            reading,
            data,
        })
    }

    /// Refuses a configuration of other layers.
    pub fn check(&self, config: &TrainConfig) -> anyhow::Result<()> {
        let (own, asked) = (self.network.widths(), config.widths(&self.shape, self.classes.len()));
        if own == asked && config.shrunk(&self.shape) == Some(self.input) {
            return Ok(());
        }
        let text =
            |widths: &[usize]| widths.iter().map(ToString::to_string).collect::<Vec<_>>().join("-");
        Err(usage(format!(
            "--from has a network of {}, but the configuration is of {}: leave out --hidden and --input",
            text(&own),
            text(&asked)
        )))
    }

    /// The weights to begin with: without the scales of another rounding.
    pub fn network(&self, config: &TrainConfig) -> Mlp {
        let mut network = self.network.clone();
        if config.bits != self.config.bits || config.scales != self.config.scales {
            for layer in &mut network.layers {
                layer.weight_scale.clear();
                layer.output_scale.clear();
            }
        }
        network
    }

    /// Loads the mixture of the earlier data with the user's own, and these alone.
    pub fn load(&self, args: &DataArgs) -> anyhow::Result<(Dataset, Dataset, DataInfo)> {
        let given = args.data.as_deref().unwrap_or_default();
        let mixture = if given.contains('+') && !Path::new(given).exists() {
            given.to_owned()
        } else {
            let earlier = self.data.as_ref().ok_or_else(|| {
                usage(format!(
                    "--from does not say what it was trained on; name these data first, so that nothing \
                     of them is forgotten: --data mnist+{}:{OWN}",
                    visible::line(given)
                ))
            })?;
            format!("{earlier}+{given}:{OWN}")
        };
        let reading = match args.read.reading() {
            reading if reading.is_default() => self.reading.clone(),
            reading => reading,
        };
        let takes = (&self.shape, self.layout);
        // It says what is wrong with a name that is no mixture.
        let data = load(args, &mixture, &reading, takes, &self.classes)?;
        let last = mixture.rsplit_once('+').and_then(|(_, own)| own.rsplit_once(':'));
        let (own, _) = last.with_context(|| format!("{mixture} is no mixture"))?;
        let own = load(args, own, &reading, takes, &self.classes)?;
        let info = DataInfo { labels: self.labels.clone(), reading, ..DataInfo::new(&data) };
        Ok((data, own, info))
    }

    /// How well the network does before it is trained further.
    pub fn measure(
        &self,
        from: &Path,
        config: &TrainConfig,
        [data, own]: [&Dataset; 2],
    ) -> anyhow::Result<FineTuning> {
        let accuracy = |images: &Images| accuracy(&self.network, config, images, &self.classes);
        let from = from.to_str().context("the path of --from is not UTF-8; rename it")?;
        Ok(FineTuning {
            from: visible::line(from),
            weights: digest(&self.network),
            own: visible::line(&own.name),
            own_images: own.test.len(),
            own_accuracy: accuracy(&own.test)?,
            accuracy: accuracy(&data.test)?,
        })
    }
}

/// The accuracy of a fine-tuned network on its user's own test images.
pub fn own_accuracy(run: &Run, network: &Mlp, args: &DataArgs) -> anyhow::Result<f64> {
    let DataInfo { fine_tuning, classes, reading, .. } = &run.data;
    let own = fine_tuning.as_ref().map_or("", |tuning| &tuning.own);
    let own = load(args, own, reading, (&run.data.shape(), run.data.layout()), classes)?;
    accuracy(network, &run.config, &own.test, classes)
}

/// Loads data as they were read and laid out for a network, with its classes.
fn load(
    args: &DataArgs,
    name: &str,
    reading: &Reading,
    (shape, layout): (&Shape, Layout),
    classes: &[String],
) -> anyhow::Result<Dataset> {
    let classes = classes.to_owned();
    let (reading, known) = (reading.clone(), Some(classes.clone()));
    let request = Request {
        reading,
        shape: Some(shape.clone()),
        layout,
        classes: known,
        ..Request::default()
    };
    Ok(Dataset { classes, ..args.named(name).load_as(request)? })
}

/// The accuracies before and after, a line for each of both data.
pub fn before_and_after(tuning: &FineTuning, data: &Dataset, own: f64, after: f64) -> String {
    let line = |name: &str, images: usize, before: f64, after: f64| {
        let (name, before, after) = (visible::line(name), percent(before), percent(after));
        format!("{name}: {before} before, {after} after, of {images} test images\n")
    };
    let first = data.name.split('+').next().unwrap_or_default();
    line(&tuning.own, tuning.own_images, tuning.own_accuracy, own)
        + &line(first, data.test.len(), tuning.accuracy, after)
}

fn digest(network: &Mlp) -> String {
    let mut hash = Sha256::new();
    for values in network.parameters() {
        hash.update(bytemuck::cast_slice::<f32, u8>(values));
    }
    hex(&hash.finalize())
}

/// The fraction of images that a network classifies correctly.
fn accuracy(
    network: &Mlp,
    config: &TrainConfig,
    images: &Images,
    classes: &[String],
) -> anyhow::Result<f64> {
    let input = config.shrunk(&images.shape).context("the images do not fit the network")?;
    let device = config.backend.device()?;
    Ok(evaluate_net(network, classes, &images.shrunk(input), &device)?.accuracy)
}

/// The configuration that a training goes on with: a low rate, which falls to nothing, and
/// few epochs. Batch normalization is in the weights.
fn further(config: &TrainConfig) -> TrainConfig {
    TrainConfig {
        epochs: EPOCHS,
        learning_rate: config.learning_rate * RATE,
        schedule: Schedule::Cosine,
        warmup: 0.05,
        batch_norm: false,
        patience: 0,
        keep: Keep::Last,
        qat_from: if config.qat_from < 1.0 { 0.0 } else { 1.0 },
        ..config.clone()
    }
}

/// The same with the layers of a model, from which units may have been removed.
fn shaped(config: &TrainConfig, model: &Model<'_>) -> TrainConfig {
    let (layers, input) = (model.layers(), model.input());
    let hidden = layers.split_last().map_or(&[][..], |(_, hidden)| hidden);
    let is_shared = hidden.iter().any(|layer| layer.shape().multipliers == 1);
    let is_whole = input.inputs() == input.pixels();
    let mut bits: Vec<u8> = layers.iter().map(|layer| layer.bits().bits() as u8).collect();
    // One number for all fits other layers too, which are then refused as such.
    if bits.iter().all(|&width| width == bits[0]) {
        bits.truncate(1);
    }
    TrainConfig {
        hidden: hidden.iter().map(Layer::outputs).collect(),
        input: if is_whole { 0 } else { input.size()[0] },
        bits,
        scales: if is_shared { Granularity::Layer } else { Granularity::Output },
        // The integers are what is to be trained.
        qat_from: 0.0,
        ..config.clone()
    }
}
