//! Two of everything at once, in one folder: both end right, or one says why it does not. 20 times
//! each (300 if `INKBIT_LONG` is set).

use std::fs;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use crate::place::{Ended, Place, TRAIN};
use crate::{assert_same, content, count};

fn spawn(place: &Place, command: &str) -> Child {
    let mut command = place.command(command);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Runs commands at once, the second and those after it a little later than the first each time;
/// returns which of them have succeeded. One that has not must have said why.
fn at_once<const N: usize>(place: &Place, round: usize, commands: [&str; N]) -> [bool; N] {
    let mut number = 0;
    let running = commands.map(|command| {
        if number > 0 {
            thread::sleep(Duration::from_millis((round % 10) as u64));
        }
        number += 1;
        spawn(place, command)
    });
    let ended = running.map(|child| Ended::from(child.wait_with_output().unwrap()));
    for (command, ended) in commands.iter().zip(&ended) {
        let is_told = ended.code == Some(1) && ended.err.starts_with("error: ");
        assert!(ended.code == Some(0) || is_told, "inkbit {command}\n{ended:?}");
    }
    ended.map(|ended| ended.code == Some(0))
}

#[test]
#[ignore = "run by cargo xtask trust"]
fn two_trainings_in_one_folder_end_as_one_of_them() {
    let place = Place::untrained();
    let command =
        |folder: &str, seed| format!("train --out {folder} {TRAIN} --seed {seed} --no-report");
    for seed in [1, 2] {
        place.succeed(&command(&format!("whole-{seed}"), seed));
    }
    let rounds = count(20, 300);
    for round in 0..rounds {
        // Each second time over a run that is there.
        let force = if round % 2 == 0 { "" } else { " --force" };
        let [one, two] = [1, 2].map(|seed| command("run", seed) + force);
        let succeeded = at_once(&place, round, [&one, &two]);
        let config = String::from_utf8(place.read("run/config.toml")).unwrap();
        let seed = if config.contains("seed = 1\n") { 1 } else { 2 };
        // Whoever's configuration is there has also trained, and said so.
        assert!(succeeded[seed - 1], "round {round}: {succeeded:?}, but seed {seed} is there");
        assert_same(&place, "run", &format!("whole-{seed}"));
        assert!(force == " --force" || !succeeded[2 - seed], "round {round}: both without --force");
        if round % 2 == 1 {
            fs::remove_dir_all(place.path("run")).unwrap();
        }
    }
    println!("tried: {rounds} pairs of trainings in one folder");
}

#[test]
#[ignore = "run by cargo xtask trust"]
fn two_sweeps_in_one_folder_share_it_and_another_one_is_refused() {
    let place = Place::untrained();
    let flags = "--widths 4,8 --depths 1 --seeds 2 --data digits --set batch=16";
    let [same, other] = [1, 2].map(|epochs| format!("{flags} --set epochs={epochs}"));
    for (folder, flags) in [("whole", &same), ("other", &other)] {
        place.succeed(&format!("sweep --out {folder} {flags}"));
    }
    let rounds = count(20, 300);
    for round in 0..rounds {
        let [one, two] = [&same, &other].map(|flags| format!("sweep --out new {flags}"));
        let same_twice = round % 2 == 0;
        let succeeded = at_once(&place, round, [&one, if same_twice { &one } else { &two }]);
        assert_eq!(succeeded.iter().filter(|&&one| one).count(), 1 + usize::from(same_twice));
        // Cells that were trained elsewhere are in no table yet.
        let expected = if succeeded[0] { "whole" } else { "other" };
        place.succeed(if succeeded[0] { &one } else { &two });
        assert_same(&place, "new", expected);
        fs::remove_dir_all(place.path("new")).unwrap();
    }
    println!("tried: {rounds} pairs of sweeps in one folder");
}

#[test]
#[ignore = "run by cargo xtask trust"]
fn a_training_a_quantization_and_a_report_in_one_folder_do_not_mix() {
    let place = Place::untrained();
    for seed in [1, 2] {
        place.succeed(&format!("train --out run {TRAIN} --seed {seed} --force"));
        place.succeed("quantize run -o model.inkbit");
        fs::rename(place.path("run"), place.path(format!("whole-{seed}"))).unwrap();
        fs::rename(place.path("model.inkbit"), place.path(format!("{seed}.inkbit"))).unwrap();
    }
    let rounds = count(20, 300);
    for round in 0..rounds {
        let seed = 1 + round % 2;
        let train = format!("train --out run {TRAIN} --seed {seed} --force");
        if round == 0 {
            place.succeed(&train);
        }
        let quantize = "quantize run -o new.inkbit";
        let report = "report run -o run/report.html";
        at_once(&place, round, [&train, quantize, report, quantize, report]);
        // Whatever they met, the model is whole, and after the last of them all is as it should be.
        if place.path("new.inkbit").exists() {
            place.succeed("inspect new.inkbit");
        }
        place.succeed(&format!("train --out run {TRAIN} --seed {seed} --force"));
        place.succeed(quantize);
        assert_same(&place, "run", &format!("whole-{seed}"));
        assert!(place.read("new.inkbit") == place.read(&format!("{seed}.inkbit")));
        let left = content(&place.path(""))
            .into_iter()
            .filter(|(name, _)| name.extension().is_some_and(|extension| extension == "tmp"));
        assert_eq!(left.count(), 0);
    }
    println!("tried: {rounds} rounds of train, quantize and report at once in one folder");
}
