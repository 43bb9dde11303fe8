//! A ZIP of the four IDX files, and of the labels of their classes.

use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::DeflateDecoder;
use rawzip::{
    CompressionMethod, FileReader, MAX_CENTRAL_DIRECTORY_RECORD_SIZE, ZipArchive,
    ZipArchiveEntryWayfinder, ZipFileHeaderRecord,
};

use super::Dataset;
use super::folder::{FILES, Files, FolderError};
use super::idx::{self, Idx, IdxError};
use super::labels::{self, LabelsError};
use crate::support::error::Advised;
use crate::support::files::FileError;
use crate::support::limit;
use crate::support::visible;

/// The most entries of a ZIP, of which five are read.
const ENTRIES: usize = 1_000;
/// The file of labels beside IDX files, as for `--labels`.
pub(super) const LABELS: &str = "labels.txt";

/// A ZIP that is no data set.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum ArchiveError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{} is no ZIP archive, or damaged", visible::path(path))]
    Damaged { path: PathBuf, source: Advised<rawzip::Error> },
    #[error(
        "{} has over {ENTRIES} entries, expected the four IDX files and a few others; remove what \
         is not of the data, or unpack it into a folder",
        visible::path(.0)
    )]
    Entries(PathBuf),
    #[error(
        "{} and {} are both in the archive, expected one of them; remove the other",
        visible::path(first),
        visible::path(second)
    )]
    Twice { first: PathBuf, second: PathBuf },
    /// They share what is packed.
    #[error(
        "{} has entries of more packed bytes than it has itself: it is no ZIP that a program packs; \
         pack it again",
        visible::path(.0)
    )]
    Shared(PathBuf),
    #[error("{} is encrypted; pack it again without a password", visible::path(.0))]
    Encrypted(PathBuf),
    #[error(
        "{} is packed by the method {method}, expected stored or deflated; pack it again so",
        visible::path(path)
    )]
    Method { path: PathBuf, method: CompressionMethod },
    #[error(transparent)]
    Files(#[from] FolderError),
    #[error(transparent)]
    Labels(#[from] LabelsError),
}

impl From<IdxError> for ArchiveError {
    fn from(error: IdxError) -> Self {
        Self::Files(error.into())
    }
}

/// A file in a ZIP.
pub(super) struct Entry {
    /// The ZIP's path, and that in the ZIP.
    pub(super) path: PathBuf,
    place: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
    is_encrypted: bool,
}

/// Reads a ZIP that has the four files under their names, in whatever folders, and maybe labels.
pub fn read(path: &Path, name: &str) -> Result<Dataset, ArchiveError> {
    let Opened { archive, bytes, entries, is_whole } = open(path, ENTRIES)?;
    if !is_whole {
        return Err(ArchiveError::Entries(path.to_owned()));
    }
    let (files, labels) = find(entries)?;
    let missing = FILES.iter().zip(&files).filter(|(_, entry)| entry.is_none());
    let names: Vec<String> = missing.map(|(file, _)| file.name('-')).collect();
    let [Some(a), Some(b), Some(c), Some(d)] = files else {
        return Err(FolderError::Missing { folder: path.to_owned(), names }.into());
    };
    let files = [a, b, c, d];
    // Of all four together.
    let mut left = idx::most_unpacked(bytes);
    let mut read = |index: usize| -> Result<Idx, ArchiveError> {
        let Entry { path, .. } = &files[index];
        let content = files[index].open(&archive)?;
        let idx = Idx::unpack(path, FILES[index].kind, content, left)?;
        left -= idx.values.len() as u64;
        Ok(idx)
    };
    let contents = [read(0)?, read(1)?, read(2)?, read(3)?];
    let paths = files.map(|entry| entry.path);
    let mut data = Files { folder: path.to_owned(), paths, contents }.dataset(name)?;
    if let Some(entry) = labels {
        let text = limit::all(entry.open(&archive)?, limit::TEXT);
        let text = text.map_err(FileError::at("read", &entry.path))?;
        let whose = format!("the data {} have", visible::line(name));
        let labels = labels::parse(&entry.path, text)?;
        data.classes = labels::counted(&entry.path, labels, data.classes.len(), &whose)?;
    }
    Ok(data)
}

/// A ZIP that is open.
pub(super) struct Opened {
    /// What [`Entry::open`] reads from.
    pub(super) archive: ZipArchive<FileReader>,
    /// The length of its file in bytes.
    pub(super) bytes: u64,
    /// Paths within it, folders with a slash at the end, and what is there.
    pub(super) entries: Vec<(String, Entry)>,
    /// Whether these are all.
    pub(super) is_whole: bool,
}

/// Opens a ZIP and lists its first `most` entries.
pub(super) fn open(path: &Path, most: usize) -> Result<Opened, ArchiveError> {
    let file = limit::open_found(path).map_err(FileError::at("read", path))?;
    let bytes = file.metadata().map_err(FileError::at("read", path))?.len();
    let mut buffer = vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
    let archive = ZipArchive::from_file(file, &mut buffer).map_err(damaged(path))?;
    let (mut entries, mut records) = (Vec::new(), archive.entries(&mut buffer));
    let (mut is_whole, mut packed) = (true, 0_u64);
    while let Some(record) = records.next_entry().map_err(damaged(path))? {
        if entries.len() == most {
            is_whole = false;
            break;
        }
        packed = packed.saturating_add(record.compressed_size_hint());
        if packed > bytes {
            return Err(ArchiveError::Shared(path.to_owned()));
        }
        let within = String::from_utf8_lossy(record.file_path().as_bytes()).into_owned();
        let entry = Entry::new(path, &within, &record);
        entries.push((within, entry));
    }
    Ok(Opened { archive, bytes, entries, is_whole })
}

/// Finds the entries of [`FILES`], and that of the labels.
fn find(
    entries: Vec<(String, Entry)>,
) -> Result<([Option<Entry>; 4], Option<Entry>), ArchiveError> {
    let (mut files, mut labels) = ([const { None }; 4], None);
    for (within, entry) in entries {
        let name = within.rsplit('/').next().unwrap_or_default();
        let known = FILES.iter().position(|file| file.names().any(|known| known == name));
        let found = match known {
            Some(index) => &mut files[index],
            None if name == LABELS => &mut labels,
            None => continue,
        };
        if let Some(Entry { path, .. }) = found.replace(entry) {
            let second = found.take().map(|entry| entry.path).unwrap_or_default();
            return Err(ArchiveError::Twice { first: path, second });
        }
    }
    Ok((files, labels))
}

impl Entry {
    fn new(zip: &Path, within: &str, record: &ZipFileHeaderRecord<'_>) -> Self {
        Self {
            path: zip.join(within.trim_start_matches('/')),
            place: record.wayfinder(),
            method: record.compression_method(),
            is_encrypted: record.flags().is_encrypted(),
        }
    }

    /// Its content, unpacked; at the end it fails if that has another length or checksum.
    pub(super) fn open<'a>(
        &self,
        archive: &'a ZipArchive<FileReader>,
    ) -> Result<impl Read + use<'a>, ArchiveError> {
        if self.is_encrypted {
            return Err(ArchiveError::Encrypted(self.path.clone()));
        }
        let entry = archive.get_entry(self.place).map_err(damaged(&self.path))?;
        let content: Box<dyn Read + 'a> = match self.method {
            CompressionMethod::STORE => Box::new(entry.reader()),
            CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(entry.reader())),
            method => return Err(ArchiveError::Method { path: self.path.clone(), method }),
        };
        Ok(entry.verifying_reader(content))
    }
}

/// For `map_err`.
fn damaged(path: &Path) -> impl Fn(rawzip::Error) -> ArchiveError {
    move |cause| {
        let source = Advised { cause, advice: "; give a folder, or a ZIP, of four IDX files" };
        ArchiveError::Damaged { path: path.to_owned(), source }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{Cursor, Write};

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder};
    use rawzip::ZipArchiveWriter;

    use super::*;
    use crate::data::idx::Kind;
    use crate::data::load;
    use crate::support::error::chain;

    const STORE: CompressionMethod = CompressionMethod::STORE;
    const DEFLATE: CompressionMethod = CompressionMethod::DEFLATE;

    /// A ZIP of these files.
    fn zip(files: &[(&str, CompressionMethod, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut archive = ZipArchiveWriter::new(&mut bytes);
        for &(name, method, content) in files {
            let builder = archive.new_file(name).compression_method(method);
            let (mut entry, config) = builder.start().unwrap();
            let descriptor = if method == DEFLATE {
                let encoder = DeflateEncoder::new(&mut entry, Compression::best());
                let mut writer = config.wrap(encoder);
                writer.write_all(content).unwrap();
                let (encoder, descriptor) = writer.finish().unwrap();
                encoder.finish().unwrap();
                descriptor
            } else {
                let mut writer = config.wrap(&mut entry);
                writer.write_all(content).unwrap();
                writer.finish().unwrap().1
            };
            entry.finish(descriptor).unwrap();
        }
        archive.finish().unwrap();
        bytes
    }

    fn idx(sizes: &[u32], values: &[u8]) -> Vec<u8> {
        let header = [0, 0, 8, sizes.len() as u8].into_iter();
        header
            .chain(sizes.iter().flat_map(|size| size.to_be_bytes()))
            .chain(values.to_vec())
            .collect()
    }

    /// Three images of 2×2 to train on, of the classes 0 to 2, and one to test on.
    fn contents() -> [Vec<u8>; 4] {
        let values: Vec<u8> = (0..12).collect();
        [idx(&[3, 2, 2], &values), idx(&[3], &[0, 1, 2]), idx(&[1, 2, 2], &[9; 4]), idx(&[1], &[1])]
    }

    /// The four files under their names, stored.
    fn files(contents: &[Vec<u8>; 4]) -> Vec<(String, CompressionMethod, &[u8])> {
        let files = FILES.iter().zip(contents);
        files.map(|(file, content)| (file.name('-'), STORE, &content[..])).collect()
    }

    /// What a file of these bytes is read as, with `DIR/` for its folder in a message.
    fn loaded(bytes: &[u8]) -> Result<Dataset, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.zip");
        fs::write(&path, bytes).unwrap();
        let data = load(path.to_str().unwrap(), None, None);
        data.map_err(|error| chain(&error).replace(&*folder.path().to_string_lossy(), "DIR"))
    }

    /// The same of a ZIP with these files beside the four, or in place of them.
    fn with(others: &[(&str, CompressionMethod, &[u8])]) -> Result<Dataset, String> {
        let contents = contents();
        let files = files(&contents);
        let mut all: Vec<_> =
            files.iter().map(|(name, method, bytes)| (&**name, *method, *bytes)).collect();
        all.retain(|(name, ..)| others.iter().all(|(other, ..)| name != other));
        loaded(&zip(&[&all, others].concat()))
    }

    #[test]
    fn files_are_read_stored_packed_and_gzipped_in_any_folder() {
        let plain = with(&[]).unwrap();
        assert_eq!(plain.train.pixels, (0..12).collect::<Vec<u8>>());
        assert_eq!((&plain.train.labels[..], &plain.test.labels[..]), (&[0, 1, 2][..], &[1][..]));
        assert_eq!(plain.classes, ["0", "1", "2"]);
        let [images, labels, tests, test_labels] = contents();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&images).unwrap();
        let packed = zip(&[
            ("mine/train-images.idx3-ubyte.gz", DEFLATE, &gzip.finish().unwrap()),
            ("mine/train-labels-idx1-ubyte", DEFLATE, &labels),
            ("mine/t10k-images-idx3-ubyte.gz", STORE, &tests),
            ("mine/raw/t10k-labels-idx1-ubyte", DEFLATE, &test_labels),
            ("__MACOSX/._train-labels-idx1-ubyte", STORE, b"of the system"),
            ("read me.txt", STORE, b""),
        ]);
        assert_eq!(loaded(&packed).unwrap().digest(), plain.digest());
    }

    #[test]
    fn labels_in_it_are_those_of_the_classes() {
        let named = with(&[("labels.txt", DEFLATE, b"cat\ndog\nboat\n")]).unwrap();
        assert_eq!(named.classes, ["cat", "dog", "boat"]);
        let refused = |text: &[u8]| with(&[("labels.txt", DEFLATE, text)]).unwrap_err();
        assert_eq!(
            refused(b"cat\ndog\n"),
            "DIR/mine.zip/labels.txt has 2 labels, but the data DIR/mine.zip have 3 classes: give \
             one line for each class, in order from class 0"
        );
        assert!(refused(b"cat\n\nboat\n").contains("labels.txt, line 2: the label \"\" is empty"));
        assert_eq!(
            refused(&[b'x'; 300_000]),
            "cannot read DIR/mine.zip/labels.txt: found more than 262,144 bytes, the limit is \
             262,144; give another file, or make it shorter"
        );
    }

    #[test]
    fn what_is_wrong_with_an_archive_is_said() {
        let refused = |bytes: &[u8]| loaded(bytes).unwrap_err();
        let no_zip = "DIR/mine.zip is no ZIP archive, or damaged: ";
        for bytes in [&b""[..], b"<html>Not found</html>", &[0; 70_000]] {
            let message = refused(bytes);
            assert!(message.starts_with(no_zip), "{message}");
            assert!(message.ends_with("; give a folder, or a ZIP, of four IDX files"), "{message}");
        }
        assert_eq!(
            refused(&zip(&[("train-images-idx3-ubyte", STORE, &contents()[0])])),
            "DIR/mine.zip has no train-labels-idx1-ubyte, no t10k-images-idx3-ubyte, no \
             t10k-labels-idx1-ubyte: expected under these names or with .gz at the end"
        );
        assert_eq!(
            with(&[("old/train-images-idx3-ubyte.gz", STORE, b"")]).unwrap_err(),
            "DIR/mine.zip/train-images-idx3-ubyte and DIR/mine.zip/old/train-images-idx3-ubyte.gz are \
             both in the archive, expected one of them; remove the other"
        );
        assert_eq!(
            with(&[("train-images-idx3-ubyte", CompressionMethod::ZSTD, b"")]).unwrap_err(),
            "DIR/mine.zip/train-images-idx3-ubyte is packed by the method 93 (ZSTD), expected stored \
             or deflated; pack it again so"
        );
        assert_eq!(
            with(&[("train-images-idx3-ubyte", DEFLATE, &contents()[0][..20])]).unwrap_err(),
            "DIR/mine.zip/train-images-idx3-ubyte is truncated: 20 bytes after unpacking, expected \
             28; get it again"
        );
        let names: Vec<String> = (0..=ENTRIES).map(|number| number.to_string()).collect();
        let many: Vec<_> = names.iter().map(|name| (&**name, STORE, &b""[..])).collect();
        let message = refused(&zip(&many));
        assert!(message.starts_with("DIR/mine.zip has over 1000 entries, expected"), "{message}");
    }

    #[test]
    fn an_archive_that_was_changed_is_refused_or_read_as_before() {
        let contents = contents();
        let files = files(&contents);
        let files: Vec<_> =
            files.iter().map(|(name, _, bytes)| (&**name, DEFLATE, *bytes)).collect();
        let whole = zip(&files);
        let expected = loaded(&whole).unwrap();
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            match loaded(&changed) {
                Ok(data) => assert_eq!(data.digest(), expected.digest(), "byte {place}"),
                Err(message) => assert!(message.contains("DIR/mine.zip"), "{message}"),
            }
            assert!(loaded(&whole[..place]).is_err(), "{place} bytes");
        }
        // The flags in the directory say that an entry is encrypted.
        let mut encrypted = whole.clone();
        let entry = whole.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
        encrypted[entry + 8] |= 1;
        assert_eq!(
            loaded(&encrypted).unwrap_err(),
            "DIR/mine.zip/train-images-idx3-ubyte is encrypted; pack it again without a password"
        );
    }

    #[test]
    fn entries_that_share_what_is_packed_are_refused() {
        let content = [7; 5_000];
        let mut bytes = zip(&[("a.bin", STORE, &content), ("b.bin", STORE, &content)]);
        let length = (bytes.len() as u32).to_le_bytes();
        // Each entry of the directory says that the whole file is its own.
        let mark = |bytes: &[u8]| bytes.windows(4).rposition(|part| part == b"PK\x01\x02").unwrap();
        for _ in 0..2 {
            let at = mark(&bytes);
            bytes[at + 20..at + 24].copy_from_slice(&length);
            bytes[at] = b'Q';
        }
        for at in 0..bytes.len() - 4 {
            if bytes[at..at + 4] == *b"QK\x01\x02" {
                bytes[at] = b'P';
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shared.zip");
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(open(&path, ENTRIES), Err(ArchiveError::Shared(_))));
    }

    #[test]
    fn what_unpacks_to_too_much_is_refused_before_it_is() {
        // 80 MB of zeros in 80 kB, in each of two files.
        let (count, zeros) = (100_000, vec![0; 100_000 * 784]);
        let images = idx(&[count, 28, 28], &zeros);
        let message = with(&[("train-images-idx3-ubyte", DEFLATE, &images)]).unwrap_err();
        assert!(message.contains("promises 78400000 bytes by its header"), "{message}");
        assert!(
            message.contains("the limit for a packed file of its size is 67108864"),
            "{message}"
        );
        // What is not promised is not read either.
        let endless = [&contents()[0][..], &zeros].concat();
        let message = with(&[("train-images-idx3-ubyte", DEFLATE, &endless)]).unwrap_err();
        assert!(message.contains("goes on after the 28 bytes after unpacking"), "{message}");
        // Members that are empty take time, not room.
        let member = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let mut content = Cursor::new(member.repeat(100_000));
        let path = Path::new("many.gz");
        let error = Idx::unpack(path, Kind::Labels, &mut content, 1_000).unwrap_err();
        assert!(error.to_string().contains("many.gz"), "{error}");
        assert!(content.position() < 200_000, "{} bytes are read", content.position());
        // Each of two would be within the limit.
        let images = idx(&[50_000, 28, 28], &zeros[..50_000 * 784]);
        let both = ["train-images-idx3-ubyte", "t10k-images-idx3-ubyte"];
        let message = with(&both.map(|name| (name, DEFLATE, &images[..]))).unwrap_err();
        assert!(message.contains("t10k-images-idx3-ubyte promises 39200000 bytes"), "{message}");
    }
}
