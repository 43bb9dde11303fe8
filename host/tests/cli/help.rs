//! Help, and the streams that output goes to.

use std::process::Stdio;

use crate::place::Place;

const SUBCOMMANDS: [&str; 23] = [
    "quickstart",
    "train",
    "data",
    "import",
    "quantize",
    "evaluate",
    "models",
    "sweep",
    "verify",
    "predict",
    "inspect",
    "report",
    "compare",
    "completions",
    "man",
    "licences",
    "new",
    "flash",
    "image",
    "export",
    "run",
    "selftest",
    "send",
];

#[test]
fn help_names_every_subcommand_and_each_has_help_with_examples() {
    let place = Place::new();
    let help = place.succeed("--help");
    assert_eq!(help, place.succeed("help"));
    for name in SUBCOMMANDS {
        assert!(help.contains(&format!("\n  {name} ")), "{name}: {help}");
        let help = place.succeed(&format!("help {name}"));
        assert!(help.contains(&format!("Usage: inkbit {name} ")), "{help}");
        assert!(help.contains("Examples:\n  inkbit"), "{help}");
        assert_eq!(help, place.succeed(&format!("{name} --help")));
    }
}

#[test]
fn the_version_is_the_packages() {
    let version = format!("inkbit {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(Place::new().succeed("--version"), version);
}

#[test]
fn a_wrong_use_is_exit_code_2_and_names_what_is_wrong() {
    let place = Place::new();
    assert!(place.fail(2, "tarin --out x").contains("similar subcommand exists: 'train'"));
    assert!(place.fail(2, "train").contains("not provided:\n  --out <RUN>"));
    assert!(place.fail(2, "inspect").contains("not provided:\n  <MODEL>"));
    assert!(place.fail(2, "predict model.inkbit").contains("not provided:\n  <FILE>..."));
    assert!(place.fail(2, "quantize run").contains("not provided:\n  --out <MODEL>"));
    assert!(place.fail(2, "inspect model.inkbit --jsno").contains("unexpected argument '--jsno'"));
    let nothing = place.run("");
    assert_eq!(nothing.code, Some(2));
    assert!(nothing.err.contains("Usage: inkbit [OPTIONS] <COMMAND>"), "{}", nothing.err);
}

#[test]
fn a_reader_who_leaves_is_no_failure() {
    let place = Place::new();
    for arguments in ["inspect model.inkbit", "evaluate model.inkbit --data digits"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = place.command(arguments).stdout(writer).output().unwrap();
        assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]), "{arguments}");
    }
}

#[test]
fn an_error_that_nobody_reads_still_ends_with_its_code() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let place = Place::new();
    let mut command = place.command("inspect nowhere.inkbit");
    let status = command.stdout(Stdio::null()).stderr(writer).status().unwrap();
    assert_eq!(status.code(), Some(1));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_behind_standard_output_is_a_failure() {
    let place = Place::new();
    for command in [
        "--version",
        "--help",
        "help",
        "train --help",
        "inspect model.inkbit",
        "completions bash",
        "train --print-config",
        "train --out again --data digits --config quick.toml",
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = place.command(command).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}");
        let message = String::from_utf8_lossy(&output.stderr);
        let expected = "error: cannot write to standard output: No space left on device";
        assert!(message.starts_with(expected), "{command}: {message}");
    }
}

#[test]
fn completions_know_every_subcommand_in_every_shell() {
    let place = Place::untrained();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = place.succeed(&format!("completions {shell}"));
        for name in SUBCOMMANDS {
            assert!(script.contains(name), "{shell}: {name}");
        }
        assert!(script.contains("--labels") || script.contains("labels"), "{shell}");
    }
    assert!(place.fail(2, "completions csh").contains("[possible values: bash, "));
}

#[test]
fn there_is_a_man_page_for_every_subcommand_with_its_flags_and_examples() {
    let place = Place::untrained();
    let text = place.succeed("man pages");
    let count = std::fs::read_dir(place.path("pages")).unwrap().count();
    assert_eq!(text, format!("wrote {count} pages into pages\n"));
    let read = |name: &str| String::from_utf8(place.read(&format!("pages/{name}.1"))).unwrap();
    assert!(read("inkbit").contains(".TH inkbit 1"));
    for name in SUBCOMMANDS {
        let page = read(&format!("inkbit-{name}"));
        assert!(page.contains(&format!(".TH inkbit-{name} 1")), "{page}");
        assert!(page.contains("Examples:"), "{page}");
    }
    assert!(read("inkbit-train").contains("\\-\\-labels"));
    let message = place.fail(1, "man digits/train-images-idx3-ubyte");
    assert!(message.contains("cannot create the folder digits/train-images"), "{message}");
}

#[test]
fn quiet_leaves_results_and_errors() {
    let place = Place::new();
    let text =
        place.succeed(&format!("train --quiet --out new {} --no-report", crate::place::TRAIN));
    assert!(text.starts_with("ended                after epoch 3"), "{text}");
    let evaluation = place.succeed("evaluate model.inkbit --data digits");
    assert_eq!(place.succeed("-q evaluate model.inkbit --data digits"), evaluation);
    assert!(place.fail(1, "evaluate -q nowhere.inkbit").starts_with("cannot read nowhere.inkbit"));
}

#[test]
fn what_is_no_terminal_gets_no_colours() {
    let place = Place::new();
    for arguments in ["evaluate model.inkbit --data digits", "inspect model.inkbit --weights"] {
        assert!(!place.succeed(arguments).contains('\u{1b}'), "{arguments}");
    }
}

#[test]
fn notices_are_those_of_the_command_or_of_the_firmware() {
    let place = Place::new();
    let command = place.succeed("licences");
    assert!(
        command.contains("\nburn ") && command.contains("\nMIT License, for"),
        "{command:.300}"
    );
    let firmware = place.succeed("licences --firmware");
    assert!(firmware.contains("\nembedded-graphics ") && !firmware.contains("\nburn "));
}
