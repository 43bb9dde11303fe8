//! Data as people have them: a folder of pictures for each class, CSV, NumPy's arrays, IDX files under
//! other names; each in a folder, a ZIP, or gzipped; and a file of forms to draw images by.
//!
//! [`read`] tells by names and first bytes what a path is. Each kind of source has a file of its own,
//! which gives parts: values and labels as they are found. These become bytes and classes in one
//! place.

mod arrays;
mod classes;
mod columns;
mod csv;
mod foreign;
mod names;
mod npy;
mod parts;
mod pictures;
mod reading;
mod rows;
mod table;
mod tree;
mod values;

use std::path::{Path, PathBuf};

use inkbit_core::{Frame, Layout, Sample};

use self::classes::Labels;
use self::parts::Parts;
pub use self::reading::{Reading, transpose};
pub use self::table::{Table, table};
use self::tree::Tree;
use super::archive::{self, ArchiveError};
use super::folder::{FILES, Files, FolderError};
use super::labels::{self, LabelsError};
use super::picture::{self, PictureError};
use super::synthetic::Class;
use super::{Dataset, SYNTHETIC_IMAGES, SYNTHETIC_SEED, Shape, import, synthetic};
use crate::support::files::FileError;
use crate::support::numbers::hex;
use crate::support::{limit, visible};

/// The side length that pictures are laid out with where no model says another.
pub const SIDE: u16 = 28;
/// What is known when a source is read.
pub struct Request<'r> {
    /// How it is read.
    pub reading: Reading,
    /// What the model takes that the data are for.
    pub shape: Option<Shape>,
    /// How pictures are laid out for it.
    pub layout: Layout,
    /// The classes of a model, by whose names labels are found.
    pub classes: Option<Vec<String>>,
    /// Gets the number of pictures that are read, and of all.
    pub progress: &'r (dyn Fn(usize, usize) + Sync),
}

impl Default for Request<'_> {
    fn default() -> Self {
        Self {
            reading: Reading::default(),
            shape: None,
            layout: Layout::mnist(SIDE),
            classes: None,
            progress: &|_, _| (),
        }
    }
}

impl Request<'_> {
    /// The images that pictures are laid out as.
    fn frame(&self) -> Frame {
        match (&self.shape, self.reading.size) {
            (Some(shape @ Shape::Image { .. }), _) => match shape.sample(self.layout) {
                // What is turned afterwards has its sides swapped before.
                Sample::Image(Frame { width, height, layout }) if self.reading.transpose => {
                    Frame { width: height, height: width, layout }
                }
                Sample::Image(frame) => frame,
                Sample::Features { .. } => Frame::mnist(SIDE),
            },
            (_, Some([width, height])) => {
                Frame { width, height, layout: Layout::mnist(width.min(height)) }
            }
            _ => Frame::mnist(SIDE),
        }
    }
}

/// A data set, and what its user should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The images.
    pub data: Dataset,
    /// What kind of source they are from.
    pub kind: &'static str,
    /// What was left out or decided, a line each.
    pub notes: Vec<String>,
}

/// A source that is no data set.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum SourceError {
    /// `fault` says what is wrong with it, and what to do.
    #[error("{} {fault}", visible::path(path))]
    Content { path: PathBuf, fault: String },
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Picture(#[from] PictureError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Labels(#[from] LabelsError),
}

impl SourceError {
    pub(super) fn content(path: &Path, fault: String) -> Self {
        Self::Content { path: path.to_owned(), fault }
    }
}

/// Reads a folder or file; none if it is neither there nor known, or a ZIP of the four IDX files.
///
/// # Errors
///
/// If it is known but cannot be used, or would take too much memory or time.
pub fn read(path: &Path, name: &str, request: &Request<'_>) -> Result<Option<Loaded>, SourceError> {
    if path.is_dir() {
        return folder(path, name, request).map(Some);
    }
    if !path.exists() {
        return set(path, name, request);
    }
    let start = limit::start(path, 1 << 10).unwrap_or_default();
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x01\x02") {
        return zip(path, name, request);
    }
    if let Some(advice) = foreign::advice(&start) {
        return Err(SourceError::content(path, advice.to_owned()));
    }
    if synthetic::is_forms(&start) {
        return forms(path, name, request).map(Some);
    }
    let tree = Tree::of_file(path);
    let is_gzipped = start.starts_with(b"\x1f\x8b");
    let is_table = csv::is_name(tree.files[0].name()) || picture::is_table(&start);
    if is_gzipped && !csv::is_name(tree.files[0].name()) {
        let fault = "is a gzip file of which the name does not say what it holds: name a table \
                     NAME.csv.gz, give the folder of IDX files, or unpack it";
        return Err(SourceError::content(path, fault.to_owned()));
    }
    if !is_table {
        return Ok(None);
    }
    csv::read(&tree, &request.reading)?.loaded(path, name, request).map(Some)
}

/// Whether a file's name is that of a data file which is no picture.
fn is_data(name: &str) -> bool {
    csv::is_name(name) || arrays::is_name(name) || names::is_name(name)
}

/// Reads a file of forms.
///
/// # Errors
///
/// If it cannot be read, or a line is wrong.
pub fn classes_of_forms(path: &Path) -> Result<Vec<Class>, SourceError> {
    let content = limit::read(path, limit::TEXT)?;
    synthetic::parse(&String::from_utf8_lossy(&content))
        .map_err(|error| SourceError::content(path, format!("is a file of forms, but {error}")))
}

/// Images that are drawn by a file of forms.
fn forms(path: &Path, name: &str, request: &Request<'_>) -> Result<Loaded, SourceError> {
    let classes = classes_of_forms(path)?;
    let (train, test) = SYNTHETIC_IMAGES;
    let mut data = synthetic::of_classes(name, &classes, train, test, SYNTHETIC_SEED);
    request.reading.scale(&mut data)?;
    if let Some(known) = &request.classes {
        by_name(path, &mut data, known)?;
    }
    Ok(Loaded { data, kind: "forms", notes: Vec::new() })
}

fn folder(path: &Path, name: &str, request: &Request<'_>) -> Result<Loaded, SourceError> {
    let is_standard = |name: String| path.join(name).is_file();
    if FILES.iter().any(|file| file.names().any(is_standard)) {
        return standard(path, name, request);
    }
    let mut tree = Tree::of_folder(path)?;
    tree.descend(is_data);
    match parts(&tree, request)? {
        Some(parts) => parts.loaded(path, name, request),
        None => {
            if let Some(link) = &tree.link {
                let fault = "is a link to a folder, which is not followed: give that folder itself";
                return Err(SourceError::content(link, fault.to_owned()));
            }
            let fault = "is empty: expected a folder for each class with pictures, a CSV, NumPy's \
                         arrays, or four IDX files";
            Err(SourceError::content(path, fault.to_owned()))
        }
    }
}

/// The four IDX files, and their labels, of which there may be more than classes with images.
fn standard(path: &Path, name: &str, request: &Request<'_>) -> Result<Loaded, SourceError> {
    let imported = import::digest(path);
    let mut data = Files::read(path)?.dataset(name)?;
    if imported.is_some_and(|digest| digest != hex(&data.digest())) {
        let fault = "holds other images than `inkbit data import` says that it wrote: another import \
                     is at work there, or files were changed; try again, and if they are as they \
                     should be, remove import.toml";
        return Err(SourceError::content(path, fault.to_owned()));
    }
    request.reading.scale(&mut data)?;
    let file = path.join(archive::LABELS);
    if file.exists() {
        let labels = labels::parse(&file, limit::read(&file, limit::TEXT)?)?;
        let found = data.classes.len();
        let whose = format!("the data {} have", visible::line(name));
        data.classes = match labels.len() {
            more if more > found && more <= classes::MOST => labels,
            _ => labels::counted(&file, labels, found, &whose)?,
        };
        if let Some(known) = &request.classes {
            by_name(path, &mut data, known)?;
        }
    }
    Ok(Loaded { data, kind: "IDX", notes: Vec::new() })
}

/// Gives images whose classes have names the numbers of a model's classes with these names.
fn by_name(path: &Path, data: &mut Dataset, known: &[String]) -> Result<(), SourceError> {
    if data.classes == known {
        return Ok(());
    }
    let refuse = |fault: String| SourceError::content(path, fault);
    let (mut labels, mut numbers) = (Labels::default(), [0; classes::MOST]);
    for (class, number) in data.classes.iter().zip(0_u8..=u8::MAX) {
        let parts = [&data.train, &data.test];
        if parts.into_iter().any(|part| part.labels.contains(&number)) {
            numbers[usize::from(number)] = labels.id(class).map_err(refuse)?;
        }
    }
    let (classes, found) = labels.classes(Some(known), false).map_err(refuse)?;
    for part in [&mut data.train, &mut data.test] {
        for label in &mut part.labels {
            *label = found[usize::from(numbers[usize::from(*label)])];
        }
    }
    data.classes = classes;
    Ok(())
}

fn zip(path: &Path, name: &str, request: &Request<'_>) -> Result<Option<Loaded>, SourceError> {
    let mut tree = Tree::of_zip(path)?;
    let is_standard = |name: &str| FILES.iter().any(|file| file.names().any(|known| known == name));
    if tree.files.iter().any(|file| is_standard(file.name())) {
        return Ok(None);
    }
    if let Some(advice) = foreign::of_zip(&tree) {
        return Err(SourceError::content(path, advice.to_owned()));
    }
    tree.descend(is_data);
    let is_known = |name: &str| is_data(name) || pictures::is_name(name);
    if !tree.files.iter().any(|file| is_known(file.name())) {
        return Ok(None);
    }
    let found = parts(&tree, request)?;
    found.map(|parts| parts.loaded(path, name, request)).transpose()
}

/// What a folder or ZIP has; none if it is empty.
fn parts(tree: &Tree, request: &Request<'_>) -> Result<Option<Parts>, SourceError> {
    if let Some(parts) = names::read(tree, None)? {
        return Ok(Some(parts));
    }
    let has = |is: fn(&str) -> bool| {
        tree.files.iter().any(|file| !file.within.contains('/') && is(file.name()))
    };
    if has(arrays::is_name) {
        return arrays::read(tree, &request.reading).map(Some);
    }
    if has(csv::is_name) {
        return csv::read(tree, &request.reading).map(Some);
    }
    if tree.files.is_empty() {
        return Ok(None);
    }
    let is_flat = tree.files.iter().all(|file| !file.within.contains('/'));
    let has_pictures = tree.files.iter().any(|file| pictures::is_name(file.name()));
    if is_flat && !has_pictures {
        let file = &tree.files[0];
        let start = tree.start(file);
        let advice = match foreign::advice(&start) {
            Some(advice) => format!("; {} {advice}", visible::line(file.name())),
            None if start.starts_with(b"PK") => {
                format!("; to read {} give it to --data itself", visible::line(file.name()))
            }
            None => String::new(),
        };
        let fault = format!(
            "has no data, but files such as {}: expected a folder for each class with pictures, a \
             CSV, NumPy's arrays, or four IDX files{advice}",
            visible::line(file.name())
        );
        return Err(SourceError::content(&tree.root, fault));
    }
    pictures::read(tree, request).map(Some)
}

/// A set of IDX files by its prefix, as in `DIR/emnist-balanced`; none if there is no such set.
fn set(path: &Path, name: &str, request: &Request<'_>) -> Result<Option<Loaded>, SourceError> {
    let (Some(folder), Some(prefix)) = (path.parent(), path.file_name()) else { return Ok(None) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Some(prefix) = prefix.to_str().filter(|_| folder.is_dir()) else { return Ok(None) };
    let tree = Tree::of_files_in(folder)?;
    let found = names::read(&tree, Some(prefix))?;
    found.map(|parts| parts.loaded(path, name, request)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classes_of_forms_are_those_of_a_model_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ticks.txt");
        std::fs::write(&path, "yes 1: 0,0 9,9\nno 1: 0,9 9,0\nclass no: 3\n").unwrap();
        let read = |known: [&str; 2]| {
            let classes = Some(known.map(str::to_owned).to_vec());
            super::read(&path, "ticks", &Request { classes, ..Request::default() })
        };
        let count = |known| {
            let data = read(known).unwrap().unwrap().data;
            assert_eq!(data.classes, known);
            data.test.labels.iter().filter(|&&label| label == 0).count()
        };
        let (no, yes) = (count(["no", "yes"]), count(["yes", "no"]));
        assert!(no > 7_000 && no + yes == 10_000, "{no} and {yes}");
        let error = read(["yes", "maybe"]).unwrap_err().to_string();
        assert!(error.contains("`no` is none of the model's classes, which are yes, maybe"));
    }
}
