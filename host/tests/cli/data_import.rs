//! `inkbit data import`: whole or not at all, and in place of nothing but its own.

use std::fs;
use std::path::PathBuf;

use inkbit::data::Images;

use crate::data_sources::{digest, digits, write_pictures};
use crate::place::{Ended, Place, bars};

/// A place with the four files of digits in `idx`, and what they are imported to in `new`.
fn imported() -> Place {
    let (place, parts) = (Place::untrained(), digits());
    place.write_data("idx", &parts[0], &parts[1]);
    place.succeed("data import idx -o new");
    place
}

/// What a command prints, which must succeed.
fn ran(place: &Place, arguments: &str) -> String {
    let ended = place.run(arguments);
    assert_eq!(ended.code, Some(0), "inkbit {arguments}\n{ended:?}");
    ended.out
}

/// What imports have left beside their folders.
fn left_over(place: &Place) -> Vec<PathBuf> {
    let entries = fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().path());
    let mut left: Vec<PathBuf> =
        entries.filter(|path| path.to_string_lossy().contains(".inkbit-")).collect();
    left.sort();
    left
}

#[test]
fn an_import_replaces_nothing_but_an_import() {
    let (place, parts) = (Place::untrained(), digits());
    place.write_data("idx", &parts[0], &parts[1]);
    fs::create_dir(place.path("new")).unwrap();
    place.succeed("data import idx -o new");
    assert_eq!(digest(&place, "new"), digest(&place, "idx"));
    assert_eq!(
        place.fail(1, "data import idx -o new"),
        "new is not empty; nothing was written: give another folder, or replace what `data import` \
         wrote there by --force"
    );
    place.succeed("data import idx -o new --force --transpose");
    assert_ne!(digest(&place, "new"), digest(&place, "idx"));
    place.write("new/mine.txt", "mine");
    let message = place.fail(1, "data import idx -o new --force");
    assert!(
        message.starts_with("new has mine.txt, which `data import` did not write"),
        "{message}"
    );
    let message = place.fail(1, "data import new -o idx --force");
    assert_eq!(message, "idx is not empty; nothing was written: give another folder");
    assert_eq!(left_over(&place), Vec::<PathBuf>::new());
}

#[test]
fn the_folder_that_somebody_stands_in_is_not_replaced() {
    let place = imported();
    for flags in ["", " --force"] {
        let mut command = place.command(&format!("data import ../idx -o .{flags}"));
        let ended = Ended::from(command.current_dir(place.path("new")).output().unwrap());
        assert_eq!((ended.code, &*ended.out), (Some(1), ""));
        assert!(
            ended.err.starts_with("error: . is the folder that this command runs in"),
            "{ended:?}"
        );
    }
    place.succeed("data check new");
}

#[test]
fn files_that_were_changed_since_an_import_are_not_replaced() {
    let place = imported();
    let labels = place.read("new/labels.txt");
    place.write("new/labels.txt", "mine\n");
    let refused = "new/labels.txt is not as `data import` wrote it; nothing was replaced: move it \
                   away, or give another folder";
    assert_eq!(place.fail(1, "data import idx -o new --force"), refused);
    fs::remove_file(place.path("new/labels.txt")).unwrap();
    fs::create_dir(place.path("new/labels.txt")).unwrap();
    place.write("new/labels.txt/mine.txt", "mine");
    assert_eq!(place.fail(1, "data import idx -o new --force"), refused);
    fs::remove_dir_all(place.path("new/labels.txt")).unwrap();
    place.write("new/labels.txt", labels);
    place.succeed("data import idx -o new --force");
}

#[test]
fn a_file_that_the_list_of_an_import_has_but_no_import_writes_stays() {
    let place = imported();
    place.write("new/thesis.txt", "precious");
    let listed = String::from_utf8(place.read("new/import.toml")).unwrap();
    let sha =
        "\"thesis.txt\" = \"3a1c6b3fa9e6c1d9a7a3a0f4c5ed9d1a9f4ee1c0cbaf1b0b2b0f3a8d4f0b1b2c\"";
    place.write("new/import.toml", listed.replace("[files]\n", &format!("[files]\n{sha}\n")));
    let message = place.fail(1, "data import idx -o new --force");
    assert!(message.contains("has thesis.txt, which `data import` did not write"), "{message}");
    assert_eq!(place.read("new/thesis.txt"), b"precious");
}

#[test]
fn a_path_that_leads_through_the_folder_itself_is_the_folder() {
    let place = imported();
    place.succeed("data import idx -o new/../new --force --transpose");
    assert_ne!(digest(&place, "new"), digest(&place, "idx"));
    place.succeed("data import idx -o new/. --force");
    assert_eq!(digest(&place, "new"), digest(&place, "idx"));
    assert_eq!(left_over(&place), Vec::<PathBuf>::new());
}

#[cfg(unix)]
#[test]
fn a_folder_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;

    let place = imported();
    fs::create_dir(place.path("secret")).unwrap();
    fs::set_permissions(place.path("secret"), fs::Permissions::from_mode(0o700)).unwrap();
    for flags in ["", " --force"] {
        place.succeed(&format!("data import idx -o secret{flags}"));
        let mode = fs::metadata(place.path("secret")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}

#[test]
fn data_that_a_killed_import_moved_aside_get_their_name_again() {
    let place = imported();
    let aside = |name: &str, target: &str| {
        let folder = format!(".inkbit-import-{name}");
        fs::create_dir(place.path(&folder)).unwrap();
        let mark = "# Written by Inkbit for imported data.\n";
        place.write(&format!("{folder}/folder.txt"), format!("{mark}{target}"));
        fs::create_dir(place.path(format!("{folder}/new"))).unwrap();
        folder
    };
    // Killed while it wrote, and between its two moves.
    let writing = aside("one", "other");
    let between = aside("two", "gone");
    fs::rename(place.path("new"), place.path(format!("{between}/old"))).unwrap();
    place.succeed("data import idx -o another");
    assert_eq!(digest(&place, "gone"), digest(&place, "idx"));
    assert_eq!(digest(&place, "another"), digest(&place, "idx"));
    // The rest may be a user's by now.
    assert_eq!(left_over(&place), [writing, between].map(|name| place.path(name)));
}

#[test]
fn what_is_called_left_over_but_no_import_has_written_stays_as_it_is() {
    let place = imported();
    let folder = ".inkbit-import-abc";
    fs::create_dir_all(place.path(folder).join("old")).unwrap();
    place.write(&format!("{folder}/folder.txt"), "# Written by Inkbit for imported data.\n.cargo");
    place.write(&format!("{folder}/old/config.toml"), "[build]");
    place.write(&format!("{folder}/notes.txt"), "mine");
    place.succeed("data import idx -o another");
    assert!(!place.path(".cargo").exists());
    assert_eq!(place.read(&format!("{folder}/notes.txt")), b"mine");
    assert_eq!(place.read(&format!("{folder}/old/config.toml")), b"[build]");
    // The same without old data: only what an import writes goes.
    fs::remove_dir_all(place.path(folder).join("old")).unwrap();
    fs::create_dir(place.path(folder).join("new")).unwrap();
    place.succeed("data import idx -o third");
    assert_eq!(place.read(&format!("{folder}/notes.txt")), b"mine");
}

#[cfg(unix)]
#[test]
fn nothing_is_removed_through_a_link_in_what_is_called_left_over() {
    let place = imported();
    fs::create_dir(place.path("victim")).unwrap();
    place.write("victim/labels.txt", "mine");
    fs::create_dir(place.path(".inkbit-import-abc")).unwrap();
    place.write(".inkbit-import-abc/folder.txt", "# Written by Inkbit for imported data.\nfoo");
    std::os::unix::fs::symlink("../victim", place.path(".inkbit-import-abc/new")).unwrap();
    place.succeed("data import idx -o another");
    assert_eq!(place.read("victim/labels.txt"), b"mine");
}

#[test]
fn nothing_is_removed_by_its_name_alone() {
    let place = imported();
    let unfinished = ".inkbit-unfinished-00000001-b70fbd95-0123456789ab.tmp";
    let files = [("one", None), ("three", Some(unfinished)), ("two", Some(".lock"))];
    let folders = files.map(|(name, file)| {
        let folder = format!(".inkbit-import-{name}");
        fs::create_dir(place.path(&folder)).unwrap();
        if let Some(file) = file {
            place.write(&format!("{folder}/{file}"), "");
        }
        place.path(folder)
    });
    place.succeed("data import idx -o another");
    place.succeed("data import idx -o new --force");
    assert_eq!(left_over(&place), folders);
    let kept = folders.map(|folder| fs::read_dir(folder).unwrap().count());
    assert_eq!(kept, [0, 1, 1]);
}

#[test]
fn a_folder_of_two_imports_is_refused() {
    let place = imported();
    place.succeed("data import idx -o turned --transpose");
    let file = "train-images-idx3-ubyte";
    place.write(&format!("new/{file}"), place.read(&format!("turned/{file}")));
    let message = place.fail(1, "data check new");
    assert!(
        message.starts_with("new holds other images than `inkbit data import` says"),
        "{message}"
    );
    fs::remove_file(place.path("new/import.toml")).unwrap();
    ran(&place, "data check new");
}

#[test]
fn imported_classes_are_those_of_a_model_by_their_names() {
    let place = Place::new();
    let all = bars(8, 4, 80);
    let chosen: Vec<u32> = (0..80).filter(|&at| all.labels[at as usize] % 2 == 1).collect();
    let odd: Images = all.chosen(&chosen);
    for part in ["train", "test"] {
        write_pictures(&place, &format!("pics/{part}"), &odd, "png");
    }
    place.succeed("data import pics -o imp --as-is");
    let accuracy = |data: &str| {
        let shown = ran(&place, &format!("evaluate model.inkbit --data {data}"));
        shown.lines().find(|line| line.starts_with("accuracy")).unwrap().to_owned()
    };
    assert_eq!(accuracy("imp"), accuracy("pics --as-is"));
    assert!(accuracy("imp").contains("(40 of 40 images"), "{}", accuracy("imp"));
}

#[test]
fn commands_that_are_printed_and_sweeps_know_how_the_data_were_read() {
    let place = Place::untrained();
    ran(&place, "train --config quick.toml --data digits --invert --out run");
    let printed = ran(&place, "quantize run -o model.inkbit");
    assert!(printed.contains("verify model.inkbit --data digits --invert\n"), "{printed}");
    let sweep =
        "sweep --out sw --widths 4 --depths 1 --bits 8 --set epochs=1 --data digits --invert";
    ran(&place, sweep);
    ran(&place, "sweep --out sw");
    let cell = fs::read_dir(place.path("sw/cells")).unwrap().next().unwrap().unwrap().file_name();
    let model = format!("sw/cells/{}/model.inkbit", cell.to_string_lossy());
    let shown = ran(&place, &format!("inspect {model}"));
    assert!(shown.contains(" --data digits --invert"), "{shown}");
}

#[test]
fn more_sources_than_a_mixture_holds_are_wrong_use() {
    let place = Place::untrained();
    let mixture = format!("synthetic{}", "+synthetic:0.01".repeat(8));
    let message = place.fail(2, &format!("data check {mixture}"));
    assert!(message.starts_with("--data mixes 9 sources, the limit is 8"), "{message}");
}
