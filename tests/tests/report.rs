//! Pictures and texts of reports equal the reviewed ones in `tests/reports`.
//!
//! `INKBIT_BLESS=1 cargo test --release -p inkbit-tests report` writes them anew: look at each that
//! has changed in a browser, light and dark.

use std::fs;
use std::path::Path;

use inkbit::data::{Dataset, Images, synthetic};
use inkbit::device::counts::Counts;
use inkbit::evaluate::Evaluation;
use inkbit::evaluate::predictions::{Bin, Calibration};
use inkbit::model::Blob;
use inkbit::model::activity::{Activity, LayerActivity, StageActivity};
use inkbit::report::facts::{Facts, Training};
use inkbit::report::plot::{self, Figure, Sample};
use inkbit::report::{summary, text};
use inkbit::train::history::{End, Epoch, History};
use inkbit_core::{Input, WeightBits};

fn reports() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("reports")
}

fn golden() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/golden")
}

/// Compares with a reviewed file, or writes it.
fn assert_reviewed(name: &str, found: &str) {
    let path = reports().join(name);
    if std::env::var_os("INKBIT_BLESS").is_some() {
        fs::create_dir_all(reports()).unwrap();
        fs::write(&path, found).unwrap();
    }
    let reviewed = fs::read_to_string(&path).unwrap_or_default();
    let differs = reviewed.lines().zip(found.lines()).position(|(old, new)| old != new);
    if reviewed != found {
        let line = differs.unwrap_or_else(|| reviewed.lines().count().min(found.lines().count()));
        let of = |text: &str| text.lines().nth(line).unwrap_or("its end").to_owned();
        panic!(
            "{name} is not as it was reviewed, from line {} on:\nreviewed  {}\nfound     {}\nlook at \
             the new one with INKBIT_BLESS=1",
            line + 1,
            of(&reviewed),
            of(found)
        );
    }
}

fn assert_picture(picture: &Figure) {
    assert_reviewed(&format!("{}.svg", picture.name), &picture.file());
}

fn history() -> History {
    let epoch = |(index, &(train, validation)): (usize, &(f32, f32))| Epoch {
        epoch: index + 1,
        train_loss: train,
        train_accuracy: 1.0 - train / 4.0,
        validation_loss: validation,
        validation_accuracy: 1.0 - validation / 4.0,
        seconds: 1.5,
    };
    let losses = [(0.9, 0.5), (0.4, 0.3), (0.25, 0.22), (0.2, 0.24), (0.15, 0.26)];
    History {
        epochs: losses.iter().enumerate().map(epoch).collect(),
        end: Some(End::Patience),
        ..History::default()
    }
}

/// Three classes, one of them with a long name: 24 images, 20 of them right.
fn evaluation() -> Evaluation {
    let classes = ["shirt", "a very long name <&>", "bag"].map(String::from);
    let truth: Vec<u8> = (0..24).map(|index| index % 3).collect();
    let logits: Vec<f64> = truth
        .iter()
        .enumerate()
        .flat_map(|(index, &truth)| {
            let class = if index % 7 == 4 || index == 2 { (truth + 1) % 3 } else { truth };
            (0..3).map(move |other| if other == class { 2.5 } else { 0.25 })
        })
        .collect();
    Evaluation::from_logits(&classes, &truth, &logits)
}

#[test]
fn curves_mark_the_kept_epoch() {
    let history = history();
    let [loss, accuracy] = [plot::loss(&history), plot::accuracy(&history)];
    assert!(loss.alt.contains("The weights of epoch 3 were kept"), "{}", loss.alt);
    assert_picture(&loss);
    assert_picture(&accuracy);
}

#[test]
fn one_epoch_alone_is_a_picture_too() {
    let mut history = history();
    history.epochs.truncate(1);
    let loss = plot::loss(&history).file();
    assert!(loss.contains("<circle") && loss.contains("kept: epoch 1"), "{loss}");
}

/// An axis from or to them would not end.
#[test]
fn measures_that_are_no_numbers_make_a_picture_too() {
    let values = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MAX, f32::MIN, 1e-45, 0.0];
    for value in values {
        let mut history = history();
        for epoch in &mut history.epochs {
            (epoch.train_loss, epoch.validation_accuracy) = (value, value);
        }
        for figure in [plot::loss(&history), plot::accuracy(&history)] {
            assert!(figure.file().ends_with("</svg>\n"), "{value}");
        }
        for all in [[f64::from(value); 9], [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, value.into()]] {
            assert!(plot::logit_differences(&all).file().ends_with("</svg>\n"), "{value}");
        }
    }
    println!("tried: {} pictures of measures that are no numbers", 4 * values.len());
}

#[test]
fn the_confusion_matrix_has_counts_and_shades() {
    assert_picture(&plot::confusion(&evaluation()));
}

#[test]
fn bars_and_distributions() {
    let layer = |inputs, outputs, non_zero, saturated| LayerActivity {
        inputs,
        outputs,
        bits: WeightBits::Eight,
        non_zero,
        saturated,
    };
    let layers = vec![layer(784, 16, 0.191, 0.008), layer(16, 3, 0.5, 0.02)];
    let stage = StageActivity { asked: 1.0, input: Input::full(28), layers };
    assert_picture(&plot::activity(&Activity { is_features: false, stages: vec![stage] }));
    let differences: Vec<f64> = (-100..=100).map(|i| f64::from(i * i * i) * 1e-7).collect();
    assert_picture(&plot::logit_differences(&differences));
    let bin = |images, confidence, accuracy| Bin { images, confidence, accuracy };
    let bins = vec![bin(3, 0.47, 0.33), bin(10, 0.75, 0.8), bin(200, 0.99, 0.985)];
    assert_picture(&plot::calibration(&Calibration { bins, error: 0.01 }));
}

#[test]
fn images_have_their_classes_below_them() {
    let images = synthetic::images(synthetic::Part::Test, 5, 1);
    let sample = |index: usize| Sample {
        pixels: images.image(index).to_vec(),
        truth: images.labels[index].to_string(),
        class: if index == 3 { "a long name".to_owned() } else { images.labels[index].to_string() },
        confidence: 0.97,
    };
    let samples: Vec<Sample> = (0..5).map(sample).collect();
    let picture = plot::samples("samples", "Test images", &images.shape, &samples);
    assert_picture(&picture);
    let sheet = image::load_from_memory(&picture.png.unwrap()).unwrap();
    assert_eq!((sheet.width(), sheet.height()), (6 * 116 + 4, 116 + 4));
}

#[test]
fn weights_are_images() {
    let blob = Blob::load(&golden().join("int8-14x14-inputs.inkbit")).unwrap();
    assert_picture(&plot::weights(&blob.model().unwrap(), &[]));
    let drawn = text::weights(&blob.model().unwrap(), false, 80);
    assert_reviewed("weights.txt", &drawn);
}

#[test]
fn the_terminal_shades_the_matrix_only_if_asked() {
    let plain = text::evaluation(&evaluation(), false);
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let coloured = text::evaluation(&evaluation(), true);
    assert_reviewed("evaluation.txt", &coloured.replace('\u{1b}', "ESC"));
    let mut bare = coloured;
    while let Some(start) = bare.find('\u{1b}') {
        let end = start + bare[start..].find('m').unwrap();
        bare.replace_range(start..=end, "");
    }
    assert_eq!(bare, plain);
}

#[test]
fn the_summary_says_it_in_words() {
    let blob = Blob::load(&golden().join("int8-14x14-inputs.inkbit")).unwrap();
    let model = blob.model().unwrap();
    let mut test = synthetic::images(synthetic::Part::Test, 300, 1);
    test.labels.iter_mut().for_each(|label| *label %= 3);
    let classes: Vec<String> = ["c0", "c1", "c2"].map(String::from).into();
    let data = Dataset { name: "some".to_owned(), classes, train: Images::default(), test };
    let summary = |training| {
        let facts = Facts::gather(&model, &blob, &data, training, &Counts::built_in()).unwrap();
        let points = summary::summary(&facts);
        points.iter().map(|p| format!("{}\n{}\n\n", p.question, p.answer)).collect::<String>()
    };
    assert_reviewed("summary-of-model.txt", &summary(None));
    // A float network that is always right.
    let truth = data.test.labels.iter();
    let float_logits: Vec<f32> =
        truth.flat_map(|&truth| (0..3).map(move |class| f32::from(class == truth))).collect();
    let training = Training { history: Some(history()), imported: None, float_logits };
    assert_reviewed("summary-of-run.txt", &summary(Some(training)));
}
