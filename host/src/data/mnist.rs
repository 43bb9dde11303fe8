//! The genuine MNIST: its places, its checksums, and its mirrors.

use std::path::{Path, PathBuf};

use super::Dataset;
use super::download::{Download, Wanted};
use super::folder::{FILES, Files, FolderError};
use crate::support::error::chain;
use crate::support::numbers::hex;
use crate::support::visible;

/// Where MNIST has been for years, in the order in which the mirrors are asked.
pub const MIRRORS: [&str; 2] = [
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
];

/// SHA-256 of the four files when they are not gzipped, in the order of [`FILES`].
const DIGESTS: [&str; 4] = [
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
];

/// The number of their values, which none is unpacked beyond.
const VALUES: [u64; 4] = [47_040_000, 60_000, 7_840_000, 10_000];

/// Why there is no MNIST.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum MnistError {
    /// `given_by` is the flag or variable that names the folder.
    #[error("{given_by} should have MNIST")]
    Folder {
        given_by: &'static str,
        #[source]
        fault: FolderError,
    },
    /// Sound files, but other ones: Fashion-MNIST, for one, has the same names and sizes.
    #[error(
        "{} is not MNIST's: its content has the SHA-256 {found}, expected {expected}; \
             get the genuine file, or load other data by --data DIR",
        visible::path(path)
    )]
    NotGenuine { path: PathBuf, found: String, expected: &'static str },
    #[error("--mirror is `{}`: expected an address that begins with http:// or https://",
            visible::line(.0))]
    Mirror(String),
    /// Neither found nor downloaded, for this reason.
    #[error(
        "MNIST was not found and cannot be downloaded: {0}; name a folder that has it by \
         --data-dir or $INKBIT_DATA, a server by --mirror, or go on with --data synthetic"
    )]
    Unavailable(String),
}

/// Loads MNIST from `data_dir`, else from `$INKBIT_DATA`, else from the user's cache folder, into
/// which it is downloaded from `mirror` or else from [`MIRRORS`] if it is not there. Fails if a
/// folder is given that has no genuine MNIST.
pub fn load(data_dir: Option<&Path>, mirror: Option<&str>) -> Result<Dataset, MnistError> {
    let is_address =
        |mirror: &&str| mirror.starts_with("http://") || mirror.starts_with("https://");
    if let Some(mirror) = mirror.filter(|mirror| !is_address(mirror)) {
        return Err(MnistError::Mirror(mirror.to_owned()));
    }
    if let Some(folder) = data_dir {
        return genuine(folder, "--data-dir");
    }
    if let Some(data) = at_hand()? {
        return Ok(data);
    }
    let Some(cache) = cache() else {
        let reason = "the user has no home and with it no cache folder";
        return Err(MnistError::Unavailable(reason.to_owned()));
    };
    let wanted = FILES.iter().zip(VALUES.into_iter().zip(DIGESTS));
    let wanted = wanted.map(|(file, (values, sha256))| {
        let name = file.name('-') + ".gz";
        Wanted { name, kind: file.kind, values, sha256 }
    });
    let mirror = mirror.map(|mirror| mirror.trim_end_matches('/'));
    Download::from_mirrors(mirror.as_ref().map_or(&MIRRORS, std::slice::from_ref))
        .fetch(&wanted.collect::<Vec<_>>(), &cache)
        .map_err(|error| MnistError::Unavailable(chain(&error)))?;
    genuine(&cache, "the cache")
}

/// Loads MNIST from `$INKBIT_DATA` or else from the user's cache folder, without a download. Fails
/// if `$INKBIT_DATA` is a folder that has no genuine MNIST.
pub fn at_hand() -> Result<Option<Dataset>, MnistError> {
    if let Some(folder) = std::env::var_os("INKBIT_DATA").filter(|folder| !folder.is_empty()) {
        return genuine(Path::new(&folder), "$INKBIT_DATA").map(Some);
    }
    Ok(cache().and_then(|cache| genuine(&cache, "the cache").ok()))
}

fn cache() -> Option<PathBuf> {
    dirs::cache_dir().map(|cache| cache.join("inkbit").join("mnist"))
}

/// Loads a folder whose content must be MNIST's, not only its names.
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
