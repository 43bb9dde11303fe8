//! Runs a model on this machine: `cargo run -p inkbit-core --example infer -- MODEL.inkbit`.
//!
//! The image is a 7 that is drawn here. A program of yours reads pixels from wherever it has them.

use std::error::Error;

use inkbit_core::image::lay;
use inkbit_core::softmax::permille;
use inkbit_core::{Engine, Error as InkbitError, Frame, Model, Sample, Scratch, kernel};

/// Working memory for any model none of whose layers has more inputs and outputs together.
const CELLS: usize = 4096;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name a model: MODEL.inkbit")?;
    let file = std::fs::read(path)?;
    // A model is read in place, from bytes that begin at a multiple of 8, as words do.
    let mut words = vec![0_u64; file.len().div_ceil(8)];
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut words);
    bytes[..file.len()].copy_from_slice(&file);
    let model = Model::parse(&bytes[..file.len()]).map_err(InkbitError::from)?;
    for layer in model.layers() {
        let bits = layer.bits().bits();
        println!("{} inputs, {} outputs, {bits} bits", layer.inputs(), layer.outputs());
    }

    let Sample::Image(frame) = model.sample() else { return Err("it takes no images".into()) };
    let mut engine = Engine::new(model, Scratch::<CELLS>::new())?;
    let answer = engine.infer(&seven(frame))?;
    let (logits, scale) = (answer.to_vec(), answer.scale());
    for (class, (logit, percent)) in logits.iter().zip(permille(&logits, scale)).enumerate() {
        println!("{:>8} {logit:>9}  {percent}", engine.model().label(class));
    }
    println!("by the kernel called {}", kernel::NAME);
    Ok(())
}

/// A bar and a slanting stroke on a canvas of 32 × 32, laid out as the model was trained.
fn seven(frame: Frame) -> Vec<u8> {
    let mut canvas = [0; 32 * 32];
    for step in 0..20 {
        for thickness in 0..3 {
            canvas[(6 + thickness) * 32 + 6 + step] = 255;
            canvas[(6 + step) * 32 + 25 - step / 2 - thickness] = 255;
        }
    }
    let mut image = vec![0; frame.pixels()];
    lay(&canvas, 32, 32, &mut image, frame);
    image
}
