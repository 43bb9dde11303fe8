//! The report as a self-contained HTML file and a folder of figures.

use std::borrow::Borrow;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

use super::facts::Facts;
use super::plot::{self, Figure, theme};
use super::summary::{Answer, summary};
use super::text;
use crate::config::Keep;
use crate::device::cost::Cost;
use crate::play::{self, Extent};
use crate::run::REPORT_KIND;
use crate::support::files::{self, FileError};
use crate::support::replace::{Kind, ReplaceError, check_own_folder};
use crate::support::{numbers, png, visible};
use crate::train::history::{End, Epoch, History};

/// The page, which loads nothing and has no script.
#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    facts: &'a Facts<'a>,
    style: String,
    summary: Vec<Answer>,
    figures: Vec<Figure>,
    /// Address of the page to draw on, as it is seen from this one.
    play: Option<String>,
}

/// The name of the page to draw on, among the figures.
const PLAY: &str = "play.html";

const NAMES: [&str; 10] = [
    "loss",
    "accuracy",
    "confusion",
    "samples",
    "worst",
    "weights",
    "logit-differences",
    "activity",
    "calibration",
    "refusal",
];

/// What a figure by itself begins with, which nobody else writes.
const FIGURE_LINE: &str = "<!-- Written by Inkbit for a report. -->\n";
const SVG_KIND: Kind = Kind::beginning("a figure by Inkbit", &[FIGURE_LINE.as_bytes()]);

/// A path that a report cannot be written to.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    #[error(transparent)]
    Replace(#[from] ReplaceError),
    /// A file with the name of the figures' folder.
    #[error("{} is a file, but the report's pictures go into a folder of that name: give another \
             name with -o, or remove it", visible::path(.0))]
    Pictures(PathBuf),
    /// A file in the figures' folder that no report wrote.
    #[error("{} was not written by a report, but is in the folder that its pictures replace: give \
             another name with -o, or move it away", visible::path(.0))]
    Foreign(PathBuf),
    /// Another extension than `.html`.
    #[error("{} is not the name of a page: give a name that ends in .html", visible::path(.0))]
    Name(PathBuf),
    #[error(transparent)]
    File(#[from] FileError),
}

/// A finished report.
#[derive(Clone, Debug)]
pub struct HtmlReport {
    pub html: String,
    pub figures: Vec<Figure>,
    /// The page to draw on with this model, if the device's canvas is as large as its images.
    pub play: Option<String>,
}

impl HtmlReport {
    /// The report that is to be saved at `path`.
    pub fn new(facts: &Facts<'_>, path: &Path) -> Self {
        let shape = &facts.data.test.shape;
        let (history, worst) = (facts.history.as_ref(), facts.worst());
        let mistakes = "Wrong predictions, the most confident first";
        let figures = [
            history.map(plot::loss),
            history.map(plot::accuracy),
            Some(plot::confusion(&facts.result)),
            Some(plot::samples("samples", "Test images", shape, &facts.samples())),
            (!worst.is_empty()).then(|| plot::samples("worst", mistakes, shape, &worst)),
            Some(plot::weights(facts.model, &facts.result.classes)),
            facts.quantization.as_ref().map(|found| plot::logit_differences(&found.differences)),
            Some(plot::activity(&facts.activity)),
            Some(plot::calibration(&facts.calibration)),
            (!facts.refusal.refused.is_empty()).then(|| plot::refusal(&facts.refusal)),
        ];
        let page = Page {
            facts,
            style: theme::style_sheet(),
            summary: summary(facts),
            figures: figures.into_iter().flatten().collect(),
            play: play::takes(facts.model).then(|| address(&pictures_folder(path), PLAY)),
        };
        // The template escapes markup; what a browser or an editor would obey is replaced here, once
        // for the whole page.
        let html = visible::lines(&page.render().expect("writing into memory does not fail"));
        let name = facts.model.header().name.to_owned();
        let play = page.play.map(|_| play::page(&[(name, facts.blob.clone())], Extent::Small));
        Self { html, figures: page.figures, play }
    }

    /// Writes the figures into a folder beside the page, then the page, and removes old figures that
    /// the page has not any more. Two reports that are written at once do not mix.
    pub fn save(&self, page: &Path) -> Result<(), PageError> {
        let folder = pictures_folder(page);
        // Computing the report has taken a while: since it was asked about, files may have come.
        check_names(page)?;
        files::create_folder(&folder)?;
        // The folder itself, so that no file of a lock lies among the pictures. Where that cannot be
        // locked, each file is whole all the same.
        let _lock = File::open(&folder).and_then(|folder| folder.lock().map(|()| folder));
        let mut written = Vec::new();
        for figure in &self.figures {
            let path = folder.join(figure.name);
            let (svg, png) = (path.with_extension("svg"), path.with_extension("png"));
            SVG_KIND.write_own(&svg, [FIGURE_LINE, &figure.file()].concat().as_bytes())?;
            written.push(svg);
            if let Some(content) = &figure.png {
                png::KIND.write_own(&png, &png::marked(content))?;
                written.push(png);
            }
        }
        if let Some(content) = &self.play {
            let path = folder.join(PLAY);
            play::KIND.write_own(&path, content.as_bytes())?;
            written.push(path);
        }
        for path in files::list(&folder)? {
            if !written.contains(&path) && is_of_a_report(&path) {
                fs::remove_file(&path).map_err(FileError::at("remove", &path))?;
            }
        }
        Ok(REPORT_KIND.write(page, self.html.as_bytes())?)
    }
}

/// Checks before anything is computed that a report can be written: the name ends in `.html`, the
/// folder is writable, and only a report and its figures are replaced.
pub fn check_replaceable(page: &Path) -> Result<(), PageError> {
    check_names(page)?;
    if page.extension().is_none_or(|extension| extension != "html") {
        return Err(PageError::Name(page.to_owned()));
    }
    Ok(files::check_writable(files::folder_of(page))?)
}

/// Checks that under the names of a report and its figures there are only such.
pub fn check_names(page: &Path) -> Result<(), PageError> {
    REPORT_KIND.check(page)?;
    let pictures = pictures_folder(page);
    check_own_folder(&pictures)?;
    if pictures.is_dir() {
        for path in files::list(&pictures)? {
            if !is_of_a_report(&path) && !files::is_temporary(&path) {
                return Err(PageError::Foreign(path));
            }
        }
    } else if pictures.exists() {
        return Err(PageError::Pictures(pictures));
    }
    Ok(())
}

/// Whether it is a figure, or the page to draw on.
fn is_of_a_report(path: &Path) -> bool {
    if path.file_name().is_some_and(|name| name == PLAY) {
        return play::KIND.check_own(path).is_ok();
    }
    let is = |name: &str| path.extension().is_some_and(|extension| extension == name);
    let is_known = path.file_stem().is_some_and(|stem| NAMES.iter().any(|name| stem == *name));
    let kind = if is("svg") { SVG_KIND } else { png::KIND };
    is_known && (is("svg") || is("png")) && kind.check_own(path).is_ok()
}

/// The address of a file in a folder beside a page: of the folder's name, whatever is no letter or digit
/// has its number there (RFC 3986).
fn address(folder: &Path, file: &str) -> String {
    let name = folder.file_name().unwrap_or_default().as_encoded_bytes();
    format!("{}/{file}", percent_encode(name, NON_ALPHANUMERIC))
}

/// The folder of a page's figures: `report-pictures` for `report.html`.
pub fn pictures_folder(page: &Path) -> PathBuf {
    let mut name = page.file_stem().unwrap_or_default().to_owned();
    name.push("-pictures");
    page.with_file_name(name)
}

// Askama calls these functions; it passes fields by reference and results by value.

impl Page<'_> {
    fn figure(&self, name: &str) -> &Figure {
        let named = self.figures.iter().find(|figure| figure.name == name);
        named.expect("the template asks for figures that the report has")
    }

    fn best_epoch(&self) -> Option<&Epoch> {
        self.facts.history.as_ref()?.best()
    }

    /// The greatest error of the estimates on the page.
    fn greatest_error(&self) -> Option<String> {
        let costs = self.facts.boards.iter().filter_map(|fit| fit.cost);
        costs.filter_map(|cost| cost.error).reduce(f64::max).map(numbers::percent)
    }
}

fn epochs(history: &History) -> String {
    numbers::counted(history.epochs.len(), "epoch", "epochs")
}

fn instructions(cost: &Option<Cost>) -> String {
    cost.map_or_else(|| "unknown".to_owned(), text::instruction_count)
}

fn time(cost: &Option<Cost>) -> String {
    match cost {
        Some(cost) => text::time(*cost).unwrap_or_else(|| "emulated only".to_owned()),
        None => "unknown".to_owned(),
    }
}

/// A difference with its sign; zero has none.
fn signed(digits: usize, value: f64) -> String {
    let text = format!("{value:+.digits$}");
    if text[1..].chars().all(|c| c == '0' || c == '.') { text[1..].to_owned() } else { text }
}

/// Foreign text, as one line.
fn line(text: impl AsRef<str>) -> String {
    visible::line(text.as_ref())
}

fn grouped(number: impl Borrow<usize>) -> String {
    numbers::grouped(*number.borrow())
}

fn percent(fraction: impl Borrow<f64>) -> String {
    numbers::percent(*fraction.borrow())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_whatever_a_folder_is_called() {
        assert_eq!(
            address(Path::new("a/my \"7\"é-pictures"), PLAY),
            "my%20%227%22%C3%A9%2Dpictures/play.html"
        );
    }

    #[test]
    fn what_a_user_has_written_while_a_report_was_computed_stays() {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("race.html");
        let report = HtmlReport { html: "<html>".to_owned(), figures: Vec::new(), play: None };
        check_replaceable(&page).unwrap();
        fs::write(&page, "a user's").unwrap();
        assert!(matches!(report.save(&page), Err(PageError::Replace(_))));
        assert_eq!(fs::metadata(&page).unwrap().len(), 8);
        fs::remove_file(&page).unwrap();
        let picture = pictures_folder(&page).join("loss.svg");
        fs::create_dir(pictures_folder(&page)).unwrap();
        fs::write(&picture, "a user's").unwrap();
        assert!(matches!(report.save(&page), Err(PageError::Foreign(_))));
        assert!(picture.exists() && !page.exists());
    }
}
