//! Reads samples and says what they are. @MODEL@ is compiled in; everything about it follows from the
//! file, so that another model is another file.

#![no_std]
#![no_main]

#[cfg(feature = "verify")]
mod verify;

use @ENTRY@::entry;
use inkbit_core::{Engine, Error, Model, SampleEngine, Scratch, Sizes, include_blob};
// What a panic does: it tells the debugger, and ends.
use semihosting as _;
#[cfg(feature = "verify")]
use verify::run;

static BLOB: &[u8] = include_blob!("../model.inkbit");
const SIZES: Sizes = Sizes::of(BLOB);

type Classifier = SampleEngine<'static, Scratch<{ SIZES.cells }>, { SIZES.bytes }>;
@BOOT@
fn start() -> Result<Classifier, Error> {
    Ok(Engine::new(Model::parse(BLOB)?, Scratch::new())?.for_samples()?)
}

#[entry]
fn main() -> ! {
    let engine = start().expect("a model that this version reads");
    run(engine)
}

/// What the program is for. Here a sample is all zeros, and its class goes to the debugger.
#[cfg(not(feature = "verify"))]
fn run(mut engine: Classifier) -> ! {
    let sample = [0; SIZES.bytes]; // from your sensor, touch screen, serial line
    let class = engine.infer(&sample).argmax();
    semihosting::println!("{}", engine.model().label(class));
    semihosting::process::exit(0)
}
