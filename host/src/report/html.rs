//! The report as one HTML file and a folder of pictures.

use std::borrow::Borrow;
use std::fs;
use std::path::{Path, PathBuf};

use askama::Template;
use inkbit_core::blob::crc32;

use super::facts::Facts;
use super::plot::{self, Picture, theme};
use super::summary::{self, Point};
use crate::config::Keep;
use crate::device::cost::Cost;
use crate::support::files::{self, FileError};
use crate::support::numbers;
use crate::train::history::{End, Epoch};

/// Everything in one file: no network, no script.
#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    facts: &'a Facts<'a>,
    style: String,
    summary: Vec<Point>,
    training: Option<TrainingPart>,
    confusion: Picture,
    samples: Picture,
    worst: Option<Picture>,
    weights: Picture,
    differences: Option<Picture>,
    differences_words: String,
    activity: Picture,
    calibration: Picture,
}

/// Curves and what they end in.
struct TrainingPart {
    loss: Picture,
    accuracy: Picture,
    best: Epoch,
    why: &'static str,
    end: &'static str,
    epochs: String,
    /// What the curve of the accuracy shows.
    accuracy_words: &'static str,
    seconds: f32,
}

/// Names of all pictures that a report may have.
const NAMES: [&str; 9] = [
    "loss",
    "accuracy",
    "confusion",
    "samples",
    "worst",
    "weights",
    "logit-differences",
    "activity",
    "calibration",
];

/// By which a report is known.
const MARK: &str = "<meta name=\"generator\" content=\"inkbit ";

/// A place that a report cannot be written to.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// A file that is no report.
    #[error(
        "{} exists and is not an Inkbit report; it was not replaced: give another name, or remove \
         it", .0.display()
    )]
    Occupied(PathBuf),
    /// A folder.
    #[error("{} is a folder: give the name of an HTML file to write", .0.display())]
    Folder(PathBuf),
    /// A file where the pictures go.
    #[error(
        "{} is a file, but the report's pictures go into a folder of that name: give another name \
         with -o, or remove it", .0.display()
    )]
    Pictures(PathBuf),
    /// A file among the pictures that is none of them.
    #[error(
        "{} was not written by a report, but is in the folder that its pictures replace: give \
         another name with -o, or move it away", .0.display()
    )]
    Foreign(PathBuf),
    /// Not the name of a page: it decides the name of the folder with the pictures.
    #[error("{} is not named as a page: give a name that ends in .html", .0.display())]
    Name(PathBuf),
    /// The folder cannot be written to.
    #[error(transparent)]
    File(#[from] FileError),
}

/// A finished report.
#[derive(Clone, Debug)]
pub struct Report {
    /// The page.
    pub html: String,
    /// Its pictures, in order.
    pub pictures: Vec<Picture>,
}

impl Report {
    /// Draws and writes everything.
    ///
    /// # Panics
    ///
    /// Never: a page of text and numbers can be written to memory.
    #[must_use]
    pub fn new(facts: &Facts<'_>) -> Self {
        let side = facts.data.test.side;
        let worst = facts.worst();
        let page = Page {
            facts,
            style: theme::style_sheet(),
            summary: summary::summary(facts),
            training: training(facts),
            confusion: plot::confusion(&facts.result),
            samples: plot::samples("samples", "Test images", side, &facts.samples()),
            worst: (!worst.is_empty()).then(|| {
                plot::samples("worst", "Wrong predictions, the most confident first", side, &worst)
            }),
            weights: plot::weights(facts.model, &facts.result.classes),
            differences: facts.cost.as_ref().map(|cost| plot::logit_differences(&cost.differences)),
            differences_words: Page::margin_words(facts),
            activity: plot::activity(&facts.activity),
            calibration: plot::calibration(&facts.calibration),
        };
        let html = page.render().expect("a text takes all that is written");
        Self { html, pictures: page.into_pictures() }
    }

    /// Writes the pictures into a folder beside the page, which replaces one that is there, and
    /// then the page. Pictures and page change places with old ones when all is written.
    ///
    /// # Errors
    ///
    /// [`FileError`].
    pub fn save(&self, page: &Path) -> Result<(), FileError> {
        let folder = pictures_folder(page);
        let failed = || FileError::at("write into", files::folder_of(page));
        let mut beside = tempfile::Builder::new();
        let beside = beside.prefix(".inkbit-").tempdir_in(files::folder_of(page));
        let beside = beside.map_err(failed())?;
        let (new, old) = (beside.path().join("new"), beside.path().join("old"));
        files::create_folder(&new)?;
        for picture in &self.pictures {
            let path = new.join(picture.name);
            files::write(&path.with_extension("svg"), picture.file().as_bytes())?;
            if let Some(png) = &picture.png {
                files::write(&path.with_extension("png"), png)?;
            }
        }
        if folder.exists() {
            fs::rename(&folder, &old).map_err(FileError::at("replace", &folder))?;
        }
        fs::rename(&new, &folder).map_err(FileError::at("write", &folder))?;
        files::write(page, self.html.as_bytes())
    }
}

/// Refuses names that are no page's, to replace what is not a report or not its pictures, and a
/// folder that cannot be written to: before anything is computed.
///
/// # Errors
///
/// [`PageError`].
pub fn check_replaceable(page: &Path) -> Result<(), PageError> {
    if page.is_dir() {
        return Err(PageError::Folder(page.to_owned()));
    }
    if page.is_file() && !is_report(&files::read(page)?) {
        return Err(PageError::Occupied(page.to_owned()));
    }
    if page.extension().is_none_or(|extension| extension != "html") {
        return Err(PageError::Name(page.to_owned()));
    }
    let pictures = pictures_folder(page);
    if pictures.exists() && !pictures.is_dir() {
        return Err(PageError::Pictures(pictures));
    }
    if pictures.is_dir()
        && let Some(foreign) = foreign_file(&pictures)?
    {
        return Err(PageError::Foreign(foreign));
    }
    Ok(files::check_writable(files::folder_of(page))?)
}

/// What in a folder of pictures no report has written, if there is anything.
fn foreign_file(folder: &Path) -> Result<Option<PathBuf>, FileError> {
    let read = || FileError::at("read", folder);
    for entry in fs::read_dir(folder).map_err(read())? {
        let path = entry.map_err(read())?.path();
        let is = |ending: &str| path.extension().is_some_and(|extension| extension == ending);
        let known = path.file_stem().is_some_and(|name| NAMES.iter().any(|known| name == *known));
        let own = known
            && (is("png") || is("svg") && files::read(&path)?.starts_with(plot::BEGIN.as_bytes()));
        if !own {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn is_report(content: &[u8]) -> bool {
    let start = &content[..content.len().min(1024)];
    start.is_empty() || start.windows(MARK.len()).any(|bytes| bytes == MARK.as_bytes())
}

/// Where the pictures of a page go: `report.html` has them in `report-pictures`.
#[must_use]
pub fn pictures_folder(page: &Path) -> PathBuf {
    let mut name = page.file_stem().unwrap_or_default().to_owned();
    name.push("-pictures");
    page.with_file_name(name)
}

fn training(facts: &Facts<'_>) -> Option<TrainingPart> {
    let history = facts.history.as_ref()?;
    Some(TrainingPart {
        best: history.best()?.clone(),
        loss: plot::loss(history),
        accuracy: plot::accuracy(history),
        why: match history.keep {
            Keep::Last => "it is the last one, as configured; its validation loss is",
            Keep::Best => "it has the lowest validation loss,",
        },
        end: match history.end {
            Some(End::Epochs) => "all epochs were trained",
            Some(End::Patience) => "the validation loss had not become lower for long enough",
            None => "it was interrupted",
        },
        epochs: numbers::counted(history.epochs.len(), "epoch", "epochs"),
        accuracy_words: match history.best()? {
            best if best.train_accuracy < best.validation_accuracy => {
                "Accuracy, the higher the better. In training it is measured while weights change, \
                 and with dropout and augmentation, which make it harder: so it lies below that \
                 of validation here."
            }
            _ => "Accuracy, the higher the better.",
        },
        seconds: history.seconds(),
    })
}

impl Page<'_> {
    fn into_pictures(self) -> Vec<Picture> {
        let curves = self.training.map(|training| [training.loss, training.accuracy]);
        let all = [Some(self.confusion), Some(self.samples), self.worst, Some(self.weights)];
        let more = [self.differences, Some(self.activity), Some(self.calibration)];
        curves.into_iter().flatten().chain(all.into_iter().chain(more).flatten()).collect()
    }

    fn margin_words(facts: &Facts<'_>) -> String {
        let margin = facts.cost.as_ref().map_or(0.0, |cost| cost.margin);
        format!(
            "How far quantized logits are from float ones. The greatest logit of an image is \
             {margin:.1} above the second in the median: only differences of that order change \
             what is read."
        )
    }

    fn crc(&self) -> String {
        let bytes = self.facts.blob.bytes();
        format!("{:08x}", crc32(&bytes[..bytes.len().saturating_sub(4)]))
    }

    fn digest(&self) -> String {
        super::text::hex(&self.facts.model.header().provenance.digest)
    }

    fn non_zero(&self, layer: &usize) -> String {
        numbers::percent(self.facts.activity.layers[*layer].non_zero)
    }

    /// Share of a layer's multiplications that an image takes, as a count.
    fn macs(&self, layer: &usize) -> String {
        let layer = self.facts.activity.layers[*layer];
        numbers::grouped((layer.non_zero * (layer.inputs * layer.outputs) as f64) as usize)
    }

    /// How far estimates have been off at most, if the page has any.
    fn greatest_error(&self) -> Option<String> {
        let costs = self.facts.boards.iter().filter_map(|fit| fit.cost);
        costs.filter_map(|cost| cost.error).max_by(f64::total_cmp).map(numbers::percent)
    }
}

fn instructions(cost: &Option<Cost>) -> String {
    let words = |cost: Cost| {
        let number = numbers::grouped(cost.instructions as usize);
        if cost.error.is_none() { number } else { format!("about {number}") }
    };
    cost.map_or_else(|| "unknown".to_owned(), words)
}

fn time(cost: &Option<Cost>) -> String {
    let known = cost.and_then(|cost| cost.seconds().zip(cost.clock));
    known.map_or_else(
        || "no real part".to_owned(),
        |(seconds, clock)| format!("{:.1} ms at {} MHz", 1e3 * seconds, f64::from(clock) / 1e6),
    )
}

/// A difference with its sign, and without one if it is nothing in so many digits.
fn signed(digits: usize, value: f64) -> String {
    let text = format!("{value:+.digits$}");
    if text[1..].chars().all(|c| c == '0' || c == '.') { text[1..].to_owned() } else { text }
}

fn points(facts: &Facts<'_>) -> String {
    let change = facts.cost.as_ref().map(|cost| facts.result.accuracy - cost.float.accuracy);
    signed(2, 100.0 * change.unwrap_or_default()) + " points"
}

// A template passes fields by reference and results by value.
fn grouped(number: impl Borrow<usize>) -> String {
    numbers::grouped(*number.borrow())
}

fn percent(share: impl Borrow<f64>) -> String {
    numbers::percent(*share.borrow())
}
