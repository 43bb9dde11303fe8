//! `inkbit export`

use std::path::{Path, PathBuf};

use super::data_args::DataArgs;
use super::usage;
use crate::data::Dataset;
use crate::export::sources;
use crate::export::vectors::{self, Format, Vectors};
use crate::model::{Blob, int_logits};
use crate::support::files;
use crate::support::numbers::grouped;
use crate::support::replace::Kind;
use crate::support::visible;

/// The most bytes of samples and logits that are written: text takes four times as much.
const LIMIT: usize = 16 << 20;

/// Write a model for other toolchains: as sources in C, and as samples with expected logits.
///
/// The folder of --c is a library for a C compiler, the Arduino IDE, PlatformIO, ESP-IDF, Zephyr and the
/// Pico SDK: the model as an array, and a reader and an engine in C99 without heap, library or float,
/// whose logits are those of `inkbit verify`, bit for bit. The file of --vectors has test samples and
/// the logits that the model gives for them.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/export.txt"))]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub struct Args {
    /// The model
    model: PathBuf,

    /// Folder to write sources in C to
    #[arg(long, value_name = "DIR", group = "what")]
    c: Option<PathBuf>,

    /// Number of test samples to write with their logits, from the first on
    #[arg(
        long, value_name = "COUNT", group = "what", requires = "output",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    vectors: Option<u32>,

    /// File to write these to
    #[arg(short, long, value_name = "FILE", requires = "vectors")]
    output: Option<PathBuf>,

    /// Form of that file [default: by its extension .h, .json or .npy]
    #[arg(long, value_enum, requires = "vectors")]
    format: Option<Format>,

    /// Replace files that `inkbit export` wrote; others stay in any case
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    data: DataArgs,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let blob = Blob::load(&args.model)?;
    let folder = args.c.as_deref();
    let sources = folder.map(|_| sources::files(&blob)).transpose()?.unwrap_or_default();
    let wanted = args.output.as_deref().zip(args.vectors);
    let wanted = wanted.map(|(path, count)| args.format(path).map(|format| (path, count, format)));
    let wanted = wanted.transpose().map_err(usage)?;

    // Every name, before anything is written or loaded.
    let paths: Vec<PathBuf> = folder
        .iter()
        .flat_map(|folder| sources.iter().map(|(name, _)| folder.join(name)))
        .collect();
    paths.iter().try_for_each(|path| args.ask(sources::KIND, path))?;
    if let Some((path, ..)) = wanted {
        args.ask(vectors::KIND, path)?;
    }
    let vectors = wanted.map(|(_, count, format)| args.vectors(&blob, count as usize, format));
    let vectors = vectors.transpose()?;

    for (path, (_, text)) in paths.iter().zip(&sources) {
        files::create_folder(files::folder_of(path))?;
        sources::KIND.write(path, text.as_bytes())?;
    }
    let mut said = String::new();
    if let Some(folder) = folder {
        let (folder, count) = (visible::path(folder), paths.len());
        said += &format!("{folder}: {count} files, a library in C with the model\n");
    }
    if let (Some((path, ..)), Some((content, data))) = (wanted, vectors) {
        vectors::KIND.write(path, &content)?;
        let count = args.vectors.unwrap_or_default();
        let (path, data) = (visible::path(path), visible::line(&data.name));
        said += &format!("{path}: {count} samples of {data} and their logits\n");
    }
    super::print(&said)
}

impl Args {
    /// The form of a file of vectors, or what is wrong with its name.
    fn format(&self, path: &Path) -> Result<Format, String> {
        let by_extension = || match path.extension()?.to_str()? {
            "h" => Some(Format::C),
            "json" => Some(Format::Json),
            "npy" => Some(Format::Npy),
            _ => None,
        };
        self.format.or_else(by_extension).ok_or_else(|| {
            format!(
                "{} has none of the extensions .h, .json and .npy, which choose the form: give \
                 --format",
                visible::path(path)
            )
        })
    }

    /// Refuses a name that is taken, unless --force is given and Inkbit wrote what is there.
    fn ask(&self, kind: Kind, path: &Path) -> anyhow::Result<()> {
        kind.check(path)?;
        // A pipe may be written to; and a broken link leads to nothing.
        if !self.force && path.is_file() {
            return Err(usage(format!(
                "{} exists: give another path, or --force to write it anew",
                visible::path(path)
            )));
        }
        Ok(())
    }

    /// The content of a file with the first `count` test samples and their logits, and the data that they
    /// are from.
    fn vectors(
        &self,
        blob: &Blob,
        count: usize,
        format: Format,
    ) -> anyhow::Result<(Vec<u8>, Dataset)> {
        let model = blob.model()?;
        let mut data = match self.data.load_for_model(&model) {
            Err(error) if self.data.is_without_mnist(&error) => {
                super::complain("note: MNIST is not here: the samples are synthetic digits");
                self.data.or("synthetic").load_for_model(&model)?
            }
            loaded => loaded?,
        };
        if count > data.test.len() {
            let (there, name) = (grouped(data.test.len()), visible::line(&data.name));
            return Err(usage(format!(
                "--vectors is {count}, but {name} has {there} test samples: ask for fewer"
            )));
        }
        data.test.truncate(count);
        let bytes = count * (data.test.shape.bytes() + 4 * model.classes());
        if bytes > LIMIT {
            let (bytes, limit) = (grouped(bytes), grouped(LIMIT));
            return Err(usage(format!(
                "{count} samples and their logits have {bytes} bytes, the limit is {limit}: ask for \
                 fewer"
            )));
        }
        let logits = int_logits(&model, &data.test)?;
        let name = model.header().name;
        let vectors = Vectors { model: name, crc: blob.crc(), images: &data.test, logits: &logits };
        let content = vectors.file(format);
        Ok((content, data))
    }
}
