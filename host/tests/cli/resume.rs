//! Trainings that are interrupted, by Ctrl-C or a kill, and resumed.

#![cfg(unix)]

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::place::{Ended, Place, TRAIN};

impl Ended {
    /// After how many epochs the training says that it has ended.
    fn epochs(&self) -> usize {
        let text = self.out.split("after epoch ").nth(1).unwrap_or_else(|| panic!("{self:?}"));
        text.split(':').next().unwrap().parse().unwrap()
    }
}

/// A running training; killed when the test ends.
struct Training {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Training {
    /// Starts a training and waits until it has printed this many epochs.
    fn start(place: &Place, arguments: &str, epochs: usize) -> Self {
        let mut command = place.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut training = Self { child, out };
        let data = training.line();
        assert!(data.ends_with(" to test on, 4 classes\n"), "{data:?}");
        for _ in 0..epochs {
            let mut line = training.line();
            if line.starts_with("no board can run this network") {
                line = training.line();
            }
            assert!(line.starts_with("epoch "), "{line:?}");
        }
        training
    }

    /// Waits for the next line of its output.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    /// Sends the signal of Ctrl-C.
    fn interrupt(&self) {
        self.signal("-INT");
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Waits for its end; returns its whole output.
    fn end(mut self) -> Ended {
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        Ended { code: self.child.wait().unwrap().code(), out, err }
    }
}

impl Drop for Training {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn ctrl_c_stops_after_the_epoch_in_hand_and_the_run_goes_on_from_there() {
    let place = Place::untrained();
    let long = format!("{TRAIN} --epochs 1000000 --patience 1000000");
    let training = Training::start(&place, &format!("train --out new {long}"), 1);
    training.interrupt();
    let ended = training.end();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert_eq!(ended.err, "stopping after this epoch; interrupt once more to stop at once\n");
    assert!(ended.out.contains(": interrupted\nbest epoch "), "{}", ended.out);
    assert!(ended.out.ends_with("inkbit train --resume --out new\n"), "{}", ended.out);

    // What is there can be used.
    place.succeed("quantize new -o early.inkbit");
    let done = ended.epochs();
    assert_eq!(
        place.fail(1, &format!("train --out new {TRAIN}")),
        format!(
            "new holds an interrupted run of {done} epochs; go on with --resume, give another \
             folder, or replace it with --force"
        )
    );
    assert_eq!(
        place.fail(1, "train --out new --resume --hidden 4"),
        "cannot resume with another configuration: the run has `hidden = [16]`, asked for is \
         `hidden = [4]`; leave that out, or train anew with --force"
    );
    assert_eq!(
        place.fail(2, "train --out new --resume --invert"),
        "the data of new were read without flags, and --resume reads them likewise: leave out \
         `--invert`"
    );

    // Without --data: the run records it.
    let mut resumed = Training::start(&place, "train --out new --resume", 0);
    let line = resumed.line();
    assert!(line.starts_with(&format!("epoch {:3}/1000000 ", done + 1)), "{line}");
    resumed.interrupt();
    assert_eq!(resumed.end().code, Some(130));
}

#[test]
fn a_second_ctrl_c_stops_at_once() {
    let place = Place::untrained();
    // Steps of one image over a wide network: an epoch takes seconds, in which both signals come.
    let slow = "train --out new --data digits --hidden 1000,1000 --batch 1";
    let mut training = Training::start(&place, slow, 1);
    training.interrupt();
    let mut line = [0; "stopping".len()];
    training.child.stderr.as_mut().unwrap().read_exact(&mut line).unwrap();
    training.interrupt();
    assert_eq!(training.end().code, Some(130));
    // The epoch before is safe.
    place.succeed("evaluate new");
}

#[test]
fn a_run_that_was_killed_goes_on_to_the_weights_of_one_that_was_not() {
    let place = Place::untrained();
    // Far from its end whenever it is killed: how long it has been trained, the one who ends it
    // says, and the other run is trained for as long.
    let endless = format!("{TRAIN} --batch 4 --epochs 1000000 --patience 1000000");
    let mut training = Training::start(&place, &format!("train --out killed {endless}"), 2);
    training.child.kill().unwrap();
    assert_eq!(training.end().code, None, "the training was over before it was killed");
    let training = Training::start(&place, "train --out killed --resume", 2);
    // The signal of a machine that shuts down.
    training.signal("-TERM");
    let ended = training.end();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    let epochs = ended.epochs();
    assert!(epochs >= 4, "{ended:?}");

    place.succeed(&format!(
        "train --out whole {TRAIN} --batch 4 --epochs {epochs} --patience 1000000"
    ));
    let weights = |run: &str| place.read(&format!("{run}/weights.safetensors"));
    assert!(weights("whole") == weights("killed"), "other weights");
    // The best weights may be from before it was killed, the losses of all epochs are not.
    let losses = |run: &str| {
        let history = place.read(&format!("{run}/history.json"));
        let mut history: serde_json::Value = serde_json::from_slice(&history).unwrap();
        let epochs = history["epochs"].as_array_mut().unwrap();
        epochs.iter_mut().for_each(|epoch| epoch["seconds"] = 0.into());
        epochs.clone()
    };
    assert_eq!(losses("whole"), losses("killed"));
}

#[test]
fn there_must_be_something_to_resume() {
    let place = Place::new();
    assert_eq!(
        place.fail(1, "train --out run --resume --no-report"),
        "run holds a finished run: there is nothing to resume; quantize it, or train anew with \
         --force"
    );
    assert_eq!(
        place.fail(1, "train --out nowhere --resume"),
        "nowhere is not a training run: it has no config.toml; give the folder that `inkbit train \
         --out` wrote"
    );
    let message = place.fail(2, "train --out run --resume --force");
    assert!(message.starts_with("the argument '--resume' cannot be used with"), "{message}");
}

#[test]
fn a_run_without_its_checkpoint_is_not_begun_again_in_silence() {
    let place = Place::new();
    // What a run looks like between two epochs, less the checkpoint.
    let history = String::from_utf8(place.read("run/history.json")).unwrap();
    place.write("run/history.json", history.replace("\"end\": \"epochs\"", "\"end\": null"));
    assert_eq!(
        place.fail(1, "train --out run --resume"),
        "run cannot be resumed: history.json tells of 3 epochs, but checkpoint.safetensors, which \
         it takes to go on, is missing; put it back, quantize the weights of the best epoch so far, \
         or train anew with --force"
    );
}

#[test]
fn a_report_that_was_not_written_any_more_is_made_up_for() {
    let place = Place::new();
    let text = place.succeed("train --out run --resume");
    assert!(text.contains("after epoch 3: all epochs trained\n"), "{text}");
    assert!(text.contains("\nreport               run/report.html\n"), "{text}");
    assert!(place.path("run/report.html").exists());
}

#[test]
fn of_several_seeds_the_finished_are_kept_and_the_missing_are_trained() {
    let place = Place::untrained();
    let whole = place.succeed(&format!("train --out many {TRAIN} --seeds 2"));
    fs::remove_dir_all(place.path("many/seed-2")).unwrap();
    fs::remove_file(place.path("many/seed-1/report.html")).unwrap();
    let again = place.succeed("train --out many --resume --seeds 2");
    assert!(!again.contains("seed 1  epoch ") && again.contains("seed 2  epoch "), "{again}");
    // All but the last column, which is time.
    let table = |text: &str| -> Vec<Vec<String>> {
        let lines = text.lines().skip_while(|line| !line.trim_start().starts_with("seed  "));
        lines.map(|line| line.split_whitespace().take(6).map(str::to_owned).collect()).collect()
    };
    assert_eq!(table(&again), table(&whole));
    for seed in [1, 2] {
        assert!(place.path(format!("many/seed-{seed}/report.html")).exists());
    }
    // Without --seeds: the folder records it.
    assert_eq!(table(&place.succeed("train --out many --resume")), table(&whole));
    let message = place.fail(1, "train --out many --resume --hidden 4");
    assert!(message.starts_with("cannot resume with another configuration"), "{message}");
    assert_eq!(
        place.fail(2, "train --out nothing --resume --seeds 2"),
        "nothing has no runs in folders seed-N to resume: leave out --resume to begin them, or \
         --seeds to go on with a single run"
    );
}

#[test]
fn several_seeds_that_were_interrupted_go_on_where_each_was() {
    let place = Place::untrained();
    let endless = format!("train --out many {TRAIN} --epochs 1000000 --patience 1000000 --seeds 2");
    // "seed 1  epoch   3/1000000 ..."
    let seed_and_epoch = |line: &str| -> Option<(String, usize)> {
        let (seed, rest) = line.strip_prefix("seed ")?.split_once("  epoch ")?;
        Some((seed.to_owned(), rest.split('/').next()?.trim().parse().ok()?))
    };
    let mut training = Training::start(&place, &endless, 0);
    let first = training.line();
    training.interrupt();
    let ended = training.end();
    let hint = "interrupted; go on with `inkbit train --resume --out many`\n";
    assert!(ended.code == Some(130) && ended.out.ends_with(hint), "{ended:?}");
    let lines = [&first].into_iter().map(String::as_str).chain(ended.out.lines());
    let done: HashMap<String, usize> = lines.filter_map(seed_and_epoch).collect();
    let mut resumed = Training::start(&place, "train --out many --resume", 0);
    let (seed, epoch) = seed_and_epoch(&resumed.line()).unwrap();
    assert_eq!(epoch, done.get(&seed).copied().unwrap_or_default() + 1);
    resumed.interrupt();
    resumed.end();
}
