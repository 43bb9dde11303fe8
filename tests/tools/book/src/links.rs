//! Links of Markdown files and of HTML pages: whether the file is there, and the place in it.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context, Result};
use mdbook_markdown::pulldown_cmark::{Event, Tag, TagEnd};
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};
use regex::Regex;

/// What links to others, and what others can link to.
#[derive(Debug, Default)]
struct Document {
    /// Line and destination of each link.
    links: Vec<(usize, String)>,
    /// What may stand behind `#`.
    anchors: HashSet<String>,
    /// Lines with a command to mdBook that it has not understood.
    commands: Vec<usize>,
}

/// Says of every broken link in these files where it stands and what is missing.
pub(crate) fn check(files: &[PathBuf]) -> Result<Vec<String>> {
    let mut documents = HashMap::new();
    for file in files {
        documents.insert(file.clone(), read(file)?);
    }
    let mut faults = Vec::new();
    for file in files {
        let document = &documents[file];
        let shown = file.display();
        for (line, link) in &document.links {
            if let Some(fault) = fault(file, link, &documents) {
                faults.push(format!("{shown}:{line}: {link}: {fault}"));
            }
        }
        let unknown = |line| format!("{shown}:{line}: mdBook has not understood this command");
        faults.extend(document.commands.iter().map(unknown));
    }
    Ok(faults)
}

/// What is wrong with a link.
fn fault(file: &Path, link: &str, documents: &HashMap<PathBuf, Document>) -> Option<String> {
    static ELSEWHERE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("^([a-z][a-z0-9+.-]*:|//)").expect("a regular expression"));
    if ELSEWHERE.is_match(link) {
        return None;
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let path = path.replace("%2E", ".").replace("%20", " ");
    let target = if path.is_empty() { file.to_owned() } else { file.parent()?.join(path) };
    let Ok(target) = target.canonicalize() else {
        return Some("there is no such file".to_owned());
    };
    let document = documents.get(&target)?;
    let is_missing = !anchor.is_empty() && !document.anchors.contains(anchor);
    is_missing.then(|| format!("there is no heading #{anchor} in that file"))
}

fn read(file: &Path) -> Result<Document> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let is_html = file.extension().is_some_and(|extension| extension == "html");
    Ok(if is_html { html(&text, 1) } else { markdown(&text) })
}

fn html(text: &str, first_line: usize) -> Document {
    static LINK: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"\b(href|src|id)="([^"]*)""#).expect("a regular expression"));
    let line = |at| first_line + text[..at].matches('\n').count();
    let mut document = Document::default();
    for found in LINK.captures_iter(text) {
        let value = found[2].replace("&amp;", "&");
        if &found[1] == "id" {
            document.anchors.insert(value);
        } else {
            document.links.push((line(found.get_match().start()), value));
        }
    }
    document.commands = text.match_indices("{{#").map(|(at, _)| line(at)).collect();
    document
}

fn markdown(text: &str) -> Document {
    let mut document = Document::default();
    let mut heading = None;
    for (event, range) in new_cmark_parser(text, &MarkdownOptions::default()).into_offset_iter() {
        let line = || 1 + text[..range.start].matches('\n').count();
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                document.links.push((line(), dest_url.into_string()));
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(part) | Event::Code(part) => {
                if let Some(heading) = &mut heading {
                    *heading += &part;
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let name = anchor(&heading.take().unwrap_or_default());
                let numbered = (1..).map(|number| format!("{name}-{number}"));
                let mut names = std::iter::once(name.clone()).chain(numbered);
                let free = names.find(|name| !document.anchors.contains(name));
                document.anchors.extend(free);
            }
            Event::Html(part) | Event::InlineHtml(part) => {
                let part = html(&part, line());
                document.links.extend(part.links);
                document.anchors.extend(part.anchors);
            }
            _ => {}
        }
    }
    document
}

/// A heading's name behind `#`, by the rule that mdBook and the sites for repositories share.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two files in a folder of their own, and what is wrong with the links of the first.
    fn faults(name: &str, text: &str) -> Vec<String> {
        let folder =
            std::env::temp_dir().join(format!("inkbit-links-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let folder = folder.canonicalize().unwrap();
        fs::write(folder.join(name), text).unwrap();
        fs::write(folder.join("other.md"), "# A `b`, c\n\n## Twice\n\n## Twice\n").unwrap();
        let files = [folder.join(name), folder.join("other.md")];
        let found = check(&files).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        found.iter().map(|fault| fault.rsplit_once(&format!("{name}:")).unwrap().1.into()).collect()
    }

    #[test]
    fn sound_links_of_markdown_pass_and_broken_ones_are_named_with_their_line() {
        let text = "# Here\n[a](other.md#a-b-c) [b](other.md#twice-1) [c](#here) <https://x.org>\n\n\
                    [d](gone.md)\n[e](other.md#twice-2) ![f](gone.png)\n<a href=\"gone\">g</a>\n";
        assert_eq!(
            faults("page.md", text),
            [
                "4: gone.md: there is no such file",
                "5: other.md#twice-2: there is no heading #twice-2 in that file",
                "5: gone.png: there is no such file",
                "6: gone: there is no such file",
            ]
        );
    }

    #[test]
    fn broken_links_of_a_page_and_commands_left_in_it_are_named() {
        let text = "<h1 id=\"here\">\n<a href=\"#here\"><a href=\"other%2Emd#twice\">\n\
                    <img src=\"gone.svg\">\n{{#include gone.md}}\n";
        assert_eq!(
            faults("page.html", text),
            ["3: gone.svg: there is no such file", "4: mdBook has not understood this command",]
        );
    }
}
