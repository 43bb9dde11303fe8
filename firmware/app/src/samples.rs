//! Built-in digits to look at without drawing: paths of the pen from the project's own generator
//! of synthetic digits; `firmware/README.md` has the command that writes them.

use crate::canvas::Canvas;

/// For each digit its class, the number of its strokes, and for each stroke the number of its
/// points and their columns and rows, in steps of the canvas. All of it is bytes.
static PATHS: &[u8] = include_bytes!("samples.bin");

/// A digit of which the truth is known.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The digit that it is.
    pub digit: u8,
    strokes: u8,
    paths: &'static [u8],
}

impl Sample {
    /// Draws it on a canvas.
    pub fn draw(&self, canvas: &mut Canvas) {
        let mut rest = self.paths;
        for _ in 0..self.strokes {
            let Some((&count, mut after)) = rest.split_first() else { break };
            let mut from = None;
            for _ in 0..count {
                let Some((&[x, y], behind)) = after.split_first_chunk() else { break };
                let to = (i32::from(x), i32::from(y));
                canvas.line(from.unwrap_or(to), to);
                (from, after) = (Some(to), behind);
            }
            rest = after;
        }
    }
}

/// The built-in digits, in order.
pub fn samples() -> impl Iterator<Item = Sample> {
    let mut rest = PATHS;
    core::iter::from_fn(move || {
        let (&[digit, strokes], paths) = rest.split_first_chunk()?;
        rest = paths;
        for _ in 0..strokes {
            let (&count, points) = rest.split_first()?;
            rest = points.get(2 * usize::from(count)..)?;
        }
        Some(Sample { digit, strokes, paths })
    })
}
