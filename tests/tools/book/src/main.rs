//! Builds the book in `docs` into `target/book` and checks every link: in the built pages, and in
//! all Markdown files of the repository, which are also read without the book.
//!
//! Nothing is asked of the network: addresses of other sites are not checked.

mod links;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use mdbook_driver::MDBook;
use regex::{Captures, Regex};

/// Folders that hold other people's files or built ones.
const LEFT_OUT: [&str; 4] = ["node_modules", "target", "runs", "venv"];

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").canonicalize()?;
    let built = build(&root)?;
    let mut files = find(&built, "html")?;
    let pages = files.len();
    files.extend(find(&root, "md")?);
    let faults = links::check(&files)?;
    for fault in &faults {
        eprintln!("{}", fault.replace(&format!("{}/", root.display()), ""));
    }
    ensure!(faults.is_empty(), "{} links lead nowhere", faults.len());
    let (others, built) = (files.len() - pages, built.display());
    println!("{pages} pages in {built}/index.html, {others} Markdown files: all links are sound");
    Ok(())
}

/// Builds the book and returns its folder.
fn build(root: &Path) -> Result<PathBuf> {
    let mut book = MDBook::load(root.join("docs"))?;
    let repository = book.config.html_config().and_then(|html| html.git_repository_url);
    book.book.for_each_chapter_mut(|chapter| {
        chapter.content = leave_the_book(&chapter.content, repository.as_deref());
    });
    book.build()?;
    Ok(book.build_dir_for("html").canonicalize()?)
}

/// Makes the links out of the book lead to the repository's site, or where it has none to the file
/// in the checkout, which is two folders above `target/book` as above `docs/src`. There mdBook must
/// not see the extension `.md`, which it would turn into `.html`.
fn leave_the_book(text: &str, repository: Option<&str>) -> String {
    let link = Regex::new(r"(!?)(\[[^\]]*\])\(\.\./\.\./([^)#]*)").expect("the tests use it");
    let replaced = link.replace_all(text, |found: &Captures<'_>| {
        let (image, text, path) = (&found[1], &found[2], &found[3]);
        match repository {
            Some(url) => {
                let kind = if image.is_empty() { "blob" } else { "raw" };
                format!("{image}{text}({}/{kind}/main/{path}", url.trim_end_matches('/'))
            }
            None => format!("{image}{text}(../../{}", path.replace(".md", "%2Emd")),
        }
    });
    replaced.into_owned()
}

/// All files below `folder` with this extension, in order.
fn find(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if !name.starts_with('.') && !LEFT_OUT.contains(&&*name) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_out_of_the_book_lead_into_the_repository() {
        let text = "[a](../../core/FORMAT.md#data) [b](train.md) ![c](../../c.png)";
        let local = "[a](../../core/FORMAT%2Emd#data) [b](train.md) ![c](../../c.png)";
        assert_eq!(leave_the_book(text, None), local);
        let site = "[a](https://x.org/i/blob/main/core/FORMAT.md#data) [b](train.md) \
                    ![c](https://x.org/i/raw/main/c.png)";
        assert_eq!(leave_the_book(text, Some("https://x.org/i/")), site);
    }
}
