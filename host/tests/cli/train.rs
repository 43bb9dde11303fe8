//! `inkbit train`: what it prints and writes, and what it refuses before it starts.

use crate::place::{Place, TRAIN, bars, unseen};

#[test]
fn a_training_prints_a_line_for_each_epoch_and_leaves_a_whole_run() {
    let place = Place::untrained();
    let text = place.succeed(&format!("train --out runs/new {TRAIN} --seed 7"));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "digits: 320 images of 8x8 pixels, 80 to test on, 4 classes");
    for (number, line) in lines[1..4].iter().enumerate() {
        let start = format!("epoch   {}/3  train loss ", number + 1);
        assert!(line.starts_with(&start) && line.contains(" validation loss "), "{line}");
    }
    assert!(lines[3].ends_with("  best"), "{text}");
    assert_eq!(lines[4], "ended                after epoch 3: all epochs trained");
    assert!(text.contains("of 80 digits images\n"), "{text}");
    assert!(text.contains("saved in             runs/new\n"), "{text}");
    let end = "next                 inkbit quantize runs/new -o model.inkbit\n\
               then                 inkbit play model.inkbit\n";
    assert!(text.ends_with(end), "{text}");

    let config = String::from_utf8(place.read("runs/new/config.toml")).unwrap();
    for line in ["hidden = [16]", "dropout = 0.0", "epochs = 3", "learning_rate = 0.02", "seed = 7"]
    {
        assert!(config.contains(&format!("{line}\n")), "{config}");
    }
    let data = String::from_utf8(place.read("runs/new/data.toml")).unwrap();
    assert!(data.contains("name = \"digits\"\ndigest = \""), "{data}");
    let history: serde_json::Value =
        serde_json::from_slice(&place.read("runs/new/history.json")).unwrap();
    assert_eq!(history["epochs"].as_array().unwrap().len(), 3);
    assert_eq!(history["end"], "epochs");
    assert!(!place.path("runs/new/checkpoint.safetensors").exists());
}

#[test]
fn the_same_seed_gives_the_same_weights_and_another_one_others() {
    let place = Place::new();
    place.succeed(&format!("train --out same {TRAIN}"));
    place.succeed(&format!("train --out other {TRAIN} --seed 2"));
    let weights = |run: &str| place.read(&format!("{run}/weights.safetensors"));
    assert!(weights("run") == weights("same"));
    assert!(weights("run") != weights("other"));
}

#[test]
fn a_file_changes_the_preset_and_flags_change_the_file() {
    let place = Place::untrained();
    place.write("my.toml", "hidden = [6]\nepochs = 2\nbatch = 20\n\n[adam]\nbeta1 = 0.8\n");
    place.succeed("train --out new --preset classic --config my.toml --epochs 1 --data digits");
    let config = String::from_utf8(place.read("new/config.toml")).unwrap();
    let expected = ["hidden = [6]", "epochs = 1", "batch = 20", "beta1 = 0.8", "dropout = 0.4"];
    for line in expected {
        assert!(config.contains(&format!("{line}\n")), "{config}");
    }
}

#[test]
fn a_run_is_replaced_only_by_force() {
    let place = Place::new();
    assert_eq!(
        place.fail(1, &format!("train --out run {TRAIN}")),
        "run holds a finished run of 3 epochs; quantize it, give another folder, or replace it \
         with --force"
    );
    place.succeed(&format!("train --out run {TRAIN} --force --epochs 1"));
    let config = String::from_utf8(place.read("run/config.toml")).unwrap();
    assert!(config.contains("epochs = 1\n"), "{config}");
}

#[test]
fn a_value_out_of_range_is_a_wrong_use_and_creates_nothing() {
    let place = Place::new();
    let room = "what the format has room for";
    for (flags, expected) in [
        ("--hidden 0", format!("hidden[0] is 0, but must be from 1 to 4096, {room}")),
        ("--hidden 16,5000", format!("hidden[1] is 5000, but must be from 1 to 4096, {room}")),
        (
            "--hidden 1,1,1,1,1,1,1,1,1",
            format!(
                "hidden is 9 layers, 10 with the output, but must be at most 8 with the output, {room}"
            ),
        ),
        ("--dropout 1", "dropout is 1, but must be from 0 to below 1".into()),
        ("--dropout -0.5", "dropout is -0.5, but must be from 0 to below 1".into()),
        ("--dropout nan", "dropout is NaN, but must be a finite number, from 0 to below 1".into()),
        ("--epochs 0", "epochs is 0, but must be at least 1".into()),
        ("--batch 0", "batch is 0, but must be from 1 to 8192, what a computer has memory for".into()),
        ("--qat-from 1.5", "qat_from is 1.5, but must be from 0 to 1".into()),
        (
            "--bits 8,4",
            "bits lists 2 layers, but the network has 3 with the output: give one number for all, \
             or 3, such as 8,4,4"
                .into(),
        ),
        (
            "--patience 3 --keep last",
            "patience is 3, but must be 0 with keep = \"last\", which waits for no better epoch".into(),
        ),
        ("--warmup 1", "warmup is 1, but must be from 0 to below 1".into()),
        ("--ema 1", "ema is 1, but must be from 0 to below 1".into()),
        ("--label-smoothing -0.1", "label_smoothing is -0.1, but must be from 0 to below 1".into()),
        ("--clip -1", "clip is -1, but must be at least 0".into()),
        ("--sparsity nan", "sparsity is NaN, but must be a finite number, at least 0".into()),
        (
            "--weight-decay 2000",
            "weight_decay is 2000, but must be below 1 / learning_rate: a step would take away more \
             than there is"
                .into(),
        ),
        ("--rotation 10,200", "augment.rotation[1] is 200, but must be from 0 to 180".into()),
        ("--augment strong --scale 1", "augment.scale is 1, but must be from 0 to below 1".into()),
        ("--hidden ten", format!("hidden[0] is \"ten\", but must be a whole number below 2^63, from 1 to 4096, {room}")),
        ("--epochs -1", "epochs is -1, but must be at least 1".into()),
        ("--epochs 2.5", "epochs is 2.5, but must be a whole number below 2^63, at least 1".into()),
        ("--recentre true,maybe", "augment.recentre[1] is \"maybe\", but must be true or false".into()),
        (
            "--seed 18446744073709551615",
            "seed is 18446744073709552000, but must be a whole number below 2^63, at least 0".into(),
        ),
        ("--lr 1e39", "learning_rate is inf, but must be a finite number, above 0".into()),
        ("--lr 0", "learning_rate is 0, but must be above 0".into()),
        ("--lr -1", "learning_rate is -1, but must be above 0".into()),
        ("--lr inf", "learning_rate is inf, but must be a finite number, above 0".into()),
        ("--validation-split 1", "validation_split is 1, but must be above 0 and below 1".into()),
    ] {
        let message = place.fail(2, &format!("train --out new --data digits {flags}"));
        assert_eq!(message, expected);
    }
    for (flags, expected) in [
        ("--preset modern", "[possible values: classic, "),
        ("--schedule linear", "[possible values: constant, cosine]"),
        ("--backend gpu", "[possible values: ndarray, flex]"),
        ("--seeds 1", "1 is not in 2..=1000"),
        (
            "--augment heavy",
            "there is no augmentation \"heavy\": take one of none, light, strong, centred",
        ),
    ] {
        let message = place.fail(2, &format!("train --out new --data digits {flags}"));
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
#[cfg(not(feature = "flex"))]
fn a_backend_that_was_left_out_says_how_to_get_it() {
    let place = Place::new();
    let expected = "this inkbit was built without the backend \"flex\": build it with `cargo build \
                    --release --features flex`, or take --backend ndarray";
    assert_eq!(place.fail(2, "train --out new --backend flex"), expected);
    assert_eq!(place.fail(2, "verify model.inkbit --backend flex"), expected);
}

#[test]
fn a_configuration_that_cannot_be_read_is_a_wrong_use() {
    let place = Place::new();
    place.write("unknown.toml", "drop = 0.3");
    place.write("type.toml", "epochs = \"three\"");
    place.write("syntax.toml", "epochs = 3\nbatch =");
    place.write("bytes.toml", [0xff, 0xfe]);
    place.write("range.toml", "dropout = 1");
    for (file, expected) in [
        ("unknown.toml", "unknown.toml: line 1: there is no key `drop`; did you mean `dropout`?"),
        (
            "type.toml",
            "type.toml: line 1: epochs is \"three\", but must be a whole number below 2^63, at least 1",
        ),
        ("syntax.toml", "syntax.toml: TOML parse error at line 2, column 8\n"),
        ("bytes.toml", "cannot read bytes.toml: "),
        ("range.toml", "range.toml: line 1: dropout is 1, but must be from 0 to below 1"),
        ("digits", "cannot read digits: Is a directory (os error 21); give a file, not a folder"),
        (
            "none.toml",
            "cannot read none.toml: No such file or directory (os error 2); give a file that exists",
        ),
    ] {
        let message = place.fail(2, &format!("train --out new --data digits --config {file}"));
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn a_folder_that_cannot_be_created_is_named() {
    let place = Place::new();
    for folder in ["model.inkbit", "model.inkbit/run"] {
        let message = place.fail(1, &format!("train --out {folder} {TRAIN}"));
        assert!(message.starts_with(&format!("cannot create the folder {folder}: ")), "{message}");
        assert!(message.ends_with("; a file is in the way, give another path"), "{message}");
    }
}

#[test]
fn images_that_cannot_be_trained_on_are_refused_before_a_run_is_replaced() {
    let place = Place::new();
    place.write_data("large", &bars(65, 2, 8), &bars(65, 2, 4));
    assert_eq!(
        place.fail(1, "train --out run --force --data large"),
        "the training images cannot be used: they have 4225 pixels, but must have from 1 to 4096; \
         take smaller images, or have them shrunk: --input WIDTH"
    );
    assert_eq!(
        place.fail(1, "train --out run --force --data digits --validation-split 0.001"),
        "the training images cannot be used: of 320, a validation_split of 0.001 leaves 320 to \
         train on and 0 to choose by, but each must be at least 1; take another --validation-split, \
         or more images"
    );
}

#[test]
fn a_training_that_diverges_says_so() {
    let place = Place::untrained();
    let ended = place.run(&format!("--quiet train --out new {TRAIN} --lr 1e38"));
    assert_eq!((ended.code, &*ended.out), (Some(1), ""));
    assert_eq!(
        ended.err,
        "error: training diverged: the training loss of epoch 1 is NaN, but must be finite; take a \
         lower learning rate\n"
    );
    assert!(!place.path("new/weights.safetensors").exists());
}

#[test]
fn odd_data_are_trained_quantized_and_verified_like_any() {
    let place = Place::untrained();
    for (side, classes) in [(1, 2), (64, 3), (8, 256)] {
        let data = format!("odd-{side}-{classes}");
        let count = 2 * classes.max(10);
        place.write_data(&data, &bars(side, classes, count), &unseen(side, classes, count));
        let text =
            place.succeed(&format!("train --out {data}-run --data {data} --hidden 4 --epochs 1"));
        // Host and format have room for larger images and for more classes than a board.
        let too_large = side == 64 || classes > 64;
        assert_eq!(text.contains("\nno board can run this network: "), too_large, "{text}");
        place.succeed(&format!("quantize {data}-run -o {data}.inkbit"));
        let proof = place.succeed(&format!("verify {data}.inkbit --data {data}"));
        assert!(proof.ends_with("\n0 mismatches\n"), "{proof}");
        place.succeed(&format!("evaluate {data}.inkbit --data {data}"));
        place.succeed(&format!("inspect {data}.inkbit"));
    }
}

#[test]
fn inputs_that_images_cannot_be_shrunk_to_are_refused_before_anything_starts() {
    let place = Place::new();
    let message = place.fail(2, "train --out new --data digits --input 5");
    assert!(
        message.starts_with(
            "the training images cannot be used: they are 8×8 pixels, which cannot be shrunk to \
             rows of 5 inputs"
        ),
        "{message}"
    );
    assert_eq!(place.fail(2, "train --out new --data digits --seeds 2 --input 5"), message);
    assert_eq!(place.fail(2, "data show --data digits --input 5 -o new.png"), message);
    // Known before there are data.
    let message = place.fail(2, "train --out new --data nowhere --input 65");
    assert!(message.contains("input is 65, but must be from 0 to 64"), "{message}");
    assert!(!place.path("new").exists());
}

#[test]
fn several_seeds_are_trained_like_single_ones_and_compared() {
    let place = Place::untrained();
    let text = place.succeed(&format!("train --out many {TRAIN} --seed 4 --seeds 3"));
    place.succeed(&format!("train --out one {TRAIN} --seed 5"));
    assert!(place.read("one/weights.safetensors") == place.read("many/seed-5/weights.safetensors"));
    for seed in 4..=6 {
        let lines = text.lines().filter(|line| line.starts_with(&format!("seed {seed}  epoch   ")));
        assert_eq!(lines.count(), 3, "{text}");
    }
    let table: Vec<&str> = text.lines().skip_while(|line| !line.contains("validation  ")).collect();
    assert!(text.ends_with("\n\nreports in many/seed-N/report.html\n"), "{text}");
    let rows: Vec<&str> = text.lines().rev().skip(2).take(6).collect();
    assert!(
        rows[0].trim().starts_with("spread") && rows[1].trim().starts_with("mean"),
        "{table:?}"
    );
    assert!(rows[4].trim().starts_with("4 ") && rows[4].contains("/3"), "{text}");
    for seed in 4..=6 {
        let page = place.read(&format!("many/seed-{seed}/report.html"));
        assert!(String::from_utf8(page).unwrap().contains("3 epochs in "));
    }

    let text = place.succeed(&format!("train --out bare {TRAIN} --seeds 2 --no-report"));
    assert!(!text.contains("report") && !place.path("bare/seed-1/report.html").exists(), "{text}");

    let message = place.fail(1, &format!("train --out many {TRAIN} --seed 5 --seeds 2"));
    assert!(message.starts_with("many/seed-5 holds a finished run of 3 epochs"), "{message}");
}

#[test]
fn a_printed_configuration_is_commented_and_trains_the_same() {
    let place = Place::untrained();
    let text = place.succeed("train --preset tiny --hidden 6,5 --print-config");
    assert!(
        text.starts_with("# Widths of the hidden layers") && text.contains("hidden = [6, 5]\n")
    );
    assert!(
        text.contains("\n[augment]\n# Rotation in degrees (from 0 to 180).\nrotation = "),
        "{text}"
    );
    place.write("mine.toml", &text);
    assert_eq!(place.succeed("train --config mine.toml --print-config"), text);
}

#[test]
fn timings_say_where_the_time_went() {
    let text = Place::untrained().succeed(&format!("train --out new {TRAIN} --timings"));
    for part in ["waiting for images", "forward", "backward", "optimizer", "evaluation", "images"] {
        assert!(text.lines().any(|line| line.starts_with(part) && line.contains(" s")), "{text}");
    }
}

#[test]
fn a_contact_sheet_has_a_row_for_each_class() {
    let place = Place::untrained();
    let show = "data show --data digits --augment strong --columns 5";
    let text = place.succeed(&format!("{show} -o sheet.png"));
    assert!(text.starts_with("4 rows of 6 images, 8×8 pixels each\n"), "{text}");
    let sheet = image::load_from_memory(&place.read("sheet.png")).unwrap();
    assert_eq!((sheet.width(), sheet.height()), (6 * 20 + 4, 4 * 20 + 4));
    place.succeed(&format!("{show} -o again.png"));
    assert!(place.read("sheet.png") == place.read("again.png"));
    let message = place.fail(2, &format!("{show} -o sheet.jpeg"));
    assert!(message.contains("give --output a name that ends in .png"), "{message}");
}
