//! Packages of Debian and Ubuntu.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::process::{self, output};
use crate::toolchain::find_program;

/// Limit of an installation of some 400 MB.
const APT_LIMIT: Duration = Duration::from_secs(900);

/// The list of backports that is written if the system has none.
const BACKPORTS_LIST: &str = "/etc/apt/sources.list.d/inkbit-backports.list";

/// Debian's keys, from its package debian-archive-keyring.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Installs packages on Debian or Ubuntu, as root.
pub(crate) fn install(packages: &[&str]) -> Result<(), String> {
    install_from(&[], packages)
}

/// Installs packages from the backports of this Debian release; adds them to the sources if needed.
pub(crate) fn install_from_backports(packages: &[&str]) -> Result<(), String> {
    may_install()?;
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let codename = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    let codename = codename.ok_or("/etc/os-release names no VERSION_CODENAME")?;
    let backports = format!("{codename}-backports");
    let sources = output("apt-get", &["indextargets", "--format", "$(CODENAME) $(REPO_URI)"]);
    let sources = sources.ok_or("apt-get does not list where packages come from")?;
    let source = |name: &str| {
        sources.lines().find_map(|line| line.split_once(' ').filter(|(found, _)| *found == name))
    };
    if source(&backports).is_none() {
        let (_, address) =
            source(codename).ok_or_else(|| format!("no source is for {codename}"))?;
        let key = Path::new(KEYRING).exists().then(|| format!("[signed-by={KEYRING}] "));
        let key = key.unwrap_or_default();
        fs::write(BACKPORTS_LIST, format!("deb {key}{address} {backports} main\n"))
            .map_err(|error| format!("cannot write {BACKPORTS_LIST}: {error}"))?;
    }
    install_from(&["--target-release", &backports], packages)
}

/// The command that installs packages, for people to type.
pub(crate) fn apt_line(packages: &[&str]) -> String {
    let packages = packages.join(" ");
    format!("sudo apt-get update && sudo apt-get install --no-install-recommends {packages}")
}

fn install_from(source: &[&str], packages: &[&str]) -> Result<(), String> {
    may_install()?;
    // An old list may still name what is needed.
    if let Err(error) = process::run(&mut apt(&["update"]), APT_LIMIT) {
        eprintln!("{error}\ncontinuing with the present lists");
    }
    // Removes nothing: on a conflict, another source may have a version that fits.
    let flags = ["install", "--yes", "--no-install-recommends", "--no-remove"];
    let arguments = [&flags[..], source, packages].concat();
    process::run(&mut apt(&arguments), APT_LIMIT)
        .map_err(|_| format!("apt-get could not install {}", packages.join(", ")))
}

fn may_install() -> Result<(), String> {
    if find_program("apt-get").is_none() {
        return Err("apt-get is not installed: this is not Debian or Ubuntu".to_owned());
    }
    match output("id", &["-u"]).as_deref() {
        Some("0") => Ok(()),
        _ => Err("apt-get needs root".to_owned()),
    }
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").arg("--quiet=2").args(arguments).args([
        "-oAcquire::Retries=2",
        "-oAcquire::http::Timeout=20",
        "-oAcquire::https::Timeout=20",
        "-oDPkg::Lock::Timeout=300",
    ]);
    command
}
