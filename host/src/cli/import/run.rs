//! What `inkbit import` does, with the readers.

use std::path::Path;

use super::Args;
use crate::cli::trained::{Start, begin_on, next};
use crate::cli::{complain, print, usage};
use crate::config::TrainConfig;
use crate::data::Dataset;
use crate::evaluate::evaluate_net;
use crate::import::{self, Options, Parsed};
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
    let options = Options { range: args.range, normal, epsilon, is_alone: true };
    let (Parsed { network, framework, notes }, digest) = import::read(&args.file, &options)?;
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
    let history = History { end: Some(End::Epochs), ..History::default() };
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
    let config = TrainConfig { hidden, input: args.input.unwrap_or(0), ..TrainConfig::default() };
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
    let normal = args.mean.zip(args.std).map(|(mean, std)| format!(" --mean {mean} --std {std}"));
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
