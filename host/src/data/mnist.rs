//! The genuine MNIST: where it is looked for, how it is recognized, and where it comes from.

use std::path::{Path, PathBuf};

use super::Dataset;
use super::download::{Download, DownloadError, Wanted, hex};
use super::folder::{Files, FolderError, PARTS};
use crate::support::error::chain;

/// Where MNIST has been for years, in the order in which they are asked.
pub const MIRRORS: [&str; 2] = [
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
];

/// SHA-256 of the four files when they are not gzipped, in the order of [`PARTS`].
const DIGESTS: [&str; 4] = [
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
];

/// Why there is no MNIST.
#[derive(Debug, thiserror::Error)]
pub enum MnistError {
    /// The folder that was named is no use.
    #[error("{given_by} should have MNIST")]
    Folder {
        /// The flag or variable that names the folder.
        given_by: &'static str,
        /// What is wrong with it.
        #[source]
        fault: FolderError,
    },
    /// Sound files, but other ones: Fashion-MNIST, for one, has the same names and sizes.
    #[error("{} is not MNIST's: its content has the SHA-256 {found}, expected {expected}; \
             get the genuine file, or load other data by --data DIR", path.display())]
    NotGenuine {
        /// The first file that differs.
        path: PathBuf,
        /// SHA-256 of its content.
        found: String,
        /// SHA-256 of MNIST's.
        expected: &'static str,
    },
    /// A mirror that is no address.
    #[error("--mirror is `{found}`: expected an address that begins with http:// or https://")]
    Mirror {
        /// What was given.
        found: String,
    },
    /// Neither found nor downloaded.
    #[error(
        "MNIST was not found and cannot be downloaded: {reason}; name a folder that has it by \
             --data-dir or $INKBIT_DATA, a server by --mirror, or go on with --data synthetic"
    )]
    Unavailable {
        /// What stood in the way, at each mirror.
        reason: String,
    },
}

impl MnistError {
    fn unavailable(error: &DownloadError) -> Self {
        Self::Unavailable { reason: chain(error) }
    }
}

/// Loads MNIST from `data_dir`, else from `$INKBIT_DATA`, else from the user's cache folder, into
/// which it is downloaded from `mirror` or else from [`MIRRORS`] if it is not there.
///
/// # Errors
///
/// [`MnistError`]. A folder that is named but has no genuine MNIST is an error, and nothing else is
/// tried.
pub fn load(data_dir: Option<&Path>, mirror: Option<&str>) -> Result<Dataset, MnistError> {
    if let Some(mirror) = mirror
        && !mirror.starts_with("http://")
        && !mirror.starts_with("https://")
    {
        return Err(MnistError::Mirror { found: mirror.to_owned() });
    }
    if let Some(folder) = data_dir {
        return genuine(folder, "--data-dir");
    }
    if let Some(data) = at_hand()? {
        return Ok(data);
    }
    let Some(cache) = cache() else {
        let reason = "the user has no home and with it no cache folder".to_owned();
        return Err(MnistError::Unavailable { reason });
    };
    let wanted: Vec<Wanted> = PARTS
        .iter()
        .zip(DIGESTS)
        .map(|(part, sha256)| Wanted { name: part.name() + ".gz", kind: part.kind, sha256 })
        .collect();
    let mirror = mirror.map(|mirror| mirror.trim_end_matches('/'));
    let download = Download::from_mirrors(mirror.as_ref().map_or(&MIRRORS, std::slice::from_ref));
    download.fetch(&wanted, &cache).map_err(|error| MnistError::unavailable(&error))?;
    genuine(&cache, "the cache")
}

/// Loads MNIST if it is in `$INKBIT_DATA` or else in the user's cache folder; downloads nothing.
///
/// # Errors
///
/// [`MnistError`], if `$INKBIT_DATA` is set to a folder that has no genuine MNIST.
pub fn at_hand() -> Result<Option<Dataset>, MnistError> {
    if let Some(folder) = std::env::var_os("INKBIT_DATA").filter(|folder| !folder.is_empty()) {
        return genuine(Path::new(&folder), "$INKBIT_DATA").map(Some);
    }
    Ok(cache().and_then(|cache| genuine(&cache, "the cache").ok()))
}

/// The folder for downloaded files.
fn cache() -> Option<PathBuf> {
    dirs::cache_dir().map(|cache| cache.join("inkbit").join("mnist"))
}

/// Loads the folder if it has MNIST and nothing else by its names.
fn genuine(folder: &Path, given_by: &'static str) -> Result<Dataset, MnistError> {
    let failed = |fault| MnistError::Folder { given_by, fault };
    let files = Files::read(folder).map_err(failed)?;
    for ((content, path), expected) in files.contents.iter().zip(&files.paths).zip(DIGESTS) {
        let found = hex(&content.digest());
        if found != expected {
            return Err(MnistError::NotGenuine { path: path.clone(), found, expected });
        }
    }
    files.dataset("mnist").map_err(failed)
}
