//! `inkbit quickstart`

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::ensure;
use inkbit_core::softmax::probability;
use inkbit_core::{Model, argmax};

use super::data_args::DataArgs;
use super::trained::fit;
use super::{interrupt, print, print_drawn, quantize, verify, wrong_use};
use crate::config::TrainConfig;
use crate::data::source::Reading;
use crate::data::{Dataset, load};
use crate::model::{Blob, MODEL_KIND, int_logits};
use crate::net::Backend;
use crate::report::{terminal, text};
use crate::run::{Claim, DataInfo, Run};
use crate::support::numbers::percent;
use crate::support::replace::check_own_folder;
use crate::support::shell;
use crate::support::visible;

/// Of the model.
const NAME: &str = "quickstart";
/// Enough epochs for almost the accuracy of the full training, in a few seconds.
const EPOCHS: usize = 8;
/// Digits drawn at the end, and digits per row.
const SAMPLES: usize = 6;
const COLUMNS: usize = 3;
/// Pixels cropped from each edge of a sample, so that three fit in 80 columns; the margin of digits
/// is wider.
const CROP: usize = 2;

/// Train, quantize, evaluate, verify and predict, in about ten seconds.
///
/// Uses MNIST if it is found or can be downloaded, otherwise digits that Inkbit draws itself.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/quickstart.txt"))]
pub struct Args {
    /// Folder for the run and the model; those of an earlier quickstart are replaced
    #[arg(long, value_name = "DIR", default_value = "runs/quickstart")]
    out: PathBuf,

    /// Seed of the training
    #[arg(long, default_value_t = 1)]
    seed: u64,

    #[command(flatten)]
    data: DataArgs,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let start = Instant::now();
    let (folder, model_path) = (args.out.join("run"), args.out.join("model.inkbit"));
    let config = TrainConfig { epochs: EPOCHS, seed: args.seed, ..TrainConfig::default() };
    config.validate().map_err(wrong_use)?;
    check_replaceable(&folder, &model_path)?;

    heading("1. Data")?;
    let data = load_or_draw(&args.data)?;
    print(&format!(
        "{}: {} to train on, {} to test on\n",
        visible::line(&data.name),
        text::images(&data.train),
        data.test.len()
    ))?;

    let widths = config.widths(&data.train.shape, data.classes.len());
    let widths: Vec<String> = widths.iter().map(ToString::to_string).collect();
    let dropout = config.dropout;
    heading(&format!("2. Train a {} network with dropout {dropout} (burn)", widths.join("-")))?;
    let info = DataInfo {
        begun_by: Some(NAME.to_owned()),
        reading: args.data.reading(None),
        ..DataInfo::new(&data)
    };
    let training = Claim::create(&folder, &config, info, true)?;
    fit(&training, &data, true)?;
    if interrupt::stopping() {
        super::complain("interrupted; start quickstart again for the rest");
        return Err(super::Interrupted.into());
    }

    heading("3. Quantize its weights to 8 bits")?;
    let plan = quantize::Plan::new(&training, None, None)?;
    let quantized =
        quantize::quantize_run(&training, &training.weights()?, &data, NAME.to_owned(), plan)?;
    // What has come meanwhile stays.
    check_model(&model_path)?;
    MODEL_KIND.write_own(&model_path, quantized.blob.bytes())?;
    let path = shell::path(&model_path);
    print(&quantize::describe(&quantized, &model_path, &data.name, &Reading::default())?)?;

    heading("4. Evaluate it on the test images")?;
    print_drawn(&text::evaluation(&quantized.int, super::coloured()))?;

    // From here on the file is used, as on a device.
    let blob = Blob::load(&model_path)?;
    let model = blob.model()?;

    heading("5. Verify: every integer by two implementations")?;
    verify::on_host(&model, &data, &Backend::default().device()?)?;

    heading("6. Predict some test images")?;
    print(&samples(&model, &data)?)?;

    heading("Done")?;
    print(&format!(
        "accuracy {}, 0 mismatches, {:.0} s\n\nNow try\n",
        percent(quantized.int.accuracy),
        start.elapsed().as_secs_f64()
    ))?;
    // The program as it was started: `cargo run` puts no `inkbit` on the search path.
    let program = std::env::args_os().next().unwrap_or_else(|| "inkbit".into());
    let program = shell::path(Path::new(&program));
    for (what, command) in [
        ("to draw digits", format!("play {path}")),
        ("a digit of your own", format!("predict {path} PICTURE.png --show")),
        ("what a device gets", format!("inspect {path}")),
        ("the full training", "train --out runs/classic".to_owned()),
        ("everything else", "help".to_owned()),
    ] {
        print(&format!("  {what:20} {program} {command}\n"))?;
    }
    Ok(())
}

/// Refuses to replace anything but what an earlier quickstart left.
fn check_replaceable(run: &Path, model: &Path) -> anyhow::Result<()> {
    check_own_folder(run)?;
    Run::check_free(run, true)?;
    Run::check_begun_by(run, NAME)?;
    check_model(model)
}

fn check_model(model: &Path) -> anyhow::Result<()> {
    if MODEL_KIND.check_own(model)? {
        let blob = Blob::load(model)?;
        ensure!(
            blob.model()?.header().name == NAME,
            "{} is the model of another command than quickstart; it was not replaced: give another \
             folder with --out, or move it away",
            visible::path(model)
        );
    }
    Ok(())
}

fn heading(text: &str) -> anyhow::Result<()> {
    print(&format!("\n== {text}\n\n"))
}

/// The data that the flags name; synthetic digits if none are named and MNIST is unavailable.
fn load_or_draw(args: &DataArgs) -> anyhow::Result<Dataset> {
    match args.load() {
        Err(error) if args.is_without_mnist(&error) => {
            print(
                "MNIST was neither found nor downloaded: going on with digits drawn by Inkbit\n",
            )?;
            Ok(load("synthetic", None, None)?)
        }
        loaded => loaded,
    }
}

/// Six test images, each with its predicted and its true class: the first image of each class, then
/// any others, and last a mistake if there is one, because mistakes teach the most.
fn samples(model: &Model<'_>, data: &Dataset) -> anyhow::Result<String> {
    let all = int_logits(model, &data.test)?;
    let logits = |index: usize| &all[index * model.classes()..][..model.classes()];
    let truth = |index: usize| usize::from(data.test.labels[index]);
    let first_of = |class: usize| (0..data.test.len()).find(|&index| truth(index) == class);
    let mut chosen: Vec<usize> =
        (0..data.classes.len()).filter_map(first_of).take(SAMPLES).collect();
    let others: Vec<usize> = (0..data.test.len()).filter(|i| !chosen.contains(i)).collect();
    let missing = SAMPLES - chosen.len();
    chosen.extend(others.iter().take(missing));
    let wrong =
        others.into_iter().skip(missing).find(|&index| argmax(logits(index)) != truth(index));
    if let (Some(wrong), Some(last)) = (wrong, chosen.last_mut()) {
        *last = wrong;
    }
    let cards = chosen.into_iter().map(|index| {
        let class = argmax(logits(index));
        let sure = probability(logits(index), model.stages()[0].logit_scale, class) * 100.0;
        let (found, truth) = (model.label(class), model.label(truth(index)));
        let verdict = if found == truth { "" } else { ": WRONG" };
        let caption = format!("{found} ({sure:.0} %), truly {truth}{verdict}");
        let (width, pixels) = data.test.shape.picture(data.test.image(index));
        card(&pixels, width, &caption)
    });
    Ok(terminal::side_by_side(&cards.collect::<Vec<_>>(), COLUMNS))
}

/// The middle of an image as lines of characters, above a caption.
fn card(pixels: &[u8], side: usize, caption: &str) -> Vec<String> {
    let crop = if side > 4 * CROP { CROP } else { 0 };
    let rows = pixels.chunks_exact(side).skip(crop).take(side - 2 * crop);
    let middle: Vec<u8> = rows.flat_map(|row| &row[crop..side - crop]).copied().collect();
    let width = side - 2 * crop;
    let drawn = terminal::draw(&middle, width);
    drawn.lines().map(str::to_owned).chain([format!("{caption:width$}  ")]).collect()
}
