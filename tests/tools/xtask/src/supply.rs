//! The dependencies: what may be linked, the notices that they ask for, and the bill of materials.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::book;
use crate::devices::ESP32_C3;
use crate::process::{cargo, output, root, run};
use crate::setup;
use crate::steps::Outcome;
use crate::trust::{Effort, Tried};

/// Builds of tools, and questions to the registry.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// What a bill of materials is called before it is moved.
const BILL: &str = "bill-of-materials";

/// The rules, for cargo-deny.
const RULES: &str = "deny.toml";

/// Workspaces whose programs people run or flash, with the package in question, if it is one, and
/// the file of notices.
const SHIPPED: [(&str, &[&str], &str); 2] = [
    ("Cargo.toml", &["--package", "inkbit"], "host/licences/command.txt"),
    ("firmware/Cargo.toml", &["--workspace"], "host/licences/firmware.txt"),
];

/// Workspaces whose programs no release has: the tools, and the ESP32-C3's firmware.
const TOOLS: &[&str] =
    &[book::MANIFEST, ESP32_C3, "tests/fuzz/Cargo.toml", "tests/tools/notebook/Cargo.toml"];

/// Holds every workspace against the rules.
pub(crate) fn rules(_: Effort) -> Result<Tried, String> {
    let mut counts = Vec::new();
    for manifest in SHIPPED.map(|(manifest, ..)| manifest).iter().chain(TOOLS) {
        counts.push((locked(manifest)?, "locked crates by licence, source and version".to_owned()));
    }
    let program = match setup::cargo_tool("cargo-deny", "0.20.2", "") {
        Ok(program) => program,
        Err(reason) => return Ok(Tried::Skipped(reason)),
    };
    for (manifest, ..) in SHIPPED {
        let checks = ["licenses", "bans", "sources"];
        run(deny(&program, manifest).args(["-A", "unmatched-skip"]).args(checks), LIMIT)?;
    }
    for manifest in TOOLS {
        run(deny(&program, manifest).arg("sources"), LIMIT)?;
    }
    Ok(Tried::Counts(counts))
}

/// Looks for known vulnerabilities, where their database can be had.
pub(crate) fn advisories(_: Effort) -> Result<Tried, String> {
    let program = match setup::cargo_tool("cargo-deny", "0.20.2", "") {
        Ok(program) => program,
        Err(reason) => return Ok(Tried::Skipped(reason)),
    };
    let fetched = Command::new(&program)
        .current_dir(root())
        .args(["--locked", "fetch", "--config", RULES, "db"])
        .output()
        .map_err(|error| format!("cannot start cargo-deny: {error}"))?;
    if !fetched.status.success() {
        return Ok(Tried::Skipped("the database of advisories cannot be had".to_owned()));
    }
    let mut crates = 0;
    for (manifest, ..) in SHIPPED {
        run(deny(&program, manifest).args(["--disable-fetch", "advisories"]), LIMIT)?;
        crates += locked(manifest)?;
    }
    Ok(Tried::Counts(vec![(crates, "crates looked up among known vulnerabilities".to_owned())]))
}

fn deny(program: &PathBuf, manifest: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).args(["--locked", "--manifest-path", manifest]);
    command.args(["--config", RULES, "check"]);
    command
}

/// How many crates a workspace's lock file names.
fn locked(manifest: &str) -> Result<u64, String> {
    let lock = root().join(manifest).with_file_name("Cargo.lock");
    let text = fs::read_to_string(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    Ok(text.lines().filter(|line| *line == "[[package]]").count() as u64)
}

/// Fails unless the notices are those of the crates that are linked.
pub(crate) fn notices(_: Effort) -> Result<Tried, String> {
    let mut count = 0;
    for (manifest, packages, file) in SHIPPED {
        let path = root().join(file);
        let text = fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
        let noticed = noticed(&text);
        let linked = linked(manifest, packages)?;
        let missing: Vec<_> = linked.difference(&noticed).map(String::as_str).collect();
        let idle: Vec<_> = noticed.difference(&linked).map(String::as_str).collect();
        if !missing.is_empty() || !idle.is_empty() {
            return Err(format!(
                "{file} lacks {missing:?}, and has {idle:?}, which is not linked; \
                 `cargo xtask licences` writes it anew"
            ));
        }
        count += linked.len() as u64;
    }
    Ok(Tried::Counts(vec![(count, "crates with their notices".to_owned())]))
}

/// Names and versions in the list at the top of a file of notices, without our own.
fn noticed(text: &str) -> BTreeSet<String> {
    let list = text.split("\n\n").nth(1).unwrap_or_default();
    let others = list.lines().filter(|line| !line.starts_with("inkbit"));
    others.filter_map(|line| Some(line.split_once(": ")?.0.to_owned())).collect()
}

/// Names and versions of what is linked, on any target, without our own.
fn linked(manifest: &str, packages: &[&str]) -> Result<BTreeSet<String>, String> {
    let mut tree = cargo(&["tree", "--manifest-path", manifest, "--edges", "normal"]);
    tree.args(["--target", "all", "--prefix", "none", "--format", "{p}"]).args(packages);
    let tree = tree.output().map_err(|error| format!("cannot start cargo: {error}"))?;
    if !tree.status.success() {
        return Err(format!("cargo tree: {}", String::from_utf8_lossy(&tree.stderr)));
    }
    // "name v1.2.3 (proc-macro)"; ours have a path in place of the last word.
    let crates = String::from_utf8_lossy(&tree.stdout)
        .lines()
        .filter(|line| !line.contains(['/', '\\']))
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some(format!("{} {}", words.next()?, words.next()?.strip_prefix('v')?))
        })
        .collect();
    Ok(crates)
}

/// Writes the notices of all linked crates anew.
pub(crate) fn licences() -> Result<Outcome, String> {
    let program = setup::cargo_tool("cargo-about", "0.9.3", "cli")?;
    for (manifest, packages, file) in SHIPPED {
        let mut about = Command::new(&program);
        about.current_dir(root()).args(["generate", "--locked", "--fail"]);
        // It names a package by its manifest.
        match packages {
            ["--workspace"] => about.args(["--workspace", "--manifest-path", manifest]),
            _ => about.args(["--manifest-path", "host/Cargo.toml"]),
        };
        about.args(["--config", "host/licences/about.toml", "--output-file", file]);
        run(about.arg("host/licences/about.hbs"), LIMIT)?;
    }
    Ok(Outcome::Done)
}

/// Writes the bills of materials of the command and of each board's firmware into `target/sbom`.
pub(crate) fn sbom() -> Result<Outcome, String> {
    let program = setup::cargo_tool("cargo-cyclonedx", "0.5.9", "")?;
    let folder = root().join("target/sbom");
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    for (manifest, ..) in SHIPPED {
        let mut bill = Command::new(&program);
        bill.current_dir(root()).args(["cyclonedx", "--format", "json", "--manifest-path"]);
        run(bill.args([manifest, "--override-filename", BILL]), LIMIT)?;
    }
    // It writes one beside the manifest of every member.
    let manifests = output("git", &["ls-files", "*Cargo.toml"]).ok_or("git lists no manifests")?;
    for manifest in manifests.lines().map(|manifest| root().join(manifest)) {
        let bill = manifest.with_file_name(format!("{BILL}.json"));
        let Some(member) = manifest.parent().filter(|_| bill.is_file()) else { continue };
        let name = member.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if member.ends_with("host") || member.join("..").join(format!("{name}.toml")).is_file() {
            fs::rename(&bill, folder.join(format!("{name}.cdx.json"))).map_err(failed)?;
        } else {
            fs::remove_file(&bill).map_err(failed)?;
        }
    }
    eprintln!("wrote {}", folder.display());
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Here too, because `trust` comes last.
    #[test]
    fn the_notices_are_of_what_is_linked() {
        assert_eq!(notices(Effort::Short).err(), None);
    }

    #[test]
    fn the_list_of_notices_ends_at_the_first_empty_line() {
        let text = "Inkbit is free.\n\ninkbit-core 0.1.0: MIT\na 1.0.0: MIT, https://a\nb-c 2.1.0: ISC\n\n---\nfor: a\n";
        let expected: BTreeSet<_> = ["a 1.0.0", "b-c 2.1.0"].map(str::to_owned).into();
        assert_eq!(noticed(text), expected);
    }
}
