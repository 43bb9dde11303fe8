//! Training gives the same bits for the same seed, also after an interruption, and keeps the best
//! weights.

use std::fs;
use std::path::Path;

use inkbit::config::TrainConfig;
use inkbit::data::synthetic::{self, NonDigit, non_digits};
use inkbit::data::{Dataset, Images, Shape};
use inkbit::evaluate::quantized::Differences;
use inkbit::evaluate::reference::Reference;
use inkbit::evaluate::verify::verify;
use inkbit::evaluate::{evaluate_model, evaluate_net};
use inkbit::quantize::scale::nearest;
use inkbit::quantize::{Description, Granularity, Quantized, export};
use inkbit::run::{DataInfo, Observer, Run, RunError};
use inkbit::train::history::{Epoch, History};
use inkbit::train::{TrainError, Trainer};
use inkbit_core::{Frame, Input, Layout};

/// Noisy images of 6×6 pixels with a bright row, whose number is the class.
fn rows(count: usize, seed: u64) -> Images {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut images = Images { shape: Shape::square(6), ..Images::default() };
    for _ in 0..count {
        let class = rng.u8(..6);
        images.labels.push(class);
        images.pixels.extend((0..36).map(|pixel| {
            let ink = if pixel / 6 == class { 120 } else { 0 };
            ink + rng.u8(..130)
        }));
    }
    images
}

fn data() -> Dataset {
    Dataset {
        name: "rows".to_owned(),
        classes: (0..6).map(|class| class.to_string()).collect(),
        train: rows(600, 1),
        test: rows(100, 2),
    }
}

fn config() -> TrainConfig {
    let changes = "hidden = [16, 12]\nepochs = 6\nbatch = 33\nlearning_rate = 0.01\ndropout = 0.2";
    TrainConfig::default().with("test", changes).unwrap()
}

/// Stops after some epochs.
struct Stop(usize);

impl Observer for Stop {
    fn epoch(&mut self, _epoch: &Epoch, _history: &History) {
        self.0 -= 1;
    }

    fn stop(&mut self) -> bool {
        self.0 == 0
    }
}

fn create(folder: &Path, config: &TrainConfig) -> Run {
    Run::create(folder, config, DataInfo::new(&data()), false).unwrap()
}

/// The history without times.
fn measures(run: &Run) -> Vec<Epoch> {
    let epochs = run.history().unwrap().epochs;
    epochs.into_iter().map(|epoch| Epoch { seconds: 0.0, ..epoch }).collect()
}

#[test]
fn it_learns_and_the_seed_decides_every_bit() {
    let folder = tempfile::tempdir().unwrap();
    let weights = |name: &str, seed| {
        let run = create(&folder.path().join(name), &TrainConfig { seed, ..config() });
        let state = run.train(&data(), &mut ()).unwrap();
        assert!(state.history.best().unwrap().validation_accuracy > 0.9, "{:?}", state.history);
        fs::read(run.folder().join("weights.safetensors")).unwrap()
    };
    let first = weights("first", 1);
    assert!(first == weights("again", 1), "the same seed gave other weights");
    assert!(first != weights("other", 2), "another seed gave the same weights");
}

#[test]
fn a_resumed_run_ends_with_the_bits_of_an_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    let whole = create(&folder.path().join("whole"), &config());
    let state = whole.train(&data(), &mut ()).unwrap();
    for epochs in 1..6 {
        let parts = create(&folder.path().join(epochs.to_string()), &config());
        parts.train(&data(), &mut Stop(epochs)).unwrap();
        assert_eq!(parts.history().unwrap().epochs.len(), epochs);
        // As left by a process that was killed between two files.
        let path = parts.folder().join("weights.safetensors");
        let weights = fs::read(&path).unwrap();
        fs::write(path, &weights[..100]).unwrap();
        let resumed = Run::open(parts.folder()).unwrap();
        resumed.check_unfinished().unwrap();
        let resumed_state = resumed.train(&data(), &mut ()).unwrap();
        assert_eq!(resumed_state.last, state.last);
        assert_eq!(resumed_state.adam, state.adam);
        assert_eq!(resumed.weights().unwrap(), state.best);
        assert_eq!(measures(&resumed), measures(&whole));
    }
}

/// A configuration that uses every option of a training step.
fn everything() -> TrainConfig {
    let changes = "\
        input = 4\nbatch_norm = true\ninit = \"he\"\nschedule = \"cosine\"\nwarmup = 0.1\n\
        weight_decay = 0.01\nlabel_smoothing = 0.1\nema = 0.9\nclip = 1.0\nsparsity = 0.001\n\
        outliers = 0.2\npatience = 0\nkeep = \"last\"\n[augment]\nrotation = [2, 4]\nshift = 0.3\nelastic = 0.2\n\
        unchanged = 0.1\nrecentre = [false, true]";
    config().with("all", changes).unwrap()
}

#[test]
fn with_every_option_a_resumed_run_still_ends_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let whole = create(&folder.path().join("whole"), &everything());
    let state = whole.train(&data(), &mut ()).unwrap();
    assert_eq!(state.history.best().unwrap().epoch, 6, "the last is kept");
    assert_eq!(whole.weights().unwrap().widths(), [16, 16, 12, 6]);
    let parts = create(&folder.path().join("parts"), &everything());
    parts.train(&data(), &mut Stop(3)).unwrap();
    let resumed = parts.train(&data(), &mut ()).unwrap();
    assert_eq!((&resumed.last, &resumed.average), (&state.last, &state.average));
    assert_eq!(parts.weights().unwrap(), state.best);
    assert_eq!(measures(&parts), measures(&whole));
}

#[test]
fn each_option_changes_what_is_learned() {
    let learned = |change: &str| {
        let config = TrainConfig { epochs: 2, ..config().with("change", change).unwrap() };
        let data = data();
        let mut trainer = Trainer::new(&config, &data.train, &data.classes).unwrap();
        for _ in 0..2 {
            trainer.epoch(|_, _| ()).unwrap();
        }
        trainer.into_state().best
    };
    let plain = learned("");
    assert!(plain == learned("patience = 0"));
    for change in [
        "batch_norm = true",
        "init = \"he\"",
        "schedule = \"cosine\"",
        "warmup = 0.5",
        "weight_decay = 0.1",
        "label_smoothing = 0.1",
        "ema = 0.9",
        "clip = 0.1",
        "sparsity = 0.01",
        "outliers = 0.1",
        "augment.shift = 1",
    ] {
        assert!(learned(change) != plain, "{change}");
    }
    // The data are in the middle: only what was shifted can come back.
    let shifted = "augment.shift = 2";
    let recentred = format!("{shifted}\naugment.recentre = [false, true]");
    assert!(learned(&recentred) != learned(shifted), "{recentred}");
}

#[test]
fn outliers_teach_a_network_to_be_sure_of_nothing_where_nothing_is() {
    let data = synthetic::dataset(1500, 300, 1);
    let scribbles = non_digits(NonDigit::Scribble, 300, 1, Frame::mnist(28));
    let losses = |outliers| {
        let config = TrainConfig { epochs: 4, outliers, ..config() };
        let mut trainer = Trainer::new(&config, &data.train, &data.classes).unwrap();
        for _ in 0..4 {
            trainer.epoch(|_, _| ()).unwrap();
        }
        let device = config.backend.device().unwrap();
        let net = &trainer.into_state().best;
        let loss = |images| evaluate_net(net, &data.classes, images, &device).unwrap().loss;
        [loss(&data.test), loss(&scribbles)]
    };
    let ([_, unaware], [digits, aware]) = (losses(0.0), losses(0.3));
    // Whatever the label, a network that finds all classes alike has a loss of ln 10.
    assert!((aware - 10_f64.ln()).abs() < 0.3 && aware + 1.0 < unaware, "{unaware} {aware}");
    assert!(digits < 1.8, "{digits}");
}

#[test]
fn sparse_activations_are_what_the_option_is_for() {
    let activity = |sparsity| {
        let config = TrainConfig { sparsity, dropout: 0.0, ..config() };
        let data = data();
        let mut trainer = Trainer::new(&config, &data.train, &data.classes).unwrap();
        for _ in 0..3 {
            trainer.epoch(|_, _| ()).unwrap();
        }
        let layer = &trainer.state().last.layers[0];
        let mut sum = 0.0;
        for (pixels, _) in data.train.iter() {
            for unit in 0..layer.outputs {
                let weights = layer.weight.iter().skip(unit).step_by(layer.outputs);
                let products = weights.zip(pixels).map(|(w, &p)| w * f32::from(p) / 255.0);
                sum += (products.sum::<f32>() + layer.bias[unit]).max(0.0);
            }
        }
        sum
    };
    let (dense, sparse) = (activity(0.0), activity(1.0));
    assert!(sparse < 0.5 * dense, "{sparse} {dense}");
}

fn rounding() -> TrainConfig {
    TrainConfig { bits: vec![8, 4, 2], qat_from: 0.3, ema: 0.9, ..config() }
}

#[test]
fn rounded_training_resumes_with_the_same_bits_before_and_after_it_begins() {
    let folder = tempfile::tempdir().unwrap();
    for (name, scales) in [("layer", Granularity::Layer), ("output", Granularity::Output)] {
        for batch_norm in [false, true] {
            let config = TrainConfig { scales, batch_norm, ..rounding() };
            let path = |part: &str| folder.path().join(format!("{name}{batch_norm}{part}"));
            let whole = create(&path("whole"), &config);
            let state = whole.train(&data(), &mut ()).unwrap();
            for epochs in [1, 4] {
                let parts = create(&path(&epochs.to_string()), &config);
                parts.train(&data(), &mut Stop(epochs)).unwrap();
                assert_eq!(parts.weights().unwrap().has_scales(), epochs > 1);
                let resumed = parts.train(&data(), &mut ()).unwrap();
                assert_eq!(resumed.last, state.last);
                assert_eq!(resumed.adam, state.adam);
                assert_eq!(parts.weights().unwrap(), state.best);
            }
        }
    }
}

#[test]
fn what_is_kept_of_rounded_training_is_rounded_and_of_an_epoch_with_rounding() {
    let folder = tempfile::tempdir().unwrap();
    let data = data();
    for (name, scales) in [("layer", Granularity::Layer), ("output", Granularity::Output)] {
        for batch_norm in [false, true] {
            let config = TrainConfig { scales, batch_norm, ..rounding() };
            let run = create(&folder.path().join(format!("{name}{batch_norm}")), &config);
            let state = run.train(&data, &mut ()).unwrap();
            let best = state.history.best().unwrap();
            assert!(best.epoch >= 2 && best.validation_accuracy > 0.9, "{:?}", state.history);
            let (net, bits) = (run.weights().unwrap(), config.layer_bits().unwrap());
            let own = scales == Granularity::Output;
            assert_eq!(net.layers[0].weight_scale.len(), if own { 16 } else { 1 });
            assert_eq!(net.layers[2].weight_scale.len(), 1);
            for (layer, bits) in net.layers.iter().zip(&bits) {
                for (index, weight) in layer.weight.iter().enumerate() {
                    let logarithm = layer.weight_scale[index % layer.weight_scale.len()];
                    let scale = f64::from(logarithm).exp() as f32;
                    let level = weight / scale;
                    let nearest = nearest(*bits, level.into()) as f32;
                    assert!((level - nearest).abs() < 1e-3, "{bits:?}: {level}");
                }
            }
            let quantized =
                Quantized::of_trained(&net, &data.train, run.input(), &bits, scales).unwrap();
            let blob = export(&quantized, &description(&data, run.input()), (0, 0)).unwrap();
            let model = blob.model().unwrap();
            let device = config.backend.device().unwrap();
            let float = evaluate_net(&net, &data.classes, &data.test, &device).unwrap();
            let int = evaluate_model(&model, &data.test).unwrap();
            assert!((float.loss - int.loss).abs() < 0.01, "{} {}", float.loss, int.loss);
            let found = Differences::between(&quantized, &model, &data.test, &device).unwrap();
            assert!(found.hidden.iter().all(|layer| layer.greatest <= 2), "{found:?}");
            verify(&Reference::new(&model, &device), &model, &data.test, |_| ()).unwrap();
        }
    }
}

fn description(data: &Dataset, input: Input) -> Description {
    Description {
        name: "rows".to_owned(),
        classes: data.classes.clone(),
        shape: data.train.shape.clone(),
        input,
        layout: Layout::AsItIs,
        prominence: 0,
        command: String::new(),
        digest: data.digest(),
        seed: 1,
    }
}

#[test]
fn the_weights_of_the_best_epoch_are_kept_when_patience_ends() {
    let folder = tempfile::tempdir().unwrap();
    // A learning rate at which the loss soon rises.
    let config = TrainConfig { epochs: 60, patience: 2, learning_rate: 0.05, ..config() };
    let run = create(folder.path(), &config);
    let state = run.train(&data(), &mut ()).unwrap();
    let history = run.history().unwrap();
    let best = history.best().unwrap().epoch;
    assert_eq!(history.epochs.len(), best + 2, "{history:?}");
    assert!(history.epochs.len() < 60);
    let kept = run.weights().unwrap();
    assert_ne!(kept, state.last);

    // Trained up to the best epoch: its last weights are the best.
    let config = TrainConfig { epochs: best, ..config };
    let data = data();
    let mut trainer = Trainer::new(&config, &data.train, &data.classes).unwrap();
    for _ in 0..best {
        trainer.epoch(|_, _| ()).unwrap();
    }
    assert_eq!(trainer.state().last, kept);
}

#[test]
fn a_run_is_neither_overwritten_nor_resumed_with_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let run = create(folder.path(), &config());
    run.train(&data(), &mut Stop(2)).unwrap();
    let info = DataInfo::new(&data());

    let error = Run::create(folder.path(), &config(), info.clone(), false).unwrap_err();
    assert!(
        error.to_string().contains("holds an interrupted run of 2 epochs; go on with --resume")
    );

    let error = run.check_same(&TrainConfig { batch: 32, ..config() }, &info).unwrap_err();
    assert!(error.to_string().contains("the run has `batch = 33`, asked for is `batch = 32`"));
    let other = Dataset { train: rows(600, 3), ..data() };
    let error = run.check_same(&config(), &DataInfo::new(&other)).unwrap_err();
    assert!(matches!(error, RunError::OtherData { .. }), "{error}");

    run.train(&data(), &mut ()).unwrap();

    // Between the start of a run and its training, another process replaces it.
    let begun = tempfile::tempdir().unwrap();
    let [first, second] = [1, 2].map(|seed| {
        let config = TrainConfig { seed, ..config() };
        Run::create(begun.path(), &config, info.clone(), true).unwrap()
    });
    let error = first.train(&data(), &mut ()).unwrap_err();
    assert!(matches!(error, RunError::Replaced(_)), "{error}");
    let held = second.claim().unwrap();
    let error = second.train(&data(), &mut ()).unwrap_err();
    assert!(matches!(error, RunError::Busy(_)), "{error}");
    drop(held);
    second.train(&data(), &mut ()).unwrap();
    // Nor are the weights of one run taken for those of the other.
    assert!(matches!(first.weights(), Err(RunError::Replaced(_))));

    let error = Run::open(folder.path()).unwrap().check_unfinished().unwrap_err();
    assert!(error.to_string().contains("finished run: there is nothing to resume"), "{error}");
    Run::create(folder.path(), &config(), info, true).unwrap();
    assert!(matches!(run.weights(), Err(RunError::NoWeights(_))));
}

#[test]
fn folders_and_files_that_are_not_a_run_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Run::open(folder.path()).unwrap_err().to_string();
    assert!(
        error.ends_with("it has no config.toml; give the folder that `inkbit train --out` wrote")
    );

    let run = create(folder.path(), &config());
    run.train(&data(), &mut Stop(1)).unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 4]).unwrap();
    let error = run.train(&data(), &mut ()).unwrap_err().to_string();
    assert!(error.starts_with(path.to_str().unwrap()), "{error}");

    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Run::create(&file, &config(), DataInfo::new(&data()), false).unwrap_err();
    assert!(error.to_string().contains("cannot create the folder"), "{error}");
}

#[test]
fn images_that_cannot_be_trained_on_are_refused() {
    let refused = |images: &Images, classes: usize| {
        let classes = vec![String::new(); classes];
        let error = Trainer::new(&config(), images, &classes).map(|_| ()).unwrap_err();
        assert!(matches!(error, TrainError::Images(_)), "{error}");
        error.to_string()
    };
    assert!(refused(&rows(100, 1), 5).contains("label 5, but there are 5 classes"));
    assert!(refused(&rows(3, 1), 6).contains("leaves 3 to train on and 0 to choose by"));
    let large = Images { shape: Shape::square(65), pixels: vec![0; 65 * 65], labels: vec![0] };
    assert!(refused(&large, 6).contains("4225 pixels, but must have from 1 to 4096"));
}

#[test]
fn a_loss_without_end_stops_training_with_advice() {
    let config = TrainConfig { learning_rate: 1e30, ..config() };
    let data = data();
    let mut trainer = Trainer::new(&config, &data.train, &data.classes).unwrap();
    let error = trainer.epoch(|_, _| ()).unwrap_err().to_string();
    assert!(error.starts_with("training diverged: the training loss of epoch 1 is"), "{error}");
    assert!(error.ends_with("take a lower learning rate"), "{error}");
}

#[test]
fn one_image_in_a_batch_is_enough() {
    let config = TrainConfig { batch: 1, epochs: 1, hidden: vec![], ..config() };
    let data = data();
    let mut trainer = Trainer::new(&config, &data.train, &data.classes).unwrap();
    assert!(trainer.epoch(|_, _| ()).unwrap().validation_accuracy > 0.8);
}
