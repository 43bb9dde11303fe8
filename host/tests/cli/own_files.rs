//! Files of a user under the names that a command writes: they stay, and are named before anything
//! is changed. Only what Inkbit wrote is replaced.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::device::can_emulate;
use crate::place::{Ended, Place, TRAIN};

/// What a user may have in a file that is called like one of Inkbit's.
const OWN: &str = "hidden = [16]\nepochs = 3\n";

const RUN: [&str; 7] = [
    "config.toml",
    "data.toml",
    "weights.safetensors",
    "checkpoint.safetensors",
    "history.json",
    "quantized.json",
    "report.html",
];

fn refusal(name: &str) -> String {
    format!("{name} exists and is not ")
}

#[test]
fn a_training_keeps_every_file_that_no_run_wrote_and_force_keeps_it_too() {
    let place = Place::new();
    fs::create_dir(place.path("mine")).unwrap();
    for name in RUN {
        let name = format!("mine/{name}");
        place.write(&name, OWN);
        // Also where the training would diverge.
        for more in ["", "--force", "--no-report", "--lr 1e30"] {
            let message = place.fail(1, &format!("train --out mine {TRAIN} {more}"));
            assert!(message.starts_with(&refusal(&name)), "{message}");
            assert!(message.ends_with("not replaced: give another path, or move it away"));
        }
        fs::remove_file(place.path(&name)).unwrap();
    }
    // One file of a user's among those of a run.
    for name in RUN {
        let name = format!("run/{name}");
        let own = fs::read(place.path(&name)).ok();
        place.write(&name, OWN);
        let message = place.fail(1, &format!("train --out run {TRAIN} --force"));
        assert!(message.starts_with(&refusal(&name)), "{message}");
        match own {
            Some(content) => place.write(&name, content),
            None => fs::remove_file(place.path(&name)).unwrap(),
        }
    }
    // What is of the same form, but has no mark, is read.
    let history = String::from_utf8(place.read("run/history.json")).unwrap();
    let own = history.replacen("\"written_by\": \"Inkbit for a training run\",\n", "", 1);
    assert!(own.len() < history.len());
    place.write("run/history.json", &own);
    place.succeed("quantize run -o read.inkbit");
    let message = place.fail(1, &format!("train --out run {TRAIN} --force"));
    assert!(message.starts_with(&refusal("run/history.json")), "{message}");
    assert_eq!(place.read("run/history.json"), own.as_bytes());
    place.write("run/history.json", history);
    // No output takes the name of one of them, or of a lock.
    for (name, code, expected) in [
        ("run/quantized.json", 2, "run/quantized.json is a file of a training run"),
        ("run/.lock", 1, "run/.lock has the name of the empty file by which Inkbit locks"),
    ] {
        let before = fs::read(place.path(name)).ok();
        fs::write(place.path(name), "").unwrap();
        let message = place.fail(code, &format!("quantize run -o {name}"));
        assert!(message.contains(expected), "{message}");
        assert_eq!(place.read(name), b"");
        if let Some(content) = before {
            place.write(name, content);
        }
    }
    fs::create_dir(place.path("run/report-pictures")).unwrap();
    for name in ["notes.txt", "samples.png"] {
        let name = format!("run/report-pictures/{name}");
        place.write(&name, OWN);
        let message = place.fail(1, &format!("train --out run {TRAIN} --force"));
        assert!(message.starts_with(&format!("{name} was not written by a report")), "{message}");
        fs::remove_file(place.path(&name)).unwrap();
    }
    // Files of other names are nobody's business.
    place.write("run/notes.txt", OWN);
    place.succeed(&format!("train --out run {TRAIN} --force"));
    assert_eq!(place.read("run/notes.txt"), OWN.as_bytes());
}

#[test]
fn what_comes_during_the_first_epoch_stays() {
    let place = Place::untrained();
    let mut command = place.command("train --out new --data synthetic --hidden 16 --batch 4");
    let mut training = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    while !place.path("new/config.toml").exists() {
        assert!(training.try_wait().unwrap().is_none(), "it has ended before it began a run");
        thread::sleep(Duration::from_millis(1));
    }
    place.write("new/weights.safetensors", OWN);
    let ended = Ended::from(training.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains(&refusal("new/weights.safetensors")), "{ended:?}");
    assert_eq!(place.read("new/weights.safetensors"), OWN.as_bytes());
}

#[test]
fn several_seeds_are_asked_about_before_the_first_one_is_begun() {
    let place = Place::untrained();
    fs::create_dir_all(place.path("many/seed-2")).unwrap();
    place.write("many/seed-2/weights.safetensors", OWN);
    for more in ["", "--force"] {
        let message = place.fail(1, &format!("train --out many --seeds 2 {TRAIN} {more}"));
        assert!(message.starts_with(&refusal("many/seed-2/weights.safetensors")), "{message}");
    }
}

#[test]
fn several_seeds_keep_others_from_their_folder_until_the_last_one_ends() {
    let place = Place::untrained();
    place.succeed(&format!("train --out many --seeds 2 {TRAIN}"));
    let endless = "--seed 3 --seeds 2 --epochs 1000000 --patience 1000000";
    let mut command = place.command(&format!("train --out many {TRAIN} {endless}"));
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    lines.find(|line| line.as_ref().unwrap().contains("epoch ")).unwrap().unwrap();
    // Seeds that nobody is at work with are neither replaced nor begun.
    let first = place.read("many/seed-1/weights.safetensors");
    let messages = ["--seed 1 --seeds 2 --force", "--seed 7 --seeds 2"]
        .map(|more| place.run(&format!("train --out many {TRAIN} {more}")));
    child.kill().unwrap();
    child.wait().unwrap();
    for ended in messages {
        let expected = "error: another inkbit is at work in many; wait for it, or give another";
        assert!(ended.code == Some(1) && ended.err.starts_with(expected), "{ended:?}");
    }
    assert!(place.read("many/seed-1/weights.safetensors") == first);
    assert!(!place.path("many/seed-7").exists());
    // The lock ends with the process.
    place.succeed(&format!("train --out many --seeds 2 {TRAIN} --force"));
}

#[test]
fn links_folders_and_read_only_files_in_a_run_stay() {
    let place = Place::new();
    let weights = place.path("run/weights.safetensors");
    fs::rename(&weights, place.path("elsewhere")).unwrap();
    let command = format!("train --out run {TRAIN} --force");
    symlink(place.path("elsewhere"), &weights).unwrap();
    let message = place.fail(1, &command);
    assert!(message.starts_with("run/weights.safetensors is a symbolic link, where "), "{message}");
    fs::remove_file(&weights).unwrap();
    fs::create_dir(&weights).unwrap();
    let message = place.fail(1, &command);
    assert!(message.starts_with("run/weights.safetensors is a folder, where "), "{message}");
    fs::remove_dir(&weights).unwrap();
    fs::rename(place.path("elsewhere"), &weights).unwrap();
    for name in ["run/weights.safetensors", "model.inkbit"] {
        let mut permissions = fs::metadata(place.path(name)).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(place.path(name), permissions).unwrap();
    }
    let message = place.fail(1, &command);
    assert!(message.starts_with("run/weights.safetensors is read-only; it was not"), "{message}");
    let message = place.fail(1, "quantize run -o model.inkbit");
    assert!(message.starts_with("model.inkbit is read-only; it was not replaced"), "{message}");
}

#[test]
fn links_in_place_of_folders_of_inkbit_are_refused_and_lead_nowhere() {
    let place = Place::new();
    let flags = "--widths 4 --depths 1 --seeds 1 --set epochs=1 --data digits";
    place.succeed(&format!("sweep --out swept {flags}"));
    let cell = fs::read_dir(place.path("swept/cells")).unwrap().next().unwrap().unwrap();
    let cell = format!("new/cells/{}", cell.file_name().to_str().unwrap());
    fs::create_dir(place.path("elsewhere")).unwrap();
    place.write("empty", "");
    let train = format!("train --out new {TRAIN} --force");
    let seeds = format!("{train} --seeds 2");
    let sweep = format!("sweep --out new {flags}");
    let merge = "sweep merge --out new swept --data digits";
    for (name, commands) in [
        ("new/report-pictures", vec![&*train, "report run -o new/report.html --data digits"]),
        ("new/seed-2", vec![&*seeds]),
        ("new/run", vec!["quickstart --out new --data digits"]),
        ("new/cells", vec![&*sweep, merge]),
        (&*cell, vec![&*sweep, merge]),
        ("new/.lock", vec![&*train, &*seeds, &*sweep, merge]),
        ("new/seed-2/.lock", vec![&*seeds]),
        (&*format!("{cell}/.lock"), vec![&*sweep, merge]),
    ] {
        fs::create_dir_all(place.path(name).parent().unwrap()).unwrap();
        let is_lock = name.ends_with(".lock");
        symlink(place.path(if is_lock { "empty" } else { "elsewhere" }), place.path(name)).unwrap();
        let expected = if is_lock { "the empty file of a lock" } else { "a folder" };
        for command in commands {
            let message = place.fail(1, command);
            let start = format!("{name} is a symbolic link, expected {expected}; remove it, or ");
            assert!(message.starts_with(&start), "{command}: {message}");
        }
        fs::remove_dir_all(place.path("new")).unwrap();
    }
    // The folder that a user names may be a link.
    symlink(place.path("elsewhere"), place.path("new")).unwrap();
    place.succeed(&train);
    assert!(place.path("elsewhere/config.toml").exists());
}

#[test]
fn what_is_left_of_a_run_is_replaced_only_by_force() {
    let place = Place::new();
    fs::remove_file(place.path("run/config.toml")).unwrap();
    let message = place.fail(1, &format!("train --out run {TRAIN}"));
    assert!(message.starts_with("run holds what is left of a run of 3 epochs; move"), "{message}");
    place.succeed(&format!("train --out run {TRAIN} --force"));
    // A run that was killed while it was created has the description of its data alone.
    fs::create_dir(place.path("new")).unwrap();
    fs::rename(place.path("run/data.toml"), place.path("new/data.toml")).unwrap();
    place.succeed(&format!("train --out new {TRAIN}"));
}

#[test]
fn a_sweep_keeps_every_file_that_no_sweep_wrote() {
    let place = Place::new();
    let flags = "--widths 4 --depths 1 --seeds 1 --set epochs=1 --data digits";
    place.succeed(&format!("sweep --out sweep {flags}"));
    let cell = fs::read_dir(place.path("sweep/cells")).unwrap().next().unwrap().unwrap();
    let cell = format!("cells/{}", cell.file_name().to_str().unwrap());
    fs::remove_file(place.path(format!("sweep/{cell}/result.json"))).unwrap();
    let in_cell = |name: &str| format!("{cell}/{name}");
    let names = ["sweep.toml", "base.toml", "data.toml", "table.json", "sweep.svg"];
    let cells = ["weights.safetensors", "model.inkbit"].map(in_cell);
    for name in names.iter().copied().chain(cells.iter().map(String::as_str)) {
        let path = place.path("new").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, OWN).unwrap();
        let message = place.fail(1, &format!("sweep --out new {flags}"));
        assert!(message.starts_with(&refusal(&format!("new/{name}"))), "{message}");
        fs::remove_dir_all(place.path("new")).unwrap();
        // The same in a sweep that has begun.
        let (name, own) = (format!("sweep/{name}"), place.read(&format!("sweep/{name}")));
        place.write(&name, OWN);
        let message = place.fail(1, &format!("sweep --out sweep {flags}"));
        assert!(message.starts_with(&refusal(&name)), "{message}");
        place.write(&name, own);
    }
    place.succeed(&format!("sweep --out sweep {flags}"));
    // A result without a mark, as older ones are, is read and stays.
    let result = format!("sweep/{cell}/result.json");
    let own = String::from_utf8(place.read(&result)).unwrap();
    let own = own.replacen("\"written_by\": \"Inkbit for a sweep\",\n", "", 1);
    place.write(&result, &own);
    let text = place.succeed(&format!("sweep --out sweep {flags}"));
    assert!(text.contains("\n0 trainings finished, 1 before\n"), "{text}");
    assert_eq!(place.read(&result), own.as_bytes());
    // A sweep's folder is no run's.
    let message = place.fail(1, &format!("train --out sweep {TRAIN} --force"));
    assert!(message.starts_with(&refusal("sweep/data.toml")), "{message}");
    // Nor is a user's configuration a run.
    fs::create_dir(place.path("mine")).unwrap();
    place.write("mine/config.toml", OWN);
    place.succeed(&format!("sweep --out mine {flags}"));
    assert_eq!(place.read("mine/config.toml"), OWN.as_bytes());
}

#[test]
fn a_merge_copies_only_the_results_of_a_shard_and_nothing_that_it_has_links_to() {
    let place = Place::untrained();
    let flags = "--widths 4 --depths 1 --seeds 1 --set epochs=1 --data digits";
    place.succeed(&format!("sweep --out part {flags}"));
    let cell = fs::read_dir(place.path("part/cells")).unwrap().next().unwrap().unwrap();
    let cell = format!("part/cells/{}", cell.file_name().to_str().unwrap());
    place.write("secret", OWN);
    for name in [format!("{cell}/model.inkbit"), format!("{cell}/weights.safetensors")] {
        let whole = place.read(&name);
        fs::remove_file(place.path(&name)).unwrap();
        symlink(place.path("secret"), place.path(&name)).unwrap();
        let message = place.fail(1, "sweep merge part --out joined --data digits");
        assert!(message.starts_with(&format!("{name} is a symbolic link, expected a file")));
        fs::remove_file(place.path(&name)).unwrap();
        place.write(&name, whole);
    }
    // Nor what it has in place of weights and a model. The page of a stranger is left out.
    for (name, content, expected) in [
        ("weights.safetensors", OWN.to_owned(), "weights.safetensors: "),
        ("weights.safetensors", "x".repeat(1 << 20), "weights.safetensors: found 1,048,576 bytes"),
        ("model.inkbit", OWN.to_owned(), "model.inkbit: "),
        ("history.json", "{}".to_owned(), "history.json: missing field"),
    ] {
        let name = format!("{cell}/{name}");
        let whole = place.read(&name);
        place.write(&name, content);
        let message = place.fail(1, "sweep merge part --out joined --data digits");
        assert!(message.contains(&format!("{cell}/{expected}")), "{message}");
        place.write(&name, whole);
    }
    place.write(&format!("{cell}/report.html"), OWN);
    assert!(place.succeed("sweep merge part --out joined --data digits").contains("1 result"));
    let joined = cell.replace("part", "joined");
    for name in
        ["config.toml", "weights.safetensors", "history.json", "model.inkbit", "result.json"]
    {
        assert!(place.read(&format!("{joined}/{name}")) == place.read(&format!("{cell}/{name}")));
    }
    assert!(!place.path(format!("{joined}/report.html")).exists());
}

#[test]
fn man_pages_are_written_through_no_link() {
    let place = Place::untrained();
    fs::create_dir(place.path("man")).unwrap();
    place.write("elsewhere", "");
    symlink(place.path("elsewhere"), place.path("man/inkbit-train.1")).unwrap();
    let message = place.fail(1, "man man");
    assert!(message.contains("inkbit-train.1 is a symbolic link"), "{message}");
}

#[test]
fn man_pages_replace_man_pages_of_inkbit() {
    let place = Place::untrained();
    place.succeed("man pages");
    place.succeed("man pages");
    // Of a user who documents a program around this one.
    place.write("pages/inkbit-verify.1", "'\\\" t\n.TH inkbit-verify 1\n");
    fs::remove_file(place.path("pages/inkbit.1")).unwrap();
    let message = place.fail(1, "man pages");
    assert!(message.starts_with(&refusal("pages/inkbit-verify.1")), "{message}");
}

#[test]
fn a_run_of_train_stays_where_a_quickstart_would_be() {
    let place = Place::untrained();
    let flags = "--data digits --seed 7 --epochs 8 --no-report";
    place.succeed(&format!("train --out p/run {flags}"));
    let message = place.fail(1, "quickstart --out p --data digits");
    assert!(message.contains("a run of another command than quickstart"), "{message}");
    fs::remove_dir_all(place.path("p/run")).unwrap();
    place.write("elsewhere", "");
    symlink(place.path("elsewhere"), place.path("p/model.inkbit")).unwrap();
    let message = place.fail(1, "quickstart --out p --data digits");
    assert!(message.contains("model.inkbit is a symbolic link"), "{message}");
}

#[test]
fn quickstart_replaces_what_a_quickstart_left() {
    let place = Place::new();
    for (name, content) in [("run/config.toml", OWN), ("model.inkbit", OWN)] {
        fs::create_dir_all(place.path("mine/run")).unwrap();
        place.write(&format!("mine/{name}"), content);
        let message = place.fail(1, "quickstart --out mine --data digits");
        assert!(message.starts_with(&refusal(&format!("mine/{name}"))), "{message}");
        fs::remove_dir_all(place.path("mine")).unwrap();
    }
    // In this folder are a run and a model, of other commands.
    let message = place.fail(1, "quickstart --out . --data digits");
    assert!(message.starts_with("./run is a run of another command than quickstart; it was not"));
    fs::remove_dir_all(place.path("run")).unwrap();
    let message = place.fail(1, "quickstart --out . --data digits");
    assert!(
        message.starts_with("./model.inkbit is the model of another command than"),
        "{message}"
    );
}

#[test]
fn drawings_of_a_user_stay_where_a_report_would_have_its_figures() {
    let place = Place::new();
    fs::create_dir(place.path("page-pictures")).unwrap();
    // As any SVG may begin that says what it shows.
    let own = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"mine\"></svg>";
    for name in ["loss", "accuracy"] {
        place.write(&format!("page-pictures/{name}.svg"), own);
    }
    let message = place.fail(1, "report model.inkbit -o page.html --data digits");
    assert!(message.contains("was not written by a report"), "{message}");
    for name in ["loss", "accuracy"] {
        fs::remove_file(place.path(format!("page-pictures/{name}.svg"))).unwrap();
    }
    // And those of a report are replaced.
    place.succeed("report model.inkbit -o page.html --data digits");
    place.succeed("report model.inkbit -o page.html --data digits");
}

#[test]
fn pictures_and_flash_images_of_a_user_stay() {
    let place = Place::new();
    place.write("photo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and so on");
    let message = place.fail(1, "data show -o photo.png --data digits");
    assert!(message.starts_with(&refusal("photo.png")), "{message}");
    for name in ["own.hex", "own.elf"] {
        place.write(name, ":00000001FF\n\x7fELF");
        let message = place.fail(1, &format!("image --board microbit model.inkbit -o {name}"));
        assert!(message.starts_with(&refusal(name)), "{message}");
    }
    // Nor is one of Inkbit's that says what those of Inkbit have in them.
    let at = |byte: usize, text: &[u8]| [&vec![b' '; byte], text].concat();
    let program = fs::read(env!("CARGO_BIN_EXE_inkbit")).unwrap();
    for (name, content) in [
        ("own.uf2", at(9, b"written by Inkbit")),
        ("own.uf2", at(288, b"written by Inkbit")),
        ("own.hex", at(9, b":00494E4B424954")),
        // A model that another program has written as HEX.
        ("own.hex", b":020000041000EA\n:10580000494E4B42495401000000000000000000C8\n".to_vec()),
        ("own.bin", b"INKBIT project: my notes of a year\n".to_vec()),
        ("own.bin", [place.read("model.inkbit"), b"and more".to_vec()].concat()),
        ("own.hex", b":0B0010000000494E4B42495400000000\n".to_vec()),
        ("own.elf", at(4, b"\0.inkbit_model\0")),
        ("own.elf", [&program, &b"\0.inkbit_model\0"[..]].concat()),
    ] {
        place.write(name, content);
        let message = place.fail(1, &format!("image --board pico model.inkbit -o {name}"));
        assert!(message.starts_with(&refusal(name)), "{message}");
    }
    let report =
        "<!DOCTYPE html>\n<!-- like <meta name=\"generator\" content=\"inkbit 0.1.0\"/> -->";
    place.write("own.html", report);
    let message = place.fail(1, "report model.inkbit -o own.html --data digits");
    assert!(message.starts_with(&refusal("own.html")), "{message}");
    let has_firmware = can_emulate(["microbit"]);
    for _ in 0..2 {
        if has_firmware {
            place.succeed("image --board microbit model.inkbit -o all.elf");
        }
        place.succeed("image --board pico model.inkbit -o model.uf2");
        place.succeed("data show -o sheet.png --data digits");
        place.succeed("image --board microbit model.inkbit -o model.hex");
    }
}

#[test]
fn recorded_and_printed_commands_name_paths_that_are_not_utf_8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let odd = OsStr::from_bytes(b"l\xe4b\x1b");
    place.write("labels", "one\ntwo\nthree\nfour\n");
    fs::rename(place.path("labels"), place.path(odd)).unwrap();
    let folder = OsStr::from_bytes(b"r\xfcn");
    let mut command = place.command(&format!("train {TRAIN} --out"));
    let output = command.arg(folder).arg("--labels").arg(odd).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("inkbit quantize $'r\\374n' -o model.inkbit\n"), "{text}");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.contains("is not UTF-8, or has invisible characters, and is not recorded"),
        "{message}"
    );
    assert!(
        !String::from_utf8(fs::read(place.path(folder).join("data.toml")).unwrap())
            .unwrap()
            .contains("labels =")
    );
}
