//! Instructions of inferences on the boards, counted in an emulator.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::fit::Fit;
use crate::support::files::FileError;
use crate::support::limit;
use crate::support::visible;

/// A file of counts that cannot be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum CountsError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{}: {message}", visible::path(path))]
    Text { path: PathBuf, message: String },
}

/// Instructions that `cargo xtask count` has counted, and the fits to them.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Counts {
    #[serde(default)]
    count: Vec<Count>,
    #[serde(default)]
    fit: Vec<Fit>,
}

/// The count of one model on one board. The file has more keys.
#[derive(Clone, Debug, Deserialize)]
struct Count {
    crc: String,
    board: String,
    kernel: String,
    images: String,
    mean: f64,
}

impl Counts {
    /// The counts of the reference models, which are built in.
    ///
    /// ```
    /// use inkbit::device::counts::Counts;
    /// let blob = &inkbit::model::builtin::all()[6]; // nano
    /// let counted = Counts::built_in().of(blob.crc());
    /// assert!(counted["microbit"] > counted["lm3s6965evb"]);
    /// ```
    pub fn built_in() -> Self {
        let text = include_str!("../../models/counts.toml");
        Self::parse(text).expect("the tests read it")
    }

    /// Parses a file of counts.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Finds values that no count can have.
    fn check(&self) -> Result<(), String> {
        if self.count.is_empty() && self.fit.is_empty() {
            let expected = "a file that `cargo xtask count --write` has written";
            return Err(format!("there is neither [[count]] nor [[fit]] in it; give {expected}"));
        }
        for Count { crc, mean, .. } in &self.count {
            let crc = visible::line(crc);
            if crc.len() != 8 || u32::from_str_radix(&crc, 16).is_err() {
                return Err(format!(
                    "a [[count]] has the crc \"{crc}\", but must have 8 hexadecimal digits"
                ));
            }
            if !(mean.is_finite() && *mean > 0.0) {
                return Err(format!(
                    "the [[count]] of {crc} has the mean {mean}, but must be above 0"
                ));
            }
        }
        self.fit.iter().try_for_each(Fit::check)
    }

    /// The fit to the counts of a processor; see
    /// [`Cost::estimate`](super::cost::Cost::estimate).
    pub fn fit(&self, cpu: &str) -> Option<&Fit> {
        // The Cortex-M0+ executes the instructions of the Cortex-M0.
        let cpu = cpu.trim_end_matches('+');
        self.fit.iter().find(|fit| fit.cpu == cpu)
    }

    /// Mean instructions per inference on each board, with the kernel that is flashed, for the
    /// model whose blob has this CRC; of real images where there are counts of both kinds.
    pub fn of(&self, crc: u32) -> BTreeMap<String, f64> {
        let (synthetic, real): (Vec<_>, Vec<_>) =
            self.flashed(crc).partition(|count| count.is_synthetic());
        synthetic.into_iter().chain(real).map(Count::of_board).collect()
    }

    /// The same of the synthetic images that `cargo xtask count` counts in every run.
    pub fn of_synthetic(&self, crc: u32) -> BTreeMap<String, f64> {
        self.flashed(crc).filter(|count| count.is_synthetic()).map(Count::of_board).collect()
    }

    fn flashed(&self, crc: u32) -> impl Iterator<Item = &Count> {
        const FLASHED: &str = "default";
        let crc = format!("{crc:08x}");
        self.count.iter().filter(move |count| count.crc == crc && count.kernel == FLASHED)
    }
}

impl Count {
    fn is_synthetic(&self) -> bool {
        self.images.ends_with("synthetic")
    }

    fn of_board(&self) -> (String, f64) {
        (self.board.clone(), self.mean)
    }
}

/// Reads a file of counts; without one, returns the built-in counts of the reference models, whose
/// fits also complete a file without fits.
pub fn read_counts(path: Option<&Path>) -> Result<Counts, CountsError> {
    let Some(path) = path else { return Ok(Counts::built_in()) };
    let failed = |message| CountsError::Text { path: path.to_owned(), message };
    let text = String::from_utf8(limit::read_named(path, limit::TEXT)?)
        .map_err(|error| failed(error.to_string()))?;
    let mut counts = Counts::parse(&text).map_err(|error| failed(visible::toml(&error)))?;
    counts.check().map_err(failed)?;
    if counts.fit.is_empty() {
        counts.fit = Counts::built_in().fit;
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn counts_are_of_the_very_model_and_of_real_images_where_there_are() {
        let count = |crc: &str, kernel: &str, images: &str, mean: f64| {
            format!(
                "[[count]]\nmodel = 'm'\ncrc = '{crc}'\nboard = 'microbit'\nkernel = '{kernel}'\n\
                 images = '{images}'\nmean = {mean:?}\n"
            )
        };
        let text = [
            "compiler = 'rustc'\n".to_owned(),
            count("0000beef", "default", "100 MNIST", 3.0),
            count("0000beef", "default", "20 synthetic", 2.0),
            count("0000beef", "wide", "100 MNIST", 1.0),
        ];
        let counts = Counts::parse(&text.concat()).unwrap();
        assert_eq!(counts.of(0xBEEF), BTreeMap::from([("microbit".to_owned(), 3.0)]));
        assert_eq!(counts.of(0xBEE0), BTreeMap::new());
    }

    #[test]
    fn counts_are_built_in() {
        let counts = Counts::built_in();
        assert!(!counts.count.is_empty());
        let missing = read_counts(Some(Path::new("nowhere.toml"))).unwrap_err().to_string();
        assert!(missing.contains("nowhere.toml"), "{missing}");
    }

    #[test]
    fn what_no_benchmark_has_written_is_refused() {
        let count = |crc: &str, mean: &str| {
            format!(
                "[[count]]\ncrc = '{crc}'\nboard = 'b'\nkernel = 'default'\nimages = 'i'\n\
                 mean = {mean}\n"
            )
        };
        let built_in = include_str!("../../models/counts.toml");
        let fits = &built_in[built_in.find("[[fit]]").unwrap()..];
        let with = |key: &str, value: &str| {
            let line = fits.lines().find(|line| line.starts_with(key)).unwrap();
            fits.replace(&format!("{line}\n"), &format!("{key} = {value}\n"))
        };
        for (text, expected) in [
            (with("bits_4", "0"), "has 0 blocks, but must have from 1 to 1024"),
            (with("bits_8", "2305843009213693952"), "has 2305843009213693952 blocks"),
            (with("layer", "nan"), "has the value NaN, but must be within ±1000000000"),
            (with("greatest_error", "inf"), "has the value inf, but must be"),
            ("epochs = 3\n".to_owned(), "there is neither [[count]] nor [[fit]] in it; give"),
            (count("beef", "1.0"), "the crc \"beef\", but must have 8 hexadecimal digits"),
            (count("0000beef", "-1.0"), "of 0000beef has the mean -1, but must be above 0"),
        ] {
            let file = tempfile::NamedTempFile::new().unwrap();
            fs::write(file.path(), text).unwrap();
            let message = read_counts(Some(file.path())).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
