//! Files for readers that want a path.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The folder of this process in the system's temporary one. `cargo xtask trust` names a folder in
/// memory for that and removes it afterwards.
#[must_use]
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("inkbit-fuzz-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("the temporary folder can be written to");
        folder
    })
}

/// Writes the file that is read next.
#[must_use]
pub fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = folder().join(name);
    fs::write(&path, content).expect("the temporary folder can be written to");
    path
}

/// Asserts that an error says something.
///
/// # Panics
///
/// If it does not.
pub fn assert_tells(error: &dyn std::error::Error) {
    let mut next = Some(error);
    while let Some(error) = next {
        assert!(!error.to_string().is_empty(), "{error:?} is silent");
        next = error.source();
    }
}
