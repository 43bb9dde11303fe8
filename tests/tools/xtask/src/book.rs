//! The book, and the figures that stand in it and in the README.

use std::time::Duration;

use crate::process::{cargo, run};
use crate::steps::Outcome;

/// mdBook from nothing, on two slow cores.
const BUILD_LIMIT: Duration = Duration::from_secs(10 * 60);

/// The program that builds it, a workspace of its own.
pub(crate) const MANIFEST: &str = "tests/tools/book/Cargo.toml";

/// The book's program: its tests, its lints, or its run.
pub(crate) fn program(action: &str) -> std::process::Command {
    cargo(&[action, "--quiet", "--manifest-path", MANIFEST, "--target-dir", "target/tools/book"])
}

/// Builds the book into `target/book` and checks the links of all pages.
pub(crate) fn book() -> Result<Outcome, String> {
    run(&mut program("test"), BUILD_LIMIT)?;
    run(&mut program("run"), BUILD_LIMIT)?;
    Ok(Outcome::Done)
}

/// Writes what the blobs and the counted instructions say into the pages that show it.
pub(crate) fn figures() -> Result<Outcome, String> {
    // The features of all default members, so that nothing is built twice.
    let mut command = cargo(&["test", "--release", "--test", "tests", "figures"]);
    run(command.env("INKBIT_BLESS", "1"), BUILD_LIMIT)?;
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use crate::cli;
    use crate::process::root;

    /// The pages that tell people what to type.
    fn pages() -> Vec<PathBuf> {
        let names = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "firmware/README.md"];
        let mut pages: Vec<PathBuf> = names.iter().map(|name| root().join(name)).collect();
        let book = fs::read_dir(root().join("docs/src")).unwrap();
        pages.extend(book.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()));
        pages
    }

    #[test]
    fn every_command_that_the_pages_give_is_one() {
        let mut found = 0;
        for page in pages() {
            let text = fs::read_to_string(&page).unwrap();
            for command in text.split("cargo xtask ").skip(1) {
                let end = command.find(|c| "`\n#&|".contains(c)).unwrap_or(command.len());
                let words = command[..end].split_whitespace().map(str::to_owned);
                let words: Vec<String> = words.collect();
                let parsed = cli::parse(&words).err();
                assert_eq!(parsed, None, "{}: cargo xtask {}", page.display(), words.join(" "));
                found += 1;
            }
        }
        assert!(found > 10, "{found} commands");
    }
}
