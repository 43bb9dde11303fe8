//! `inkbit export`

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::data_args::DataArgs;
use super::quantize::default_name;
use super::{usage, wrong_use};
use crate::data::Dataset;
use crate::export::vectors::{self, Format, Vectors};
use crate::export::{onnx, safetensors, sources};
use crate::model::{Blob, int_logits};
use crate::quantize;
use crate::run::Run;
use crate::support::numbers::grouped;
use crate::support::replace::{Kind, check_folders};
use crate::support::{files, limit, shell, visible};

/// The most bytes of samples and logits that are written: text takes four times as much.
const LIMIT: usize = 16 << 20;

/// Write a model for other programs: as sources in C, as ONNX, and as samples with expected logits.
///
/// The folder of --c is a library for a C compiler, the Arduino IDE, PlatformIO, ESP-IDF, Zephyr and the
/// Pico SDK: the model as an array, and a reader and an engine in C99 without heap, library or float,
/// whose logits are those of `inkbit verify`, bit for bit. The file of --onnx computes the same logits from
/// the same bytes, with operators of integers alone. The file of --vectors has test samples and the logits
/// that the model gives for them.
///
/// Of a run, --onnx and --safetensors write the float network.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/export.txt"))]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub struct Args {
    /// A quantized model, or the folder of a training run
    #[arg(value_name = "MODEL|RUN")]
    model: PathBuf,

    /// Folder to write sources in C to
    #[arg(long, value_name = "DIR", group = "what")]
    c: Option<PathBuf>,

    /// File to write an ONNX graph to: of a model integers, of a run floats
    #[arg(long, value_name = "FILE", group = "what")]
    onnx: Option<PathBuf>,

    /// File to write a run's float network to, as PyTorch reads it
    #[arg(long, value_name = "FILE", group = "what")]
    safetensors: Option<PathBuf>,

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

/// A file to write.
struct File<'f> {
    kind: Kind,
    path: PathBuf,
    content: Vec<u8>,
    /// The folder that a user names, if the file is one of a whole folder.
    folder: Option<&'f Path>,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let (files, said) = if args.model.is_dir() { args.of_run() } else { args.of_model() }?;
    for File { kind, path, content, folder } in &files {
        files::create_folder(files::folder_of(path))?;
        match folder {
            Some(_) => kind.write_own(path, content)?,
            None => kind.write(path, content)?,
        }
    }
    // Of two exports into one folder, the one that ends last sees whether the other wrote meanwhile.
    let is_there = |file: &File<'_>| {
        let now = limit::read(&file.path, file.content.len() as u64);
        now.is_ok_and(|now| now == file.content)
    };
    let mut of_folders = files.iter().filter_map(|file| Some((file, file.folder?)));
    if let Some((_, folder)) = of_folders.find(|(file, _)| !is_there(file)) {
        anyhow::bail!(
            "another program wrote into {} at the same time: export again",
            visible::path(folder)
        );
    }
    super::print(&said)
}

/// Refuses two files of one name.
fn apart<'p>(paths: impl Iterator<Item = &'p Path>) -> anyhow::Result<()> {
    let mut known = BTreeSet::new();
    for path in paths {
        if !known.insert(files::target(path)) {
            let path = visible::path(path);
            return Err(usage(format!("two files would be {path}: give each a path of its own")));
        }
    }
    Ok(())
}

impl Args {
    /// The files of a model, and what is said of them.
    fn of_model(&self) -> anyhow::Result<(Vec<File<'_>>, String)> {
        if self.safetensors.is_some() {
            return Err(usage(format!(
                "--safetensors writes a float network, and {} is a model of integers: give the folder of \
                 the run that it was quantized from, or --onnx",
                visible::path(&self.model)
            )));
        }
        let blob = Blob::load(&self.model)?;
        super::check_labels(&blob)?;
        let (mut files, mut said) = (Vec::new(), String::new());
        if let Some(folder) = &self.c {
            let sources = sources::files(&blob)?;
            let (shown, count) = (visible::path(folder), sources.len());
            said += &format!("{shown}: {count} files, a library in C with the model\n");
            files.extend(sources.into_iter().map(|(name, text)| {
                let (path, content) = (folder.join(name), text.into_bytes());
                File { kind: sources::KIND, path, content, folder: Some(folder) }
            }));
        }
        if let Some(path) = &self.onnx {
            let content = onnx::integer(&blob.model()?).map_err(wrong_use)?;
            files.push(File { kind: onnx::KIND, path: path.clone(), content, folder: None });
            said += &format!("{}: an ONNX graph of integers\n", visible::path(path));
        }
        let vectors = self.output.as_deref().zip(self.vectors);
        let vectors = vectors.map(|(path, count)| {
            self.format(path).map(|format| (path, count, format)).map_err(usage)
        });
        let vectors = vectors.transpose()?;

        // Every name, before data are loaded.
        let paths = files.iter().map(|file| file.path.as_path());
        apart(paths.chain(vectors.map(|(path, ..)| path)))?;
        files.iter().try_for_each(|file| self.ask(file))?;
        if let Some((path, count, format)) = vectors {
            let (kind, content) = (vectors::KIND, Vec::new());
            let mut file = File { kind, path: path.to_owned(), content, folder: None };
            self.ask(&file)?;
            let data;
            (file.content, data) = self.vectors(&blob, count as usize, format)?;
            files.push(file);
            let (path, data) = (visible::path(path), visible::line(&data.name));
            said += &format!("{path}: {count} samples of {data} and their logits\n");
        }
        Ok((files, said))
    }

    /// The files of a run, and what is said of them.
    fn of_run(&self) -> anyhow::Result<(Vec<File<'_>>, String)> {
        let run = Run::open(&self.model)?;
        if self.c.is_some() || self.vectors.is_some() {
            let folder = shell::path(&self.model);
            return Err(usage(format!(
                "--c and --vectors are of a model, and {} is a training run: quantize it first, `inkbit \
                 quantize {folder} -o model.inkbit`, or give --onnx or --safetensors",
                visible::path(&self.model)
            )));
        }
        let network = run.weights()?;
        quantize::check(&network)?;
        let (mut files, mut said) = (Vec::new(), String::new());
        if let Some(path) = &self.onnx {
            let (name, shape) = (default_name(&run), run.data.shape());
            let content = onnx::float(&network, &name, &shape, run.input(), &run.data.classes);
            files.push(File { kind: onnx::KIND, path: path.clone(), content, folder: None });
            said += &format!("{}: an ONNX graph of floats\n", visible::path(path));
        }
        if let Some(path) = &self.safetensors {
            let content = safetensors::file(&network);
            files.push(File { kind: safetensors::KIND, path: path.clone(), content, folder: None });
            said += &format!("{}: weights and biases as floats\n", visible::path(path));
        }
        if network.has_scales() {
            said += "note: activations were rounded in training, and are not by what was written\n";
        }
        apart(files.iter().map(|file| file.path.as_path()))?;
        files.iter().try_for_each(|file| self.ask(file))?;
        Ok((files, said))
    }

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
    fn ask(&self, File { kind, path, folder, .. }: &File<'_>) -> anyhow::Result<()> {
        match folder {
            Some(folder) => {
                check_folders(path, folder)?;
                kind.check_own(path)?;
            }
            None => kind.check(path)?,
        }
        super::keep_runs(path)?;
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
