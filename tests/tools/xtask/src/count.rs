//! Counting instructions: builds the plugin for QEMU, the counting program and the firmware in every
//! form that was asked for, then starts the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use inkbit_boards::{self as boards, Board};

use crate::process::{self, cargo, run};
use crate::setup;
use crate::steps::Outcome;

/// The build of everything, from nothing.
const BUILD_LIMIT: Duration = Duration::from_secs(15 * 60);

/// 10,000 images for a dozen firmwares on a slow machine.
const COUNT_LIMIT: Duration = Duration::from_secs(120 * 60);

/// The model that is counted unless another is named.
const MODEL: &str = "host/models/classic.inkbit";

/// The models that CI counts: weights of every width, images as they are and pooled.
const MODELS_OF_TEST: [&str; 3] = [MODEL, "host/models/compact2.inkbit", "host/models/tiny.inkbit"];

/// Where the firmware that is flashed is built.
const TARGET: &str = "firmware/target";

/// Where the other forms of it are built, one after another, and kept.
const FORMS: &str = "firmware/target/forms";

/// What `cargo xtask count` was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// Names of boards; empty: all.
    boards: Vec<String>,
    /// Images of the data set.
    images: usize,
    /// Blobs.
    models: Vec<PathBuf>,
    /// Forms of the firmware.
    forms: Vec<Form>,
    /// Fail if a count is above the baseline.
    check: bool,
    /// Renew baseline and tables.
    write: bool,
}

/// A form of the firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// What it is called in tables.
    name: &'static str,
    /// The `--cfg` of inkbit-core that it is built with, if any.
    cfg: Option<&'static str>,
    /// Whether it differs from what is flashed on Cortex-M3 and up only.
    only_lanes: bool,
}

/// What is flashed.
const FLASHED: Form = Form { name: "default", cfg: None, only_lanes: false };
const LANES32: Form = Form { name: "lanes32", cfg: Some("inkbit_lanes32"), only_lanes: true };
const PORTABLE: Form = Form { name: "portable", cfg: Some("inkbit_portable"), only_lanes: false };

/// The text of `cargo xtask count --help`.
pub(crate) const HELP: &str = "\
Counts the instructions of an inference in QEMU, on every board, of the firmware that is flashed,
and compares every logit with what core/FORMAT.md defines.

Usage: cargo xtask count [OPTIONS]

Options:
  --board NAME                only this board; may be repeated
  --images N                  so many MNIST test images, if MNIST is in $INKBIT_DATA or the cache
                              folder, else synthetic ones; 0 to 10,000 (the default)
  --model FILE                count this model; may be repeated (default: host/models/classic.inkbit)
  --lanes 64|32|both          kernel of Cortex-M3 and up for 8-bit weights (default: 64)
  --portable                  also the kernel in plain Rust
  --check                     fail if a count is more than 1 % above host/models/counts.toml
  --write                     renew that file and the tables in host/models/counts.md, and fit to
                              the counts what `inkbit report`, `compare` and `sweep` estimate with
  -h, --help                  this text

Every run counts 20 synthetic images and one of ink alone beside those that are asked for: the
baseline for `--check` is about these. Whatever the images, it fails if a logit differs or if an
inference takes more than 256 bytes of stack.

Examples:
  cargo xtask count --board lm3s6965evb --images 100
  cargo xtask count --images 0 --check       no count above the baseline
  cargo xtask count --lanes both --portable --write
";

impl Options {
    /// Reads the arguments after `cargo xtask count`.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self {
            boards: Vec::new(),
            images: 10_000,
            models: Vec::new(),
            forms: Vec::new(),
            check: false,
            write: false,
        };
        let (mut lanes, mut portable) = ("64".to_owned(), false);
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value =
                || arguments.next().cloned().ok_or_else(|| format!("{argument} wants a value"));
            match argument.as_str() {
                "--board" => options.boards.push(value()?),
                "--images" => {
                    let text = value()?;
                    options.images =
                        text.parse().ok().filter(|n| *n <= 10_000).ok_or_else(|| {
                            format!("--images is '{text}': expected a number from 0 to 10000")
                        })?;
                }
                "--model" => options.models.push(value()?.into()),
                "--lanes" => lanes = value()?,
                "--portable" => portable = true,
                "--check" => options.check = true,
                "--write" => options.write = true,
                other => return Err(format!("count has no option '{other}'")),
            }
        }
        options.forms = forms(&lanes, portable)?;
        options.check_names()?;
        Ok(options)
    }

    /// What `cargo xtask test` does: few images, against the baseline.
    fn of_test() -> Self {
        let (boards, models) = (Vec::new(), MODELS_OF_TEST.map(PathBuf::from).to_vec());
        Self { boards, images: 0, models, forms: vec![FLASHED], check: true, write: false }
    }

    /// Checks what can be checked before anything is built.
    fn check_names(&mut self) -> Result<(), String> {
        let known: Vec<String> = boards::all().into_iter().map(|board| board.name).collect();
        if let Some(name) = self.boards.iter().find(|name| !known.contains(name)) {
            return Err(format!("no board is called '{name}'; there are {}", known.join(", ")));
        }
        if self.write && !self.boards.is_empty() {
            return Err("--write renews the tables of all boards: leave out --board".to_owned());
        }
        if self.models.is_empty() {
            self.models.push(MODEL.into());
        }
        // The counting program runs in the checkout, wherever this was started.
        for model in &mut self.models {
            let given = if model.is_file() { model.clone() } else { process::root().join(&*model) };
            let full = given.canonicalize().ok().filter(|path| path.is_file());
            let Some(full) = full else {
                let shown = given.display();
                return Err(format!("there is no file {shown}: name a model that exists"));
            };
            *model = full;
        }
        Ok(())
    }

    /// The arguments that lead to these tables, for people to repeat.
    fn command(&self) -> String {
        let mut command = "cargo xtask count".to_owned();
        let has = |form| self.forms.contains(&form);
        match (has(FLASHED), has(LANES32)) {
            (true, true) => command += " --lanes both",
            (false, true) => command += " --lanes 32",
            _ => {}
        }
        if has(PORTABLE) {
            command += " --portable";
        }
        if self.images != 10_000 {
            command += &format!(" --images {}", self.images);
        }
        let root = process::root().canonicalize().unwrap_or_default();
        let own = |model: &Path| model.strip_prefix(&root).unwrap_or(model).to_owned();
        for model in self
            .models
            .iter()
            .filter(|model| self.models.len() > 1 || own(model) != Path::new(MODEL))
        {
            command += &format!(" --model {}", own(model).display());
        }
        command + " --write"
    }
}

fn forms(lanes: &str, portable: bool) -> Result<Vec<Form>, String> {
    let mut forms = match lanes {
        "64" => vec![FLASHED],
        "32" => vec![LANES32],
        "both" => vec![FLASHED, LANES32],
        _ => return Err(format!("--lanes is '{lanes}': expected 64, 32 or both")),
    };
    if portable {
        forms.push(PORTABLE);
    }
    Ok(forms)
}

/// The step of `cargo xtask test`.
pub(crate) fn check() -> Result<Outcome, String> {
    count(&Options::of_test())?;
    Ok(Outcome::Done)
}

/// Builds what was asked for and counts.
pub(crate) fn count(options: &Options) -> Result<(), String> {
    setup::emulators()?;
    let toolchain = setup::toolchain()?;
    run(&mut plugin()?, BUILD_LIMIT)?;
    // No package is named, so that the build is shared with that of all default members.
    let program = ["--release", "--bin", "inkbit-count"];
    run(cargo(&["build"]).args(program), BUILD_LIMIT)?;

    let mut firmwares = Vec::new();
    for board in boards::all() {
        if !options.boards.is_empty() && !options.boards.contains(&board.name) {
            continue;
        }
        for form in options.forms.iter().filter(|form| has_lanes(&board) || !form.only_lanes) {
            let is_flashed = form.cfg.is_none();
            let folder = if is_flashed { TARGET } else { FORMS };
            let mut build = toolchain.build(&board.target, "release");
            build.args(["--manifest-path", "firmware/Cargo.toml", "--target-dir", folder]);
            build.args(["--package", &board.package]);
            if let Some(cfg) = form.cfg {
                build.env("RUSTFLAGS", format!("--cfg {cfg}"));
            }
            run(&mut build, BUILD_LIMIT)?;
            let built = format!("{folder}/{}/release/{}", board.target, board.package);
            let file = if is_flashed { built } else { keep(&built, &board.package, form.name)? };
            firmwares.push(format!("{}={}={file}", board.name, form.name));
        }
    }
    if firmwares.is_empty() {
        return Err("--lanes 32 is for Cortex-M3 and up; name one of those boards".to_owned());
    }

    let mut count = cargo(&["run", "--quiet"]);
    count.args(program).args(["--", "--images", &options.images.to_string()]);
    count.args(["--command", &options.command()]);
    for firmware in &firmwares {
        count.args(["--firmware", firmware]);
    }
    for model in &options.models {
        count.arg("--model").arg(model);
    }
    count.args(options.check.then_some("--check")).args(options.write.then_some("--write"));
    run(&mut count, COUNT_LIMIT)
}

/// Copies a form of the firmware to where the next one does not replace it.
fn keep(built: &str, package: &str, form: &str) -> Result<String, String> {
    let kept = format!("{FORMS}/{package}-{form}");
    fs::copy(process::root().join(built), process::root().join(&kept))
        .map_err(|error| format!("cannot copy {built} to {kept}: {error}"))?;
    Ok(kept)
}

/// The build of the plugin, for the interface of the QEMU that is installed.
fn plugin() -> Result<Command, String> {
    let mut command = cargo(&["build", "--release", "--package", "inkbit-count-plugin"]);
    let program = boards::all().into_iter().map(|board| board.qemu.program).next();
    let version = program.and_then(|program| process::output(program, &["--version"]));
    if std::env::var_os("INKBIT_PLUGIN_API").is_none()
        && let Some(api) = version.as_deref().and_then(plugin_api)
    {
        command.env("INKBIT_PLUGIN_API", api);
    }
    Ok(command)
}

/// The version of the plugin interface to ask for, from what QEMU says of its own version; nothing
/// where the plugin's own choice is right. What the plugin uses is the same in all of them.
fn plugin_api(version: &str) -> Option<&'static str> {
    let number = version.split_once("version ")?.1;
    let major: u32 = number.split('.').next()?.parse().ok()?;
    (major < 9).then_some("1")
}

/// Whether 64-bit and 32-bit lanes are two kernels there.
fn has_lanes(board: &Board) -> bool {
    board.target.starts_with("thumbv7") || board.target.starts_with("thumbv8m.main")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &str) -> Result<Options, String> {
        let arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
        Options::parse(&arguments)
    }

    fn names(arguments: &str) -> Vec<&'static str> {
        parse(arguments).unwrap().forms.into_iter().map(|form| form.name).collect()
    }

    #[test]
    fn without_options_it_counts_what_is_flashed_on_10_000_images() {
        let options = parse("").unwrap();
        assert_eq!((options.images, options.forms.as_slice()), (10_000, &[FLASHED][..]));
        assert!(options.models[0].ends_with(MODEL) && options.boards.is_empty());
    }

    #[test]
    fn lanes_choose_the_kernel_and_portable_adds_one() {
        assert_eq!(names("--lanes 32 --portable"), ["lanes32", "portable"]);
        assert_eq!(names("--lanes both"), ["default", "lanes32"]);
    }

    #[test]
    fn the_command_in_the_tables_leads_to_the_same_options() {
        let root = process::root().join(MODEL);
        for arguments in [
            "--write",
            "--lanes both --portable --write",
            "--lanes 32 --images 7 --write",
            &format!("--model {MODEL} --model {} --write", root.display()),
            &format!("--model {} --write", root.canonicalize().unwrap().display()),
        ] {
            let options = parse(arguments).unwrap();
            let command = options.command();
            assert!(!command.contains("--model /"), "{command}");
            assert_eq!(parse(command.strip_prefix("cargo xtask count").unwrap()).unwrap(), options);
        }
    }

    #[test]
    fn what_cannot_be_is_refused_by_name_before_anything_is_built() {
        for (arguments, word) in [
            ("--board mircobit", "mircobit"),
            ("--board", "wants a value"),
            ("--images 10001", "10001"),
            ("--images few", "few"),
            ("--model no-such.inkbit", "no-such.inkbit"),
            ("--lanes 16", "16"),
            ("--fast", "--fast"),
            ("--write --board microbit", "leave out --board"),
        ] {
            let Err(message) = parse(arguments) else { panic!("{arguments} was accepted") };
            assert!(message.contains(word), "{arguments}: {message}");
        }
    }

    #[test]
    fn an_old_qemu_is_asked_for_the_first_version_of_its_interface() {
        assert_eq!(plugin_api("QEMU emulator version 7.2.13 (Debian)"), Some("1"));
        assert_eq!(plugin_api("QEMU emulator version 10.0.2 (Debian)"), None);
        assert_eq!(plugin_api("something else"), None);
    }
}
