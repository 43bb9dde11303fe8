//! A firmware of your own: copy this folder and name your model's file in place of `nano.inkbit`.
//! Everything else follows from that file while the program is compiled.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use inkbit_core::softmax::permille;
use inkbit_core::{Engine, Error, Model, SampleEngine, Scratch, Sizes, include_blob};
use semihosting::{println, process};

static BLOB: &[u8] = include_blob!("../../../../host/models/nano.inkbit");
const SIZES: Sizes = Sizes::of(BLOB);

type DigitEngine = SampleEngine<'static, &'static mut Scratch<{ SIZES.cells }>, { SIZES.bytes }>;

fn start(scratch: &'static mut Scratch<{ SIZES.cells }>) -> Result<DigitEngine, Error> {
    Ok(Engine::new(Model::parse(BLOB)?, scratch)?.for_samples()?)
}

#[entry]
fn main() -> ! {
    // The entry point runs once, so it may hand out its statics.
    static mut SCRATCH: Scratch<{ SIZES.cells }> = Scratch::new();
    let mut engine = start(SCRATCH).expect("a model that this version reads");
    let image = seven(usize::from(engine.model().input().width));
    let logits = engine.infer(&image);
    let (class, percent) = (logits.argmax(), permille(&logits, logits.scale()).max());
    let label = engine.model().label(class);
    println!("{label} ({})", percent.unwrap());
    process::exit(i32::from(label != "7"))
}

/// A 7: a bar on top and a stroke down from its right end. Yours comes from a sensor or a display.
fn seven(side: usize) -> [u8; SIZES.bytes] {
    let mut image = [0; SIZES.bytes];
    let (margin, long) = (side / 5, side * 3 / 5);
    for step in 0..long {
        for thickness in 0..2 {
            image[(margin + thickness) * side + margin + side / 12 + step] = 255;
            image[(margin + step) * side + margin + side / 12 + long - step / 2 - thickness] = 255;
        }
    }
    image
}
