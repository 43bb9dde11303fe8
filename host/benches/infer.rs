//! Images per second on one core of this machine, with the fastest kernel and with the portable
//! one.
//!
//! `cargo bench -p inkbit --bench infer`. INKBIT_MODEL names another model than the built-in
//! `classic`, INKBIT_IMAGES an uncompressed IDX file of test images instead of synthetic ones.
#![allow(clippy::disallowed_methods, reason = "it reads what its user names")]

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs};

use inkbit::data::synthetic::{self, Part};
use inkbit::model::{Blob, HostEngine, builtin};
use inkbit_core::kernel::Portable;

/// Bytes before the first pixel of an IDX image file.
const IDX_HEADER: usize = 16;

/// Rounds per kernel, whose median is the result.
const ROUNDS: usize = 9;

/// The minimum time of a round.
const ROUND: Duration = Duration::from_millis(200);

fn main() -> Result<(), Box<dyn Error>> {
    let blob = match env::var_os("INKBIT_MODEL") {
        Some(file) => Blob::load(Path::new(&file))?,
        None => builtin::find("classic").ok_or("no built-in model is called classic")?,
    };
    let model = blob.model()?;
    let pixels = match env::var_os("INKBIT_IMAGES") {
        Some(file) => fs::read(file)?.get(IDX_HEADER..).ok_or("no IDX file")?.to_vec(),
        None => synthetic::images(Part::Test, 100, 1).pixels,
    };
    let images: Vec<&[u8]> = pixels.chunks_exact(model.sample().bytes()).collect();
    let mut engine = HostEngine::new(&model);
    report("fastest", &images, |image| {
        black_box(engine.infer(image));
    });
    report("portable", &images, |image| {
        black_box(engine.infer_by::<Portable>(image, |_, _| ()));
    });
    Ok(())
}

/// Prints a kernel's images per second: the median, the minimum and the maximum of the rounds.
fn report(kernel: &str, images: &[&[u8]], mut infer: impl FnMut(&[u8])) {
    let mut speeds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let (start, mut done) = (Instant::now(), 0);
            while start.elapsed() < ROUND {
                images.iter().for_each(|image| infer(black_box(image)));
                done += images.len();
            }
            done as f64 / start.elapsed().as_secs_f64()
        })
        .collect();
    speeds.sort_by(f64::total_cmp);
    let [least, median, most] = [0, ROUNDS / 2, ROUNDS - 1].map(|place| speeds[place]);
    println!("{kernel}: {median:.0} images a second ({least:.0} to {most:.0})");
}
