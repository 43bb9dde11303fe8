//! `inkbit sweep`: uninterrupted, resumed, in shards, and what it refuses.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use inkbit::model::Blob;
use serde_json::Value;

use crate::place::{Place, bars};

/// Nine networks, one of ten being too large, of two trainings each that take milliseconds.
const CHOICES: &str = "--data digits --widths 4,8,16 --depths 0,1,2 --seeds 2 --max-bytes 1700 \
                       --set epochs=2 --set batch=16 --set learning_rate=0.02 --set dropout=0.0";

/// The measures of every training, by network and seed, without what depends on the clock.
fn measures(json: &str) -> BTreeMap<String, Value> {
    let table: Value = serde_json::from_str(json).unwrap();
    let mut found = BTreeMap::new();
    for network in table["networks"].as_array().unwrap() {
        for training in network["trainings"].as_array().unwrap() {
            let mut training = training.clone();
            training.as_object_mut().unwrap().remove("seconds");
            let name = format!("{} {}", network["network"], training["seed"]);
            assert_eq!(found.insert(name, training), None);
        }
    }
    found
}

#[test]
fn shards_in_processes_of_their_own_join_to_the_sweep_in_one_go() {
    let place = Place::untrained();
    let planned = place.succeed(&format!("sweep --out whole {CHOICES} --dry-run"));
    let whole = place.succeed(&format!("sweep --out whole {CHOICES} --json"));
    let shards: Vec<_> = (1..=3)
        .map(|shard| {
            let arguments = format!("sweep --out part{shard} {CHOICES} --shard {shard}/3 --jobs 1");
            place.command(&arguments).stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut shard in shards {
        assert!(shard.wait().unwrap().success());
    }
    let text = place.succeed("sweep merge part1 part2 --out joined");
    assert!(text.contains(" trainings finished\npicture: joined/sweep.svg\n"), "{text}");
    // A second one has only the rest to copy.
    let joined = place.succeed("sweep merge part1 part2 part3 --out joined --json");
    assert_eq!(measures(&joined), measures(&whole));
    let picture = String::from_utf8(place.read("joined/sweep.svg")).unwrap();
    assert!(picture.contains("\n<svg") && picture.contains("Pareto front"), "{picture}");
    let mut exact = 0;
    for training in measures(&whole).into_values() {
        let widths = training["widths"].as_array().unwrap();
        let widths: Vec<String> = widths.iter().map(ToString::to_string).collect();
        let name = widths.join("-");
        let folder = format!("joined/cells/{name}-8bit-seed{}", training["seed"]);
        let size = place.read(&format!("{folder}/model.inkbit")).len();
        assert_eq!(training["bytes"], size);
        // It accepts what its threshold, chosen on validation images, lets it: with few of them, all.
        let blob = Blob::load(&place.path(format!("{folder}/model.inkbit"))).unwrap();
        let mut header = blob.model().unwrap().header().clone();
        assert_eq!(header.stages[0].prominence, 0);
        header.stages[0].prominence = u32::MAX;
        // The size computed before the training, with the longest threshold; less if dead units are
        // removed.
        let line = planned.lines().find(|line| line.ends_with(&format!(" {name} at 8 bits")));
        let promised: usize = line.unwrap().split_whitespace().next().unwrap().parse().unwrap();
        assert!(size <= promised && promised <= 1700, "{line:?}");
        exact += usize::from(promised == header.blob_bytes());
        assert!(training["test_accuracy"].as_f64().unwrap() > 0.4, "{training}");
    }
    assert!(exact > 0, "no size was as promised");
    // What was trained elsewhere is not trained again.
    let again = place.succeed("sweep --out joined");
    assert!(again.contains("\n0 trainings finished, 18 before\n"), "{again}");
}

#[test]
fn a_killed_sweep_goes_on_and_repeats_nothing() {
    let place = Place::untrained();
    let whole = place.succeed(&format!("sweep --out whole {CHOICES} --json"));
    let slow = format!("sweep --out new {CHOICES} --jobs 1");
    let mut sweep = place.command(&slow).stdout(Stdio::null()).spawn().unwrap();
    let finished = || {
        let cells = fs::read_dir(place.path("new/cells")).into_iter().flatten();
        let results = cells.map(|cell| cell.unwrap().path().join("result.json"));
        results.filter(|result| result.exists()).collect::<Vec<_>>()
    };
    let start = Instant::now();
    while finished().is_empty() && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    sweep.kill().unwrap();
    sweep.wait().unwrap();
    let before: Vec<_> = finished()
        .into_iter()
        .map(|path| (fs::metadata(&path).unwrap().modified().unwrap(), path))
        .collect();
    assert!(!before.is_empty());
    assert_eq!(measures(&place.succeed("sweep --out new --json")), measures(&whole));
    for (modified, path) in before {
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), modified, "{path:?}");
    }
}

#[test]
fn a_file_describes_a_sweep_and_flags_go_before_it() {
    let place = Place::untrained();
    place.write(
        "plan.toml",
        "random = 2\n[space]\nwidths = [4, 8, 12]\ndepths = [1]\nseeds = 2\n[config]\nepochs = 1\n",
    );
    let text = place.succeed("sweep --out new --plan plan.toml --data digits --dry-run");
    assert!(
        text.ends_with("3 of 3 networks fit, 2 chosen at random; 4 trainings here\n"),
        "{text}"
    );
    assert!(!place.path("new").exists());
    let text = place.succeed("sweep --out new --plan plan.toml --data digits --seeds 1");
    assert!(text.contains("\n2 trainings finished, 0 before\n"), "{text}");
    assert!(text.contains("Pareto front"), "{text}");
    // Another plan of the same trainings takes what is there.
    let text = place.succeed("sweep --out new --plan plan.toml --data digits");
    assert!(text.contains("\n2 trainings finished, 2 before\n"), "{text}");
}

#[test]
fn what_cannot_be_swept_is_refused_before_anything_is_trained() {
    let place = Place::untrained();
    let smallest = "the smallest, 64-4 at 8 bits, has ";
    for (arguments, expected) in [
        ("", "nothing to sweep over: give --plan, or choices such as --widths"),
        ("--widths 4 --max-bytes 100", "none of the 1 networks fits 100 bytes: the smallest, "),
        ("--widths 4 --depths 0,1 --max-bytes 9", smallest),
        ("--widths 0", "hidden[0] is 0, but must be from 1 to 4096"),
        ("--widths 4 --bits 3", "bits[0] is 3, but must be 8 or 4 or 2"),
        (
            "--widths 4 --bits 4,4",
            "bits is [4, 4], but must be one number, or as many as a network",
        ),
        (
            "--widths 4 --inputs 7",
            "they are 8×8 pixels, which cannot be shrunk to rows of 7 inputs",
        ),
        ("--widths 4 --bits x", "--bits is [\"x\"], but must be numbers"),
        ("--widths 4 --fit macrobit", "no board is called 'macrobit'"),
        ("--widths 4 --shard 3/2", "--shard is \"3/2\", but must be K/N"),
        ("--widths 4 --set epochs=0", "epochs is 0, but must be at least 1"),
        ("--widths 4 --set epoch=1", "there is no key `epoch`; did you mean `epochs`?"),
        ("--widths 4 --set epochs", "--set is `epochs`, but must be KEY=VALUE"),
        ("--widths 4 --set hidden=[3]", "hidden is [3], but must be left out: widths (--widths)"),
        ("--widths 4 --seeds 0", "seeds is 0, but must be from 1 to 1000"),
        ("--plan nowhere.toml", "cannot read nowhere.toml"),
        ("--depths 2", "depths is [2], but must be left out, or `widths` given beside it"),
    ] {
        let message = place.fail(2, &format!("sweep --out new --data digits {arguments}"));
        assert!(message.contains(expected), "{message}");
    }
    assert!(place.fail(2, "sweep").contains("not provided:\n  --out <DIR>"));
    assert_eq!(
        place.fail(1, "sweep merge digits --out new"),
        "digits holds no sweep: it has no sweep.toml; give the folder that `inkbit sweep --out` \
         wrote"
    );
}

#[test]
fn a_folder_keeps_to_its_configuration_and_is_no_runs() {
    let place = Place::new();
    let sweep = "sweep --out new --data digits --widths 4,8 --depths 1 --set epochs=1";
    place.succeed(sweep);
    assert_eq!(
        place.fail(1, &format!("{sweep} --set batch=7")),
        "new holds another sweep: its configuration has `batch = 128`, the new one has `batch = 7`; \
         give another folder"
    );
    let message = place.fail(1, &sweep.replace("new", "run"));
    assert_eq!(message, "run holds a training run, not a sweep; give another folder");
    let text = place.succeed(&format!("{sweep} --dry-run"));
    assert!(text.ends_with("2 of 2 networks fit; 2 trainings here: 0 to go, 2 done\n"), "{text}");
}

#[test]
fn trainings_that_fail_are_shown_and_are_a_failure_the_second_time_too() {
    let place = Place::untrained();
    let wild = "sweep --out wild --data digits --widths 4,8 --depths 1 --set epochs=1 \
                --set learning_rate=1e30";
    for (arguments, closing) in [
        (wild, "\n0 trainings finished, 0 before, 2 failed\n"),
        ("sweep --out wild", "\n0 trainings finished, 0 before, 2 failed\n"),
    ] {
        let ended = place.run(arguments);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.out.contains(closing), "{ended:?}");
        let failed = "failed: 64-8-4-8bit-seed1: training diverged: the training loss";
        assert!(ended.out.contains(failed), "{ended:?}");
        assert!(!ended.out.contains("network  "), "{ended:?}");
        let advice = "error: 2 of 2 trainings failed, see `failed` above; the same values";
        assert!(ended.err.starts_with(advice), "{ended:?}");
        assert!(ended.err.contains("remove wild/cells/64-8-4-8bit-seed1"), "{ended:?}");
    }
    let ended = place.run("sweep --out wild --json");
    let table: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((ended.code, &table["finished"]), (Some(1), &Value::from(0)), "{ended:?}");
    assert_eq!(table["failed"].as_array().unwrap().len(), 2);
}

#[test]
fn a_folder_keeps_to_its_shard() {
    let place = Place::untrained();
    let sweep = "sweep --out part --data digits --widths 4,8 --depths 1,2 --set epochs=1";
    place.succeed(&format!("{sweep} --shard 1/2"));
    let text = place.succeed("sweep --out part");
    assert!(text.contains("; 3 trainings here of 1 epoch, "), "{text}");
    assert!(text.contains("\n0 trainings finished, 3 before\n"), "{text}");
    assert!(text.contains("\n3 of 5 trainings finished\n"), "{text}");
    for asked in ["1/1", "2/2"] {
        let message = place.fail(1, &format!("sweep --out part --shard {asked}"));
        let expected = format!("part holds shard 1/2 of its sweep, not {asked}; `inkbit sweep");
        assert!(message.starts_with(&expected), "{message}");
    }
    assert!(place.fail(1, sweep).contains("not 1/1"));
}

#[test]
fn parts_join_whatever_path_their_data_had_and_other_data_are_refused_by_what_differs() {
    let place = Place::untrained();
    let sweep = "--widths 4,8 --depths 1 --set epochs=1";
    place.write_data("elsewhere", &bars(8, 4, 320), &bars(8, 4, 80));
    place.write_data("fewer", &bars(8, 4, 320), &bars(8, 4, 79));
    for (out, data) in [("a", "digits --shard 1/2"), ("b", "elsewhere --shard 2/2")] {
        place.succeed(&format!("sweep --out {out} --data {data} {sweep}"));
    }
    place.succeed(&format!("sweep --out c --data fewer {sweep}"));
    let text = place.succeed("sweep merge a b --out joined");
    assert!(text.starts_with("2 results copied\n"), "{text}");
    let message = place.fail(1, "sweep merge a c --out other");
    assert!(message.starts_with("c holds a sweep over other data: `fewer` (320 and 79 "));
    assert!(
        message.contains("but these are `digits` (320 and 80 images of 4 classes, digest "),
        "{message}"
    );
    assert!(place.fail(1, "sweep merge a nowhere --out other").starts_with("nowhere holds no"));
    let damaged = "joined/cells/64-4-4-8bit-seed1/result.json";
    let mut result: Value = serde_json::from_slice(&place.read(damaged)).unwrap();
    result["trained"]["test_accuracy"] = 3.8864.into();
    place.write(damaged, result.to_string());
    assert_eq!(
        place.fail(1, "sweep --out joined --dry-run"),
        format!(
            "{damaged}: test_accuracy is 3.8864, but must be from 0 to 1; delete the file to \
             measure it again"
        )
    );
}

#[test]
#[cfg(unix)]
fn the_job_scripts_path_is_a_sweep_in_shards() {
    let place = Place::untrained();
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/sweeps");
    let job = |out: &str, environment: &[(&str, &str)]| {
        let flags = "--data digits --jobs 1 --random 4 --seeds 1 --set epochs=1 --set batch=16";
        std::process::Command::new("sh")
            .arg(format!("{scripts}/slurm.sh"))
            .args(flags.split_whitespace())
            .env_remove("INKBIT_DATA")
            .envs(environment.iter().copied())
            .env("INKBIT", env!("CARGO_BIN_EXE_inkbit"))
            .env("PLAN", format!("{scripts}/small.toml"))
            .env("OUT", out)
            .current_dir(place.path(""))
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    // As two tasks of an array, and as two pods of an indexed job.
    let slurm = ["1", "2"].map(|task| {
        job("slurm", &[("SLURM_ARRAY_TASK_ID", task), ("SLURM_ARRAY_TASK_COUNT", "2")])
    });
    let pods = ["0", "1"].map(|pod| job("pod", &[("JOB_COMPLETION_INDEX", pod), ("TASKS", "2")]));
    for mut job in slurm.into_iter().chain(pods) {
        assert!(job.wait().unwrap().success());
    }
    let joined = ["slurm", "pod"]
        .map(|name| place.succeed(&format!("sweep merge {name}-1 {name}-2 --out {name} --json")));
    assert_eq!(measures(&joined[0]).len(), 4);
    assert_eq!(measures(&joined[0]), measures(&joined[1]));
}

#[test]
fn the_example_fits_its_budget() {
    let place = Place::untrained();
    let plan = concat!(env!("CARGO_MANIFEST_DIR"), "/sweeps/small.toml");
    let text = place.succeed(&format!("sweep --out new --plan {plan} --data digits --dry-run"));
    assert!(text.contains(" chosen at random; 120 trainings here\n"), "{text}");
}
