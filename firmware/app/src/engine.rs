//! The model and what it says about an image.

use inkbit_core::blob::stated_length;
use inkbit_core::link::MAX_LOGITS;
use inkbit_core::softmax::permille;
use inkbit_core::{Error, Model, Scratch, argmax, infer};

use crate::board::{Board, Entry, PIXELS};
use crate::clock::Clock;
use crate::words::Text;

/// Below this confidence, in thousandths, the display shows "?".
const SURE: u16 = 500;

/// What the model says about an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The class, if there is ink and enough confidence.
    pub class: Option<u16>,
    /// Confidence in the likeliest class, in thousandths.
    pub permille: u16,
    /// Confidence in every class, in 1/250.
    pub bars: [u8; MAX_LOGITS],
    /// Time that the inference took.
    pub nanoseconds: u32,
}

impl Verdict {
    /// What is said about an image without ink.
    pub const NONE: Self = Self { class: None, permille: 0, bars: [0; MAX_LOGITS], nanoseconds: 0 };
}

/// A model in `CELLS` words of working memory, or why there is none.
#[derive(Debug)]
pub struct Engine<'m, const CELLS: usize> {
    scratch: &'m mut Scratch<'m, CELLS, Entry>,
    failure: Text,
    crc: u32,
}

impl<'m, const CELLS: usize> Engine<'m, CELLS> {
    /// The engine for what [`Model::parse_region`] has made of `region`, the board's flash for a
    /// model.
    #[inline(always)]
    pub fn new(
        region: &[u8],
        parsed: &'m Result<Model<'m>, Error>,
        scratch: &'m mut Scratch<'m, CELLS, Entry>,
        board: &Board,
    ) -> Self {
        let mut failure = Text::new();
        match parsed {
            Ok(model) if fits(model, board, &mut failure) => {
                if let Err(error) = scratch.load(model) {
                    explain(&error, board, &mut failure);
                }
            }
            Ok(_) => {}
            Err(error) => explain(error, board, &mut failure),
        }
        Self { scratch, failure, crc: stored_crc(region).unwrap_or_default() }
    }

    /// The model, or why there is none that can be run.
    ///
    /// # Errors
    ///
    /// A sentence for people.
    pub fn model(&self) -> Result<&'m Model<'m>, &str> {
        let failure = self.failure.as_str();
        self.scratch.model().filter(|_| failure.is_empty()).ok_or(failure)
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
        let Ok(model) = self.model() else { return &[] };
        let start = clock.nanoseconds();
        let logits = infer(self.scratch, pixels);
        let elapsed = clock.nanoseconds() - start;
        verdict.nanoseconds = u32::try_from(elapsed).unwrap_or(u32::MAX);
        if pixels.iter().any(|&pixel| pixel != 0) {
            verdict.judge(logits, model.header().logit_scale);
        }
        logits
    }
}

impl Verdict {
    fn judge(&mut self, logits: &[i32], scale: f32) {
        let class = argmax(logits);
        let shares = permille(logits, scale).enumerate();
        for (bar, (number, permille)) in self.bars.iter_mut().zip(shares) {
            *bar = (permille / 4) as u8;
            if number == class {
                self.permille = permille;
            }
        }
        self.class = (self.permille >= SURE).then_some(class as u16);
    }
}

fn stored_crc(region: &[u8]) -> Option<u32> {
    let blob = region.get(..stated_length(region).ok()?)?;
    blob.last_chunk().map(|crc| u32::from_le_bytes(*crc))
}

/// Whether a sound model fits the firmware's buffers but the scratch; if not, says why.
fn fits(model: &Model<'_>, board: &Board, text: &mut Text) -> bool {
    let side = u32::from(model.input().side);
    let classes = model.classes();
    if side * side > PIXELS as u32 {
        text.say("model takes ").number(side * side).say(" pixels, ").say(board.name);
        text.say(" at most ").number(PIXELS as u32).say("; train on smaller images");
        return false;
    }
    if classes > MAX_LOGITS {
        text.say("model has ").number(classes as u32).say(" classes, ").say(board.name);
        text.say(" takes ").number(MAX_LOGITS as u32).say("; train with fewer");
        return false;
    }
    true
}

/// Says what is wrong with a model, in fewer words than core does: a device has not the room for
/// those, and what can only be its writer's fault is better looked at on the host.
fn explain(error: &Error, board: &Board, text: &mut Text) {
    match *error {
        Error::Blank { .. } => text.say("no model in flash; flash one"),
        Error::Magic { .. } => text.say("not an Inkbit model; check file and address, flash again"),
        Error::Version { found, expected } => text
            .say("model has format version ")
            .number(found.into())
            .say(", this firmware reads ")
            .number(expected.into())
            .say("; quantize it again"),
        Error::Truncated { found, expected } if found == board.model_bytes as usize => text
            .say("model has ")
            .number(expected as u32)
            .say(" bytes, ")
            .say(board.name)
            .say(" has room for ")
            .number(found as u32)
            .say("; flash a smaller one"),
        Error::Crc { .. } | Error::Truncated { .. } => {
            text.say("model is damaged (wrong CRC-32); flash it again")
        }
        Error::ScratchTooSmall { found, needed } => text
            .say("model needs ")
            .number(needed as u32)
            .say(" cells of memory, ")
            .say(board.name)
            .say(" has ")
            .number(found as u32)
            .say("; use narrower layers"),
        _ => text.say("model breaks its format; check the file with `inkbit inspect`"),
    };
}
