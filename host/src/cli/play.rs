//! `inkbit play`

use std::path::PathBuf;

use super::usage;
use crate::data::Shape;
use crate::model::{Blob, builtin};
use crate::play::{Extent, KIND, Server, page};
use crate::support::visible;

/// Draw digits in a browser, on the device itself compiled for it.
///
/// The page has the models in it, shows the device's own screen, and loads nothing: as a file it works
/// from any folder and any web server.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/play.txt"))]
pub struct Args {
    /// Models [default: the reference models]
    #[arg(value_name = "MODEL")]
    models: Vec<PathBuf>,

    /// HTML file to write, in place of serving the page
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Let the file test its models on images and labels that are dropped on it, too, and read
    /// pictures; 38 kB more
    #[arg(long, requires = "output")]
    with_tests: bool,

    /// Only print the page's address
    #[arg(long, conflicts_with = "output")]
    no_open: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    if let Some(file) = &args.output {
        if file.extension().is_none_or(|kind| !kind.eq_ignore_ascii_case("html")) {
            let file = visible::path(file);
            return Err(usage(format!(
                "{file} is not the name of a page: give one that ends in .html"
            )));
        }
        KIND.check(file)?;
    }
    let models = load(&args.models)?;
    let extent = match args.output.is_some() && !args.with_tests {
        true => Extent::Small,
        false => Extent::WithTests,
    };
    let page = page(&models, extent);
    if let Some(file) = &args.output {
        KIND.write(file, page.as_bytes())?;
        return super::print(&format!("saved in {}, {} bytes\n", visible::path(file), page.len()));
    }
    let server = Server::new()?;
    let address = server.address();
    super::print(&format!("{address}\nDraw there; Ctrl-C ends it.\n"))?;
    if !args.no_open && open::that_detached(&address).is_err() {
        super::complain("no browser was found; open the address above");
    }
    server.run(&page)
}

/// The models, of which the device shows the last at first: of the reference models the largest.
fn load(paths: &[PathBuf]) -> anyhow::Result<Vec<(String, Blob)>> {
    let mut models = Vec::new();
    for path in paths {
        let blob = Blob::load(path)?;
        let shape = Shape::of_model(&blob.model()?);
        if shape.is_features() {
            return Err(super::usage(format!(
                "{} takes {shape}, which nobody can draw: give models of pictures",
                visible::path(path)
            )));
        }
        models.push((visible::path(path), blob));
    }
    if paths.is_empty() {
        for blob in builtin::all() {
            let name = blob.model()?.header().name.to_owned();
            models.push((name, blob));
        }
        models.sort_by_key(|(_, blob)| blob.bytes().len());
    }
    Ok(models)
}
