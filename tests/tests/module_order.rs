//! Which modules of `host` and `core` use which: data flows one way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A module, or what is in one, by the names on the way to it from the crate's root.
type Names = Vec<String>;

/// The modules of a crate, a file each, and what they use. Tests within a file are left out.
#[derive(Default)]
struct Crate {
    modules: BTreeSet<Names>,
    /// What a module's `use` declarations bring into it: the name there, and where it comes from.
    brought: BTreeMap<(Names, String), Names>,
    /// A module, what it names, and the line where it does.
    uses: Vec<(Names, Names, String)>,
}

/// A use of one module by another that lies beside it in `folder`.
struct Edge<'c> {
    folder: &'c [String],
    user: &'c str,
    used: String,
    line: &'c str,
}

impl Crate {
    fn read(name: &str) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src");
        let (mut found, mut files) = (Self::default(), Vec::new());
        found.find(&source, &[], &mut files);
        for (module, file) in files {
            let text = fs::read_to_string(&file).unwrap();
            let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
            let lines = text[..end].lines().map(|line| line.split("//").next().unwrap());
            let code = lines.collect::<Vec<_>>().join("\n");
            found.scan(&module, &file.strip_prefix(&source).unwrap().display().to_string(), &code);
        }
        found
    }

    fn find(&mut self, folder: &Path, module: &[String], files: &mut Vec<(Names, PathBuf)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            let child = [module, &[name.to_owned()]].concat();
            if ["lib", "mod"].contains(&name) {
                files.push((module.to_owned(), path));
            } else if name != "main" {
                self.modules.insert(child.clone());
                match path.is_dir() {
                    true => self.find(&path, &child, files),
                    false => files.push((child, path)),
                }
            }
        }
    }

    /// Notes every path in the code that leads through this crate.
    fn scan(&mut self, module: &[String], file: &str, code: &str) {
        let mut rest = code;
        while let Some(start) = rest.find(is_of_name) {
            let line = code[..code.len() - rest.len() + start].matches('\n').count() + 1;
            let word = &rest[start..];
            let is_use = word.starts_with("use ");
            let mut paths = Vec::new();
            rest = tree(&mut Names::new(), word.trim_start_matches("use "), &mut paths);
            for path in paths {
                let Some(path) = self.absolute(module, &path) else { continue };
                let shown = format!("{file}, line {line}: {}", path.join("::"));
                if is_use {
                    let name = path.last().cloned().unwrap_or_default();
                    self.brought.insert((module.to_owned(), name), path.clone());
                }
                self.uses.push((module.to_owned(), path, shown));
            }
        }
    }

    /// A path from the root, if it begins with `crate`, `self`, `super` or a module in this one.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Names> {
        let supers = path.iter().take_while(|part| *part == "super").count();
        let (base, rest) = match path[0].as_str() {
            "crate" => (&[][..], &path[1..]),
            "self" => (module, &path[1..]),
            "super" => (&module[..module.len().checked_sub(supers)?], &path[supers..]),
            _ if self.modules.contains(&[module, &path[..1]].concat()) => (module, path),
            _ => return None,
        };
        Some([base, rest].concat())
    }

    /// The module that a path leads to, also where another one hands its names on.
    fn resolve(&self, path: &[String]) -> Names {
        let mut module = Names::new();
        for (index, part) in path.iter().enumerate() {
            let child = [&module[..], std::slice::from_ref(part)].concat();
            let brought = self.brought.get(&(module.clone(), part.clone()));
            match brought.filter(|path_there| **path_there != path[..=index]) {
                _ if self.modules.contains(&child) => module = child,
                Some(path_there) => return self.resolve(path_there),
                None => break,
            }
        }
        module
    }

    /// A folder's own file counts as no module beside those in it.
    fn edges(&self) -> Vec<Edge<'_>> {
        self.uses
            .iter()
            .filter_map(|(user, path, line)| {
                let used = self.resolve(path);
                let common = user.iter().zip(&used).take_while(|(a, b)| a == b).count();
                let (user, folder) = (user.get(common)?, &user[..common]);
                Some(Edge { folder, user, used: used.get(common)?.clone(), line })
            })
            .collect()
    }

    /// The lines by which modules of a folder use each other in a circle.
    fn circles(&self) -> Vec<&str> {
        let edges = self.edges();
        let is_in_circle = |edge: &&Edge<'_>| {
            let beside = || edges.iter().filter(|other| other.folder == edge.folder);
            let mut reached = BTreeSet::from([&*edge.used]);
            while let Some(next) = beside()
                .find(|other| reached.contains(other.user) && !reached.contains(&*other.used))
            {
                reached.insert(&next.used);
            }
            reached.contains(edge.user)
        };
        edges.iter().filter(is_in_circle).map(|edge| edge.line).collect()
    }
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Takes `a::{b, c::d}` apart into paths, and gives what follows.
fn tree<'c>(before: &mut Names, code: &'c str, paths: &mut Vec<Names>) -> &'c str {
    let code = code.trim_start();
    if let Some(mut rest) = code.strip_prefix('{') {
        while !rest.trim_start().starts_with('}') {
            rest = tree(before, rest, paths).trim_start().trim_start_matches(',');
        }
        return &rest.trim_start()[1..];
    }
    let end = code.find(|c| !is_of_name(c) && c != '*').unwrap_or(code.len());
    before.push(code[..end].to_owned());
    let mut rest = &code[end..];
    if let Some(inner) = rest.strip_prefix("::") {
        rest = tree(before, inner, paths);
    } else {
        paths.push(before.clone());
    }
    before.pop();
    rest
}

#[test]
fn a_folder_of_the_host_uses_only_those_before_it_in_the_drawing() {
    let host = Crate::read("host");
    let read = |file: &str| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        fs::read_to_string(root.join(file)).unwrap()
    };
    let docs = read("host/src/lib.rs").replace("//! ", "");
    let drawing = docs.split("```").nth(1).unwrap().trim_start_matches("text");
    assert!(read("ARCHITECTURE.md").contains(drawing), "ARCHITECTURE.md has another drawing");
    let order: Vec<&str> = drawing.split('→').map(str::trim).collect();
    let place = |module: &str| order.iter().position(|drawn| *drawn == module);
    let folders = host.modules.iter().filter(|module| module.len() == 1);
    let missing: Vec<&Names> = folders.filter(|module| place(&module[0]).is_none()).collect();
    assert!(missing.is_empty(), "not drawn in lib.rs: {missing:?}");
    let edges = host.edges();
    let back = edges.iter().filter(|edge| edge.folder.is_empty());
    let back = back.filter(|edge| place(&edge.used) > place(edge.user)).map(|edge| edge.line);
    let back: Vec<&str> = back.collect();
    assert!(back.is_empty(), "uses what comes later in the drawing:\n{}", back.join("\n"));
}

fn assert_no_circle(name: &str) {
    let found = Crate::read(name);
    let circles = found.circles();
    assert!(circles.is_empty(), "each of these is part of a circle:\n{}", circles.join("\n"));
}

#[test]
fn files_of_a_folder_of_the_host_use_each_other_in_no_circle() {
    assert_no_circle("host");
}

#[test]
fn files_of_a_folder_of_the_core_use_each_other_in_no_circle() {
    assert_no_circle("core");
}
