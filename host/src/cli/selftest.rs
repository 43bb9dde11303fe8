//! `inkbit selftest`

use std::path::PathBuf;

use anyhow::{Context, ensure};

use super::device_args::{DeviceArgs, model_for};
use super::{progress, usage};
use crate::device::selftest::{self, SelfTest, Times};
use crate::device::{Client, Hello};
use crate::model::{Blob, builtin};
use crate::support::numbers::grouped;
use crate::support::replace::Kind;
use crate::support::visible;

const RESULT: Kind = Kind::beginning("the result of a self-test", &[selftest::LINE.as_bytes()]);

/// Let a board prove itself: logits, time, stack and RAM.
///
/// Sends test images to a board, compares all logits with this computer's, and measures by the board's
/// own clock. The result is a file of TOML: owners of boards that no emulator runs can publish it. The
/// exit code is 1 if a logit differs.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/selftest.txt"))]
pub struct Args {
    /// The model that the board holds [default: the reference model with the same CRC]
    model: Option<PathBuf>,

    #[command(flatten)]
    device: DeviceArgs,

    /// Images to send
    #[arg(long, value_name = "COUNT", default_value_t = 200,
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    images: u32,

    /// File to write the result to
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    if let Some(path) = &args.output {
        RESULT.check(path)?;
    }
    args.device.check()?;
    let given = args.model.as_deref().map(Blob::load).transpose()?;
    if let Some(mut client) = args.device.open_port()? {
        let blob = given.map_or_else(|| held(&client.hello()?), Ok)?;
        return on_device(args, client, &blob, false);
    }
    let boards = args.device.boards()?;
    let [board] = &boards[..] else {
        return Err(usage(
            "name one board: --port for a real one, or --device for an emulated one",
        ));
    };
    let (blob, named) = model_for(board, args.model.as_deref())?;
    super::print(&named)?;
    on_device(args, args.device.emulate(board, &blob)?, &blob, true)
}

/// The reference model that a device holds.
fn held(hello: &Hello) -> anyhow::Result<Blob> {
    let model = hello.model.as_ref().map_err(|reason| {
        anyhow::anyhow!("{} has no model that it can run: {reason}", hello.board)
    })?;
    builtin::all().into_iter().find(|blob| blob.crc() == model.crc).with_context(|| {
        format!(
            "{} holds the model {}, which is no reference model; name its file",
            hello.board, model.name
        )
    })
}

fn on_device(args: &Args, mut client: Client, blob: &Blob, emulated: bool) -> anyhow::Result<()> {
    let images = selftest::images(blob, args.images as usize)?;
    let result = progress::during(images.len(), "comparing", |done| {
        selftest::selftest(&mut client, blob, &images, emulated, done)
    })?;
    if let Some(path) = &args.output {
        RESULT.write(path, result.to_toml().as_bytes())?;
    }
    super::print(&described(&result))?;
    if let Some(path) = &args.output {
        super::print(&format!("wrote {}\n", visible::path(path)))?;
    }
    let SelfTest { differing, logits, .. } = result;
    ensure!(
        differing == 0,
        "{differing} of {logits} logits differ from this computer's; please report this with the result"
    );
    Ok(())
}

fn described(result: &SelfTest) -> String {
    let Times { fastest, mean, slowest } = result.microseconds;
    // An emulator's clock is not the board's.
    let clock = if result.emulated { "the emulator's" } else { "the board's" };
    let emulated = if result.emulated { " (emulated)" } else { "" };
    let ram = if result.in_ram { ", from RAM" } else { "" };
    let variables = result.variables.map_or_else(String::new, |bytes| {
        format!("\nvariables   {:>9} bytes of RAM", grouped(bytes as usize))
    });
    format!(
        "{}{emulated}, firmware {}, model {} (CRC {:#010x})\n\
         images      {:>9}\n\
         logits      {:>9}, {} of them differ\n\
         inference   {mean:>9.0} us by {clock} clock, {fastest:.0} to {slowest:.0}{ram}\n\
         stack       {:>9} bytes at its deepest{variables}\n\
         line        {:>9} requests repeated\n",
        result.board,
        result.firmware,
        result.model,
        result.crc,
        grouped(result.images),
        grouped(result.logits),
        result.differing,
        grouped(result.stack as usize),
        result.repeats
    )
}
