//! A page that runs the device in a browser: the modules of `firmware/web`, `firmware/batch` and `firmware/finder`,
//! models, and a script in one file, which loads nothing.

use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use inkbit_core::Model;
use zopfli::{Format, Options};

use crate::data::Shape;
use crate::device::board::{self, Board};
use crate::device::counts::Counts;
use crate::device::fit::Fit;
use crate::model::Blob;
use crate::support::replace::Kind;
use crate::support::visible;

pub use server::{Server, ServerError};

mod server;

/// What `cargo xtask web` compiles of `firmware/web`.
const MODULE: &[u8] = include_bytes!("../../web/device.wasm");
/// The same of `firmware/batch`: many images at once, where a browser has vectors.
const BATCH: &[u8] = include_bytes!("../../web/batch.wasm");
/// The same of `firmware/finder`: the digits on a picture.
const FINDER: &[u8] = include_bytes!("../../web/finder.wasm");
const PAGE: &str = include_str!("../../templates/play/page.html");
/// The page's script. A file may use at once what is in those before it.
const SCRIPT: [&str; 9] = [
    include_str!("../../templates/play/device.js"),
    include_str!("../../templates/play/page.js"),
    include_str!("../../templates/play/see.js"),
    include_str!("../../templates/play/costs.js"),
    include_str!("../../templates/play/pen.js"),
    include_str!("../../templates/play/link.js"),
    include_str!("../../templates/play/collect.js"),
    include_str!("../../templates/play/files.js"),
    include_str!("../../templates/play/serial.js"),
];
/// Its end, behind what is packed: text and packed bytes apart are shorter when a server packs the page.
const START: &str = include_str!("../../templates/play/start.js");
/// What tests models on many images, and reads pictures.
const TESTS: [&str; 2] =
    [include_str!("../../templates/play/idx.js"), include_str!("../../templates/play/pictures.js")];

const BEGIN: &str = "<!DOCTYPE html>\n<html lang=\"en\" data-by=\"inkbit play\">\n";

/// A page that was written before.
pub const KIND: Kind = Kind::beginning("a page of `inkbit play`", &[BEGIN.as_bytes()]);

/// The board whose time the display shows: that of a Raspberry Pi Pico, by the counts of its processor.
const CLOCK: &str = "pico";
const COUNTED: &str = "microbit";

/// Side length of an image of the device's canvas.
const SIDE: usize = 28;

/// Whether the device can draw for this model.
pub fn takes(model: &Model<'_>) -> bool {
    Shape::of_model(model) == Shape::square(SIDE)
}

/// What a page can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// One draws on it, and sees what the models make of that.
    Small,
    /// It also tests models on many images, and reads pictures, which takes 38 kB more.
    WithTests,
}

/// The page with these models; the last of them is shown first.
pub fn page(models: &[(String, Blob)], extent: Extent) -> String {
    let (clock, counts) =
        (Board::find(CLOCK).ok().and_then(|board| board.clock), Counts::built_in());
    let models: Vec<_> = models
        .iter()
        .map(|(name, blob)| {
            let instructions = counts.of(blob.crc()).get(COUNTED).copied();
            let nanoseconds = instructions
                .zip(clock)
                .map_or(0.0, |(count, hertz)| count * 1e9 / f64::from(hertz));
            serde_json::json!({
                "name": visible::line(name),
                "blob": packed(blob.bytes(), extent),
                "nanoseconds": nanoseconds.round(),
            })
        })
        .collect();
    // In a script no element may end.
    let models = serde_json::Value::from(models).to_string().replace('<', "\\u003c");
    let (fits, boards) = costs(&counts);
    let (mut script, mut start) = (SCRIPT.map(bare).concat(), String::new());
    if extent == Extent::WithTests {
        script += &TESTS.map(bare).concat();
        for (name, module) in [("BATCH", BATCH), ("FINDER", FINDER)] {
            start += &format!("const {name} = \"{}\";\n", packed(module, extent));
        }
    }
    start += &bare(START);
    let body = PAGE
        .replace("@SCRIPT@", &script)
        .replace("@START@", &start)
        .replace("@MODULE@", &packed(MODULE, extent))
        .replace("@FITS@", &fits.to_string())
        .replace("@BOARDS@", &boards.to_string())
        .replace("@MODELS@", &models);
    format!("{BEGIN}{body}")
}

/// What `costs.js` estimates with: the fits to counts, and the boards that have a clock, each with the place
/// of its fit.
fn costs(counts: &Counts) -> (serde_json::Value, serde_json::Value) {
    let mut fits: Vec<&Fit> = Vec::new();
    let mut boards = Vec::new();
    for Board { name, cpu, clock, .. } in board::all() {
        let Some((clock, fit)) = clock.zip(counts.fit(&cpu)) else { continue };
        let place = fits.iter().position(|known| *known == fit).unwrap_or(fits.len());
        if place == fits.len() {
            fits.push(fit);
        }
        boards.push(serde_json::json!({ "name": name, "clock": clock, "fit": place }));
    }
    let numbers = fits.into_iter().map(|Fit { greatest_error, blocks, instructions, .. }| {
        serde_json::json!({ "error": greatest_error, "blocks": blocks, "instructions": instructions })
    });
    (numbers.collect(), boards.into())
}

/// A script without comments and indentation, which are for those who read the sources: a page is to be small.
fn bare(script: &str) -> String {
    let lines = script.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
    lines.filter(|line| !line.is_empty()).flat_map(|line| [line, "\n"]).collect()
}

/// Bytes as text for `inflated` in the script: compressed by RFC 1951, which a browser undoes, in base 64. A
/// small page takes its time for it.
fn packed(bytes: &[u8], extent: Extent) -> String {
    let mut packed = Vec::new();
    match extent {
        Extent::Small => zopfli::compress(Options::default(), Format::Deflate, bytes, &mut packed),
        Extent::WithTests => {
            let mut encoder = DeflateEncoder::new(&mut packed, Compression::best());
            encoder.write_all(bytes).and_then(|()| encoder.try_finish())
        }
    }
    .expect("writing into memory does not fail");
    BASE64_STANDARD.encode(packed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::builtin;

    #[test]
    fn what_a_browser_would_obey_in_a_name_is_not_in_the_page() {
        let blob = builtin::all().remove(0);
        let page = page(&[("a\u{202e}b".to_owned(), blob)], Extent::Small);
        assert!(page.contains("a\u{fffd}b") && !page.contains('\u{202e}'));
    }
}
