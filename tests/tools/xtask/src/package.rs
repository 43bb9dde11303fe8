//! What is published: packed, unpacked below the target folder, and tested there.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use crate::process::{cargo, root, run};
use crate::steps::Outcome;

const PUBLISHED: &[&str] = &["inkbit-boards", "inkbit-core", "inkbit-simd", "inkbit"];

/// The one whose tests need burn.
const HOST: &str = "inkbit";

/// What is only tested.
const UNOPTIMIZED: [&str; 3] = [HOST, "probe-rs", "probe-rs-target"];

/// What each package has beside its code.
const FILES: &[&str] = &["LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// A build on two slow cores, from nothing.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// Packs every published package and runs its tests from the packed files.
pub(crate) fn package() -> Result<Outcome, String> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let target = root().join(target);
    let (packed, unpacked) = (target.join("packages"), target.join("packages/unpacked"));
    // The verification of `cargo package` itself would build burn once more.
    let mut pack = cargo(&["package", "--no-verify", "--allow-dirty", "--quiet", "--target-dir"]);
    pack.arg(&packed);
    PUBLISHED.iter().for_each(|name| {
        pack.args(["--package", name]);
    });
    run(&mut pack, LIMIT)?;

    let failed = |error: std::io::Error| format!("{}: {error}", unpacked.display());
    if unpacked.exists() {
        fs::remove_dir_all(&unpacked).map_err(failed)?;
    }
    fs::create_dir(&unpacked).map_err(failed)?;
    for name in PUBLISHED {
        let folder = folder(name);
        let file = packed.join("package").join(format!("{folder}.crate"));
        // With the present time: that of a packed file is always the same, and cargo builds by it.
        run(Command::new("tar").arg("-xzmf").arg(file).arg("-C").arg(&unpacked), LIMIT)?;
        let missing = FILES.iter().find(|file| !unpacked.join(&folder).join(file).is_file());
        if let Some(file) = missing {
            return Err(format!("{name} is packed without {file}"));
        }
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).map_err(failed)?;
    fs::write(unpacked.join("Cargo.toml"), workspace(&manifest)).map_err(failed)?;
    fs::copy(root().join("Cargo.lock"), unpacked.join("Cargo.lock")).map_err(failed)?;

    let test = |arguments: &[&str]| {
        // Not as locked: the lock file has members that are not published.
        let mut test = cargo(&[]);
        test.args(["test", "--release", "--quiet", "--target-dir"]).arg(&target);
        run(test.args(arguments).current_dir(&unpacked), LIMIT)
    };
    test(&["--workspace", "--exclude", HOST])?;
    // Its examples and its command are tested in the checkout. Debug probes, which a feature brings, are
    // here, where nothing of them is optimized.
    test(&["--package", HOST, "--lib", "--features", "probe"])?;
    Ok(Outcome::Done)
}

/// The folder that a package is unpacked to. All have one version.
fn folder(name: &str) -> String {
    format!("{name}-{}", env!("CARGO_PKG_VERSION"))
}

/// A workspace of the unpacked packages, with the profiles of the checkout so that burn is not
/// built twice. Code that is only tested is not optimized.
fn workspace(manifest: &str) -> String {
    let profiles = manifest.find("[profile.").map_or("", |start| &manifest[start..]);
    let members: Vec<String> = PUBLISHED.iter().map(|name| folder(name)).collect();
    let patches: String = PUBLISHED
        .iter()
        .map(|name| format!("{name} = {{ path = \"{}\" }}\n", folder(name)))
        .collect();
    format!(
        "[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n[patch.crates-io]\n{patches}\n\
         {profiles}\n{}",
        UNOPTIMIZED
            .map(|name| format!("[profile.release.package.{name}]\nopt-level = 0\n"))
            .concat()
    )
}
