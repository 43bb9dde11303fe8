//! The model and what it says about an image.

use core::fmt::Write;

use heapless::String;
use inkbit_core::blob::stated_length;
use inkbit_core::link::{MAX_LOGITS, MAX_TEXT};
use inkbit_core::softmax::softmax;
use inkbit_core::{Error, Model, Scratch, argmax, infer};

use crate::clock::Clock;
use crate::machine::{Board, PIXELS};

/// Below this confidence, in thousandths, the display shows "?".
const SURE: u16 = 500;

/// What the model says about an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The class, if there is ink and enough confidence.
    pub class: Option<u16>,
    /// Confidence in the likeliest class, in thousandths.
    pub permille: u16,
    /// Confidence in every class, from 0 to 255.
    pub bars: [u8; MAX_LOGITS],
    /// Time that the inference took.
    pub nanoseconds: u32,
}

impl Verdict {
    /// What is said about an image without ink.
    pub const NONE: Self = Self { class: None, permille: 0, bars: [0; MAX_LOGITS], nanoseconds: 0 };
}

/// A model that is ready to run in `CELLS` words of working memory, or why there is none.
#[derive(Debug)]
pub struct Engine<'m, const CELLS: usize> {
    scratch: Result<Scratch<'m, CELLS>, String<MAX_TEXT>>,
    crc: u32,
}

impl<'m, const CELLS: usize> Engine<'m, CELLS> {
    /// The engine for what [`Model::parse_region`] has made of `region`, the board's flash for a
    /// model.
    #[inline(always)]
    pub fn new(region: &[u8], parsed: &'m Result<Model<'m>, Error>, board: &Board) -> Self {
        Self { scratch: Self::prepare(parsed, board), crc: stored_crc(region).unwrap_or_default() }
    }

    #[inline(always)]
    fn prepare(
        parsed: &'m Result<Model<'m>, Error>,
        board: &Board,
    ) -> Result<Scratch<'m, CELLS>, String<MAX_TEXT>> {
        match parsed {
            Ok(model) => match misfit(model, board) {
                None => Scratch::for_model(model).map_err(|error| explain(&error, board)),
                Some(text) => Err(text),
            },
            Err(error) => Err(explain(error, board)),
        }
    }

    /// The model, or why there is none that can be run.
    ///
    /// # Errors
    ///
    /// A sentence for people.
    pub fn model(&self) -> Result<&'m Model<'m>, &str> {
        self.scratch.as_ref().map(Scratch::model).map_err(String::as_str)
    }

    /// The CRC-32 that closes the model's blob.
    pub const fn crc(&self) -> u32 {
        self.crc
    }

    /// Runs the model on an image; returns the logits, none if there is no model.
    pub fn classify(
        &mut self,
        pixels: &[u8],
        clock: &mut impl Clock,
        verdict: &mut Verdict,
    ) -> &[i32] {
        *verdict = Verdict::NONE;
        let Ok(scratch) = &mut self.scratch else { return &[] };
        let scale = scratch.model().header().logit_scale;
        let start = clock.nanoseconds();
        let logits = infer(scratch, pixels);
        let elapsed = clock.nanoseconds() - start;
        verdict.nanoseconds = u32::try_from(elapsed).unwrap_or(u32::MAX);
        if pixels.iter().all(|&pixel| pixel == 0) {
            return logits;
        }
        let mut shares = [0.0; MAX_LOGITS];
        softmax(logits, scale, &mut shares);
        for (bar, share) in verdict.bars.iter_mut().zip(shares).take(logits.len()) {
            *bar = (share * 255.0 + 0.5) as u8;
        }
        let class = argmax(logits);
        verdict.permille = (shares.get(class).copied().unwrap_or_default() * 1000.0 + 0.5) as u16;
        verdict.class = (verdict.permille >= SURE).then_some(class as u16);
        logits
    }
}

fn stored_crc(region: &[u8]) -> Option<u32> {
    let blob = region.get(..stated_length(region).ok()?)?;
    blob.last_chunk().map(|crc| u32::from_le_bytes(*crc))
}

/// Why a sound model does not fit the firmware's other buffers, if it does not.
fn misfit(model: &Model<'_>, board: &Board) -> Option<String<MAX_TEXT>> {
    let mut text = String::new();
    let side = usize::from(model.input().side);
    if side * side > PIXELS {
        let _ = write!(
            text,
            "model takes images of {side}x{side} pixels; {} takes up to {PIXELS} pixels; train on smaller images",
            board.name
        );
    } else if model.classes() > MAX_LOGITS {
        let _ = write!(
            text,
            "model has {} classes; {} shows up to {MAX_LOGITS}; train with fewer",
            model.classes(),
            board.name
        );
    }
    (!text.is_empty()).then_some(text)
}

/// The error in words that fit a board.
fn explain(error: &Error, board: &Board) -> String<MAX_TEXT> {
    let mut text = String::new();
    // A text that is too long is cut: better than none.
    let _ = match *error {
        Error::Truncated { found, expected } if found == board.model_bytes as usize => write!(
            text,
            "model of {expected} bytes is larger than the {found} that {} has for it; flash a smaller one",
            board.name
        ),
        Error::ScratchTooSmall { found, needed } => write!(
            text,
            "model needs {needed} cells of working memory, {} has {found}; flash one with narrower layers",
            board.name
        ),
        _ => write!(text, "{error}"),
    };
    text
}
