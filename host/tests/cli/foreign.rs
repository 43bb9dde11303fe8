//! Text that others have written: names of models, labels, runs and files. A terminal or a browser
//! would obey some of it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use crate::place::Place;
use crate::report::{page, parse};

/// Characters that must not arrive: escape sequences in two notations, a bell, a return, a mark that
/// turns the direction of writing, one that ends a line, a mark of the order of bytes, and what would
/// be a line of its own.
const HOSTILE: &str = "\u{1b}[2J\u{9b}31m\u{7}\r\u{202e}\u{2028}\u{feff}\nforged";

/// Whether a character would be obeyed and not shown.
fn is_obeyed(c: char) -> bool {
    c.is_control() && !"\n\t".contains(c)
        || HOSTILE.chars().filter(|c| !c.is_ascii()).any(|hostile| hostile == c)
        || ('\u{202a}'..='\u{202e}').contains(&c)
        || ('\u{2066}'..='\u{2069}').contains(&c)
}

fn assert_shown(text: &str, whose: &str) {
    let obeyed = text.find(is_obeyed);
    assert!(obeyed.is_none(), "{whose}: {:?}", &text[obeyed.unwrap_or_default()..]);
}

/// Replaces a text in a model by hostile characters of the same length, and mends the checksum.
fn infect(blob: &mut [u8], text: &str) {
    let at = blob.windows(text.len()).position(|bytes| bytes == text.as_bytes());
    let at = at.unwrap_or_else(|| panic!("{text} is not in the model"));
    let mut hostile = String::new();
    for c in HOSTILE.chars().cycle() {
        if hostile.len() + c.len_utf8() > text.len() {
            break;
        }
        hostile.push(c);
    }
    let hostile = hostile + &"x".repeat(3);
    blob[at..at + text.len()].copy_from_slice(&hostile.as_bytes()[..text.len()]);
    let end = blob.len() - 4;
    let mut crc = flate2::Crc::new();
    crc.update(&blob[..end]);
    blob[end..].copy_from_slice(&crc.sum().to_le_bytes());
}

/// A place whose model, run, data and files have hostile names.
fn infected() -> (Place, String) {
    let place = Place::new();
    place.write("labels.txt", "a long name\nanother name\nthe third one\nthe last name\n");
    let train = "train --out named --data digits --labels labels.txt --config quick.toml";
    place.succeed(&format!("{train} --no-report"));
    place.succeed("quantize named -o named.inkbit");
    let mut blob = place.read("named.inkbit");
    for text in ["named", "a long name", "the third one", "inkbit train --preset"] {
        infect(&mut blob, text);
    }
    let name = format!("m{HOSTILE}.inkbit").replace('/', "");
    place.write(&name, &blob);
    let data = String::from_utf8(place.read("run/data.toml")).unwrap();
    let hostile: String = HOSTILE.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    place.write(
        "run/data.toml",
        data.replace("name = \"digits\"", &format!("name = \"{hostile}\"")),
    );
    fs::rename(place.path("run"), place.path(format!("r{HOSTILE}"))).unwrap();
    place.write(&format!("p{HOSTILE}.pgm"), [&b"P5 8 8 255\n"[..], &[255; 30], &[0; 34]].concat());
    (place, name)
}

#[test]
fn no_command_lets_foreign_text_through() {
    let (place, model) = infected();
    let (run, picture) = (format!("r{HOSTILE}"), format!("p{HOSTILE}.pgm"));
    let nowhere = format!("nowhere{HOSTILE}");
    let [page, image, folder] = ["html", "hex", "folder"].map(|end| format!("new{HOSTILE}.{end}"));
    fs::create_dir(place.path(&folder)).unwrap();
    let data = format!("d{HOSTILE}");
    fs::rename(place.path("digits"), place.path(&data)).unwrap();
    symlink(place.path(&data), place.path("digits")).unwrap();
    let commands: [&[&str]; 36] = [
        &["inspect", &model, "--weights"],
        &["predict", &model, &picture],
        &["predict", &model, &picture, "--json"],
        &["predict", &model, &nowhere],
        &["predict", &model, &nowhere, "--json"],
        &["evaluate", &model, "--data", "digits"],
        &["evaluate", &model, "--data", "digits", "--json"],
        &["verify", &model, "--data", "digits"],
        &["compare", &model, &model, "--data", "digits"],
        &["compare", &model, &model, "--data", "digits", "--json"],
        &["models", &model],
        &["evaluate", &run, "--data", "digits"],
        &["evaluate", &run],
        &["quantize", &run, "-o", &nowhere, "--data", "digits"],
        &["train", "--resume", "--out", &run],
        &["train", "--out", &nowhere, "--data", "digits", "--config", "quick.toml"],
        &["train", "--out", &nowhere, "--data", &nowhere],
        &["train", "--out", "new", "--config", &nowhere],
        &["train", "--out", "new", "--set", &nowhere],
        &["inspect", &nowhere],
        &["evaluate", &model, "--data", &data],
        &["train", "--out", "new", "--data", &data, "--config", "quick.toml"],
        &["data", &format!("--data={data}")],
        &["models", &model, &model, "--data", "digits"],
        &["models", &run],
        &["models", "--recorded", &folder],
        &["report", &model, "-o", &page, "--data", "digits"],
        &["report", &model, "-o", &nowhere, "--data", "digits"],
        &["image", &model, "--board", "microbit", "-o", &image],
        &["train", "--out", &run, "--data", "digits", "--config", "quick.toml", "--force"],
        &["image", &model, "--board", &nowhere, "-o", "m.hex"],
        &["sweep", "--out", &nowhere, "--widths", &nowhere],
        &["export", &model, "--c", "lib"],
        &["export", &model, "--vectors", "3", "-o", "v.json", "--data", "digits"],
        &["new", "mine", "--board", "microbit", "--model", &model],
        // clap takes the escape sequence away.
        &["predict", &model, "--zz\n\u{1b}[0mforged"],
    ];
    let mut forged = Vec::new();
    for arguments in commands {
        let output = place.command("").args(arguments).output().unwrap();
        for stream in [&output.stdout, &output.stderr] {
            let text = String::from_utf8(stream.clone()).unwrap();
            assert_shown(&text, &format!("{arguments:?}"));
            if text.lines().any(|line| line.starts_with("forged")) {
                forged.push(text);
            }
        }
        assert!(!(output.stdout.is_empty() && output.stderr.is_empty()), "{arguments:?}");
    }
    assert!(forged.is_empty(), "{}", forged.join("\n\n"));
    println!("tried: {} commands with foreign text on the terminal", commands.len());
}

#[test]
fn no_file_of_others_makes_a_line_of_its_own() {
    const FORGED: &str = r"x\nforged";
    let place = Place::new();
    let read = |name: &str| String::from_utf8(place.read(name)).unwrap();
    let (history, data) = (read("run/history.json"), read("run/data.toml"));
    let end = history.split("\"end\": \"").nth(1).unwrap().split('"').next().unwrap();
    let key = format!("\"{FORGED}\" = 1\n");
    let count = |crc: &str| {
        format!("[[count]]\ncrc = \"{crc}\"\nboard = 'b'\nkernel = 'k'\nimages = 'i'\nmean = 1.0\n")
    };
    let tensors = format!(r#"{{"a":{{"dtype":"{FORGED}","shape":[],"data_offsets":[0,0]}}}}"#);
    let tensors = [&(tensors.len() as u64).to_le_bytes(), tensors.as_bytes()].concat();
    let sweep = "sweep --data digits --out new --plan";
    let cases: [(&str, Vec<u8>, &str); 12] = [
        ("run/data.toml", (data + &key).into(), "quantize run -o new.inkbit"),
        ("run/history.json", history.replace(end, FORGED).into(), "quantize run -o new.inkbit"),
        (
            "run/history.json",
            history.replace("\"end\"", &format!("\"{FORGED}\"")).into(),
            "evaluate run",
        ),
        (
            "run/history.json",
            history.replace("\"keep\": \"", &format!("\"keep\": \"{FORGED}")).into(),
            "evaluate run",
        ),
        ("run/weights.safetensors", tensors, "quantize run -o new.inkbit"),
        ("run/config.toml", key.clone().into(), "quantize run -o new.inkbit"),
        ("plan.toml", key.clone().into(), &format!("{sweep} plan.toml")),
        ("plan.toml", format!("fit = \"{FORGED}\"").into(), &format!("{sweep} plan.toml")),
        ("plan.toml", format!("shard = \"{FORGED}\"").into(), &format!("{sweep} plan.toml")),
        ("plan.toml", format!("preset = \"{FORGED}\"").into(), &format!("{sweep} plan.toml")),
        (
            "counts.toml",
            count(FORGED).into(),
            "compare model.inkbit model.inkbit --data digits --instructions counts.toml",
        ),
        (
            "counts.toml",
            [count("0badbeef"), key].concat().into(),
            "compare model.inkbit model.inkbit --data digits --instructions counts.toml",
        ),
    ];
    for (name, content, arguments) in cases {
        let before = fs::read(place.path(name)).ok();
        place.write(name, content);
        let ended = place.run(arguments);
        let text = ended.out.clone() + &ended.err;
        assert!(!text.lines().any(|line| line.starts_with("forged")), "{name}: {text}");
        // The last has a key more than is read.
        assert!(ended.code == Some(0) || text.contains("forged"), "{name}: {text}");
        if let Some(before) = before {
            place.write(name, before);
        }
    }
    let mut mirror = place.command("data --mirror");
    let output = mirror.arg("http://127.0.0.1:9/x\nforged").output().unwrap();
    assert!(
        !String::from_utf8(output.stderr).unwrap().lines().any(|line| line.starts_with("forged"))
    );
}

#[test]
fn a_shard_of_others_neither_panics_nor_writes_marks_that_turn_text() {
    let place = Place::untrained();
    let flags = "--widths 4 --depths 1 --seeds 2 --set epochs=1 --data digits";
    place.succeed(&format!("sweep --out part {flags}"));
    let data = String::from_utf8(place.read("part/data.toml")).unwrap();
    let digest = data.split("digest = \"").nth(1).unwrap().split('"').next().unwrap();
    place.write("part/data.toml", data.replace(digest, "abcdefghijk\u{e9}"));
    let message = place.fail(1, "sweep merge part --out joined --data digits");
    assert!(message.contains("digest abcdefghijk\u{e9})"), "{message}");
    place.write("part/data.toml", &data);
    let cells = fs::read_dir(place.path("part/cells")).unwrap();
    let mut cells: Vec<_> = cells.map(|cell| cell.unwrap().path()).collect();
    cells.sort();
    // The models of two seeds, each in the place of the other.
    let [one, two] = [0, 1].map(|cell: usize| cells[cell].join("model.inkbit"));
    let [first, second] = [&one, &two].map(|path| fs::read(path).unwrap());
    if first.len() == second.len() {
        fs::write(&one, &second).unwrap();
        let message = place.fail(1, "sweep merge part --out joined --data digits");
        assert!(message.contains("it is the model of another training"), "{message}");
        fs::write(&one, &first).unwrap();
    }
    fs::write(cells[0].join("result.json"), "{\"failed\": \"a \\u202e b\"}").unwrap();
    place.run("sweep merge part --out joined --data digits");
    let cell = cells[0].file_name().unwrap().to_str().unwrap();
    for name in ["joined/table.json".to_owned(), format!("joined/cells/{cell}/result.json")] {
        let text = String::from_utf8(place.read(&name)).unwrap();
        assert!(text.contains("a \\u202e b"), "{name}: {text}");
        assert_shown(&text, &name);
    }
}

#[test]
fn json_tells_foreign_names_by_their_numbers() {
    let (place, model) = infected();
    let picture = format!("p{HOSTILE}.pgm");
    let output = place.command("predict --json").args([&model, &picture]).output().unwrap();
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["file"], *picture);
}

#[test]
fn pages_and_pictures_show_foreign_text_as_text() {
    let (place, model) = infected();
    fs::rename(place.path(&model), place.path("m.inkbit")).unwrap();
    fs::rename(place.path(format!("r{HOSTILE}")), place.path("r")).unwrap();
    let mut files = 0;
    for subject in ["m.inkbit --data digits", "r --data digits"] {
        let page = page(&place, subject);
        assert_shown(&page, subject);
        parse(&page);
        for entry in fs::read_dir(place.path("page-pictures")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension() == Some(OsStr::new("svg")) {
                assert_shown(&fs::read_to_string(&path).unwrap(), &path.display().to_string());
                files += 1;
            }
        }
    }
    println!("tried: {} pages and pictures with foreign text", files + 2);
}

#[test]
fn a_path_that_is_no_text_is_named_so_that_a_shell_finds_it() {
    let place = Place::new();
    let folder = OsStr::from_bytes(b"run \xff\x1b");
    fs::rename(place.path("run"), place.path(folder)).unwrap();
    let output = place
        .command("quantize")
        .arg(folder)
        .args(["-o", "new.inkbit", "--name", "n"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let mut train = place.command("train --data digits --config quick.toml --no-report --out");
    let output = train.arg(OsStr::from_bytes(b"new \xff\x1b")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("inkbit quantize $'new \\377\\033' -o model.inkbit"), "{text}");
}

#[test]
fn what_the_command_writes_itself_is_not_touched() {
    let place = Place::untrained();
    for arguments in ["--help", "completions bash", "completions zsh", "train --print-config"] {
        let text = place.succeed(arguments);
        assert!(!text.contains(char::REPLACEMENT_CHARACTER), "{arguments}");
    }
    let licences = concat!(env!("CARGO_MANIFEST_DIR"), "/licences/");
    for (arguments, file) in [("licences", "command.txt"), ("licences --firmware", "firmware.txt")]
    {
        let expected = fs::read_to_string(licences.to_owned() + file).unwrap();
        assert!(place.succeed(arguments) == expected.replace("\r\n", "\n"), "{arguments}");
    }
}
