//! A folder for each class, with pictures.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::classes::MOST;
use super::parts::{Part, Parts};
use super::rows::Rows;
use super::tree::{Member, Tree};
use super::values::Values;
use super::{Request, SourceError};
use crate::data::picture::{self, PictureError};
use crate::support::numbers::counted;
use crate::support::{parallel, visible};

/// The longest file of a picture in bytes, of which each core holds one.
const LONGEST: u64 = 32 << 20;
/// Pictures that a note names.
const NAMED: usize = 3;

/// The two parts, if folders have their names.
const PARTS: [&str; 2] = ["train", "test"];

/// Whether a file's name is that of a picture that can be read.
pub(super) fn is_name(name: &str) -> bool {
    const ENDS: [&str; 11] =
        ["png", "jpg", "jpeg", "bmp", "gif", "webp", "tif", "tiff", "pgm", "ppm", "pnm"];
    let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
    end.is_some_and(|end| ENDS.contains(&&*end))
}

/// The pictures of a part by the names of their classes.
type Classes<'t> = BTreeMap<(Option<u64>, String), Vec<&'t Member>>;

/// Reads the pictures of a tree.
pub(super) fn read(tree: &Tree, request: &Request<'_>) -> Result<Parts, SourceError> {
    let mut parts = Parts { kind: "pictures by class", ..Parts::default() };
    let [train, test] = listed(tree, &mut parts.notes)?;
    let names = train.keys().chain(test.keys());
    // In the order of the classes, not of the pictures.
    let names: BTreeMap<_, _> = names.map(|key| (key.clone(), ())).collect();
    if names.len() > MOST {
        let found = names.len();
        let fault = format!("has folders of {found} classes, the limit is {MOST}: give fewer");
        return Err(SourceError::content(&tree.root, fault));
    }
    for (_, name) in names.keys() {
        parts.labels.id(name).map_err(|fault| SourceError::content(&tree.root, fault))?;
    }
    let total = [&train, &test].iter().flat_map(|part| part.values()).map(Vec::len).sum();
    let done = AtomicUsize::new(0);
    let mut blank = Vec::new();
    let mut size = None;
    for (classes, part) in [(train, &mut parts.train), (test, &mut parts.test)] {
        if classes.values().all(Vec::is_empty) {
            continue;
        }
        let mut files = Vec::new();
        // The first of each class, then the second: every part of the images has all classes.
        let longest = classes.values().map(Vec::len).max().unwrap_or_default();
        let mut ids = Vec::new();
        for (_, name) in classes.keys() {
            ids.push(parts.labels.id(name).map_err(|f| SourceError::content(&tree.root, f))?);
        }
        for row in 0..longest {
            for (files_of_class, &id) in classes.values().zip(&ids) {
                files.extend(files_of_class.get(row).map(|file| (*file, id)));
            }
        }
        let failed = AtomicBool::new(false);
        let images = parallel::map(files.len(), |number| {
            // The first that fails ends it all: those after it may take minutes.
            if failed.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let image = pixels(tree, files[number].0, request);
            failed.fetch_or(image.is_err(), Ordering::Relaxed);
            (request.progress)(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            image
        });
        let (mut values, mut labels) = (Vec::new(), Vec::new());
        for ((file, id), image) in files.into_iter().zip(images) {
            let Some((found, image)) = image? else {
                blank.push(file);
                continue;
            };
            let expected = *size.get_or_insert(found);
            if found != expected {
                let [found, expected] = [found, expected].map(Rows::Images);
                return Err(SourceError::content(
                    &file.path,
                    format!(
                        "is of {found}, others of {expected}: with --as-is all must have one size"
                    ),
                ));
            }
            values.extend(image);
            labels.push(id);
        }
        if !labels.is_empty() {
            let rows = Rows::Images(size.unwrap_or_default());
            *part = Some(Part { rows, values: Values::of_bytes(values), labels });
        }
    }
    let shown: Vec<String> =
        blank.iter().take(NAMED).map(|file| visible::path(&file.path)).collect();
    let more = if blank.len() > NAMED { ", ..." } else { "" };
    if parts.train.is_none() && parts.test.is_none() {
        let fault = match blank.is_empty() {
            true => "has no pictures in the folders of its classes".to_owned(),
            false => format!("has no picture with a digit on it; nothing on {}{more}", shown[0]),
        };
        return Err(SourceError::content(&tree.root, fault));
    }
    if !blank.is_empty() {
        parts.notes.push(format!(
            "{} without a digit left out: {}{more}",
            counted(blank.len(), "picture", "pictures"),
            shown.join(", ")
        ));
    }
    Ok(parts)
}

/// Finds the pictures to train on and to test on.
fn listed<'t>(tree: &'t Tree, notes: &mut Vec<String>) -> Result<[Classes<'t>; 2], SourceError> {
    let refuse =
        |path: &std::path::Path, fault: &str| Err(SourceError::content(path, fault.to_owned()));
    if !tree.is_whole {
        return refuse(&tree.root, "has more files than can be read: split it");
    }
    let part_of = |top: &str| PARTS.iter().position(|part| top.eq_ignore_ascii_case(part));
    let has_parts = tree.files.iter().any(|file| {
        let mut names = file.within.split('/');
        names.next().and_then(part_of).is_some() && names.count() == 2
    });
    let mut classes: [Classes<'t>; 2] = Default::default();
    let mut ignored = 0;
    for file in &tree.files {
        let names: Vec<&str> = file.within.split('/').collect();
        let (part, class) = match (has_parts, &names[..]) {
            (_, [_]) if !is_name(file.name()) => {
                ignored += 1;
                continue;
            }
            (false, [_]) => {
                return refuse(
                    &file.path,
                    "lies in no folder of a class: put it into one that is named as its class, \
                     such as 3/",
                );
            }
            (false, [class, _]) => (0, *class),
            (true, [top, class, _]) => match part_of(top) {
                Some(part) => (part, *class),
                None => {
                    return refuse(&file.path, "lies beside the parts train and test: move it");
                }
            },
            (true, _) => {
                return refuse(
                    &file.path,
                    "lies in no folder of a class: where there are parts it must be in one such \
                     as train/3/",
                );
            }
            (false, _) => {
                return refuse(
                    &file.path,
                    "lies too deep: expected a folder for each class, with its pictures, and \
                     around them at most train and test",
                );
            }
        };
        classes[part].entry(name(class)).or_default().push(file);
    }
    // A class without pictures is one, too.
    for folder in &tree.folders {
        let (part, class) = match (has_parts, folder.split_once('/')) {
            (false, None) => (0, folder.as_str()),
            (true, Some((top, class))) if !class.contains('/') => match part_of(top) {
                Some(part) => (part, class),
                None => continue,
            },
            _ => continue,
        };
        classes[part].entry(name(class)).or_default();
    }
    if ignored > 0 {
        let files = counted(ignored, "file", "files");
        notes.push(format!("{files} beside the folders of the classes left out"));
    }
    if let Some(link) = &tree.link {
        notes.push(format!("{} is a link to a folder, which is not followed", visible::path(link)));
    }
    Ok(classes)
}

/// A class as it is shown and sorted: numbers by value.
fn name(folder: &str) -> (Option<u64>, String) {
    let name = visible::line(folder.trim());
    (name.parse().ok(), name)
}

/// The size of a picture, and its pixels.
type Taken = ([usize; 2], Vec<u8>);

/// The size and the pixels of a picture; none if nothing is on it.
fn pixels(tree: &Tree, file: &Member, request: &Request<'_>) -> Result<Option<Taken>, SourceError> {
    let content = tree.read(file, LONGEST)?;
    let [size, work] = picture::pixels(&content);
    let kept = if request.reading.as_is { size } else { request.frame().pixels() as u64 };
    // Before they are decoded: that is what takes the time.
    if let Some(fault) = tree.count_pixels(work, kept) {
        return Err(SourceError::content(&tree.root, fault.to_owned()));
    }
    let found = match request.reading.as_is {
        true => picture::as_is(&file.path, content),
        false => picture::one(&file.path, content, request.frame()),
    };
    let found = match found {
        Err(PictureError::NoInk { .. } | PictureError::Crowded { .. }) => return Ok(None),
        found => found?,
    };
    let size = [found.width, found.height];
    let fault = match Rows::Images(size).check() {
        Ok(_) => return Ok(Some((size, found.values))),
        Err(_) => format!(
            "has {}×{} pixels, but --as-is takes up to {2}×{2}: leave out --as-is, which finds the \
             digit and scales it",
            found.width,
            found.height,
            inkbit_core::MAX_SIDE
        ),
    };
    Err(SourceError::content(&file.path, fault))
}
