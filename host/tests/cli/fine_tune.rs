//! Trainings that go on from weights, `train --from`.

use inkbit::data::Images;

use crate::place::{Place, bars};

/// A place with a trained run, its model, and in `mine` images whose bars are upright: 12 to train on
/// and 40 to test on.
fn place() -> Place {
    let place = Place::new();
    place.write_data("mine", &upright(12), &upright(40));
    place
}

fn upright(count: usize) -> Images {
    let lying = bars(8, 4, count);
    let pixel = |at: usize| lying.pixels[at / 64 * 64 + at % 8 * 8 + at % 64 / 8];
    Images { pixels: (0..lying.pixels.len()).map(pixel).collect(), ..lying }
}

/// The percentages of the line that begins so: before and after.
fn accuracies(out: &str, name: &str) -> [f64; 2] {
    let line = out.lines().find(|line| line.starts_with(&format!("{name}: "))).unwrap();
    let mut numbers = line.split(' ').filter_map(|word| word.parse().ok());
    [numbers.next().unwrap(), numbers.next().unwrap()]
}

#[test]
fn a_run_learns_a_users_own_images_and_forgets_nothing() {
    let place = place();
    for (from, data) in [("run", "mine"), ("model.inkbit", "digits+mine:0.2")] {
        let arguments = format!("train --from {from} --data {data} --lr 0.01 --out tuned --force");
        let ended = place.run(&arguments);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(
            ended.err.contains(
                "note: `mine` has 12 images to train on, and each is taken about 7 times"
            ),
            "{ended:?}"
        );
        let (own, first) = (accuracies(&ended.out, "mine"), accuracies(&ended.out, "digits"));
        assert!(own[0] < 60.0 && own[1] > 90.0, "{ended:?}");
        assert!(first[0] > 99.0 && first[1] > 99.0, "{ended:?}");
        // The run names all its data, and goes the whole way of any.
        let quantized = place.succeed("-q quantize tuned -o tuned.inkbit");
        assert!(quantized.contains("--data digits+mine:0.2"), "{quantized}");
        let inspected = place.succeed("inspect tuned.inkbit");
        assert!(
            inspected.contains(&format!("--data digits+mine:0.2 --from {from}")),
            "{inspected}"
        );
        let text = place.run("evaluate tuned.inkbit --data mine").out;
        assert!(text.contains("(40 of 40 images") || text.contains("(39 of 40 images"), "{text}");
    }
}

#[test]
fn one_that_was_interrupted_goes_on_to_the_weights_of_one_that_was_not() {
    let place = place();
    let flags = "--from run --data mine --schedule constant --warmup 0";
    place.succeed(&format!("-q train {flags} --epochs 4 --out whole"));
    place.succeed(&format!("-q train {flags} --epochs 2 --out part"));
    // As it was before the first epoch: what `--from` names is not looked at again.
    let begun = place.path("begun");
    std::fs::create_dir(&begun).unwrap();
    let again = format!("train {flags} --epochs 4 --out begun --plain");
    let mut training = place.command(&again).stdout(std::process::Stdio::null()).spawn().unwrap();
    while !begun.join("checkpoint.safetensors").exists()
        && !begun.join("weights.safetensors").exists()
    {
        std::thread::yield_now();
    }
    training.kill().unwrap();
    training.wait().unwrap();
    std::fs::rename(place.path("run"), place.path("elsewhere")).unwrap();
    let resumed = place.run("train --out begun --resume");
    if resumed.code == Some(0) {
        assert!(resumed.out.contains("\nmine: "), "{resumed:?}");
    } else {
        assert!(resumed.err.contains("finished run"), "{resumed:?}");
    }
    let weights = |run: &str| place.read(&format!("{run}/weights.safetensors"));
    assert!(weights("whole") == weights("begun"), "other weights");
    assert!(weights("whole") != weights("part"));
}

#[test]
fn a_start_that_was_lost_is_not_replaced_by_random_weights() {
    let place = place();
    place.succeed("-q train --from run --data mine --epochs 1 --out tuned");
    for name in ["history.json", "weights.safetensors", "report.html"] {
        std::fs::remove_file(place.path("tuned").join(name)).unwrap();
    }
    let message = place.fail(1, "train --out tuned --resume");
    assert!(message.starts_with("tuned cannot be resumed"), "{message}");
}

#[test]
fn a_run_is_not_replaced_by_what_goes_on_from_it() {
    let place = place();
    let before = place.read("run/weights.safetensors");
    let message = place.fail(2, "train --from run --data mine --out ./run --force");
    assert!(message.starts_with("--from and --out are both ./run"), "{message}");
    assert_eq!(place.read("run/weights.safetensors"), before);
}

#[test]
fn a_model_knows_how_its_data_were_read() {
    let place = place();
    place.succeed("-q train --data digits --invert --config quick.toml --out turned");
    place.succeed("-q quantize turned -o turned.inkbit");
    place.succeed("-q train --from turned.inkbit --data mine --epochs 1 --out tuned");
    let data = String::from_utf8(place.read("tuned/data.toml")).unwrap();
    assert!(data.contains("invert = true"), "{data}");
}

#[test]
fn what_cannot_be_gone_on_from_is_refused_and_nothing_is_created() {
    let place = place();
    for (flags, code, expected) in [
        ("--from nothing --data mine", 1, "nothing"),
        ("--from run", 2, "--data"),
        (
            "--from run --data mine --hidden 8",
            2,
            "has a network of 64-16-4, but the configuration is of 64-8-4",
        ),
        ("--from model.inkbit --data digits+mine:0.2 --hidden 8,8", 2, "has a network of 64-16-4"),
        ("--from model.inkbit --data mine --seeds 3", 2, "cannot be used with"),
        ("--from run --data nothing", 1, "nothing"),
        ("--from run --data digits+mine:0.6", 1, "take a fraction of at most 0.500"),
    ] {
        let message = place.fail(code, &format!("train {flags} --out new"));
        assert!(message.contains(expected), "{flags}: {message}");
        assert!(!place.path("new").exists(), "{flags}");
    }
}
