//! The model and what it says about an image.

use core::mem::{ManuallyDrop, replace};

use inkbit_core::link::{MAX_LOGITS, Refusal};
use inkbit_core::softmax::{Permille, permille};
use inkbit_core::{Logits, Model, ModelError, Sample, ScratchError};

use crate::board::{Board, PIXELS};
use crate::clock::Clock;
use crate::guard::{CoreEngine, EngineSlot, Guard, Parsed, Slot, parse, unread};
use crate::text::Text;

/// Below this confidence, in thousandths, the display shows "?", as it does for what is none of the
/// classes.
const SURE: u16 = 500;

/// The model's answer for an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The class, if there is ink and enough confidence.
    pub class: Option<u16>,
    /// Confidence in the likeliest class, in thousandths.
    pub permille: u16,
    /// The stage that has decided, from 0, if an image was classified.
    pub stage: u8,
    /// Confidence in every class, in 1/250.
    pub bars: [u8; MAX_LOGITS],
    /// Time that the inference took.
    pub nanoseconds: u32,
}

impl Verdict {
    /// The verdict on an image without ink.
    pub const NONE: Self =
        Self { class: None, permille: 0, stage: 0, bars: [0; MAX_LOGITS], nanoseconds: 0 };
}

/// A model in working memory, or why there is none.
#[derive(Debug)]
pub struct Engine<'m> {
    engine: Option<&'m mut CoreEngine<'m>>,
    guard: Option<Guard<'m>>,
    failure: Text,
    refusal: Refusal,
    cells: u32,
    crc: u32,
}

impl<'m> Engine<'m> {
    /// The engine for the model at the start of `region`, the board's flash for one.
    #[inline(always)]
    pub(crate) fn new(
        region: &'m [u8],
        cells: &'m mut [i32],
        Slot { parsed, engine }: &'m mut Slot<'m>,
        board: &Board,
    ) -> Self {
        let parsed = parsed.write(unread());
        // One after the other, so that their stacks are not added.
        parse(region, parsed);
        let mut this = Self::start(parsed, cells, engine, board);
        this.guard = this.engine.as_mut().and_then(|engine| Guard::new(region, parsed, engine));
        // What is stored: reading the model has just computed the same.
        this.crc = this.guard.as_ref().map_or(0, Guard::crc);
        this
    }

    #[inline(never)]
    fn start(
        parsed: &mut Parsed<'m>,
        cells: &'m mut [i32],
        slot: &'m mut EngineSlot<'m>,
        board: &Board,
    ) -> Self {
        let (mut text, cell_count) = (Text::new(), cells.len() as u32);
        let mut found = None;
        match ManuallyDrop::into_inner(replace(parsed, unread())) {
            Ok(model) if fits(&model, board, &mut text) => {
                match slot.write(CoreEngine::new(model, cells)) {
                    Ok(engine) => found = Some(engine),
                    Err(ScratchError { found, needed }) => {
                        text.say("model needs ").number(*needed as u32);
                        text.say(" cells of memory, ").say(board.name);
                        text.say(" has ").number(*found as u32).say("; use narrower layers");
                    }
                }
            }
            Ok(_) => {}
            Err(error) => explain(&error, board, &mut text),
        }
        let refusal = Refusal::NoModel;
        Self { engine: found, guard: None, failure: text, refusal, cells: cell_count, crc: 0 }
    }

    /// Checks the next bytes of the model. Returns whether that was the last of them.
    #[inline(never)]
    pub(crate) fn check(&mut self) -> bool {
        let (Some(guard), Some(engine)) = (&mut self.guard, &mut self.engine) else { return false };
        match guard.step(engine) {
            Ok(None) => return false,
            Ok(Some(crc)) => self.crc = crc,
            Err(_) => self.end(),
        }
        true
    }

    /// The model's blob, where it is read.
    pub fn blob(&self) -> Option<&'m [u8]> {
        self.guard.as_ref().map(Guard::blob)
    }

    /// Reads the same model from another place. Returns whether that is where it is read now.
    pub(crate) fn move_to(&mut self, region: &'m [u8]) -> bool {
        let (Some(guard), Some(engine)) = (&mut self.guard, &mut self.engine) else { return false };
        guard.move_to(region, engine)
    }

    /// Reads the model again if what was read of it has changed. Returns whether there is no model
    /// any more.
    #[inline(always)]
    pub(crate) fn repair(&mut self) -> bool {
        let (Some(guard), Some(engine)) = (&mut self.guard, &mut self.engine) else { return false };
        let sound = guard.repair(engine);
        if !sound {
            self.end();
        }
        !sound
    }

    fn end(&mut self) {
        (self.engine, self.guard, self.refusal) = (None, None, Refusal::ModelChanged);
        self.failure.say("model has changed; reset");
    }

    /// Why it does not classify, if [`model`](Self::model) is none.
    pub const fn refusal(&self) -> Refusal {
        self.refusal
    }

    /// The model, or why there is none that can be run.
    ///
    /// # Errors
    ///
    /// A sentence for people.
    pub fn model(&self) -> Result<&Model<'m>, &str> {
        self.engine.as_ref().map(|engine| engine.model()).ok_or(self.failure.as_str())
    }

    /// What runs the model.
    pub(crate) fn core(&mut self) -> Option<&mut CoreEngine<'m>> {
        self.engine.as_deref_mut()
    }

    /// Cells of working memory.
    pub const fn cells(&self) -> u32 {
        self.cells
    }

    /// The CRC-32 of the model's blob, as last computed.
    pub const fn crc(&self) -> u32 {
        self.crc
    }

    /// Runs the model on an image; returns the logits, none if there is no model that takes it.
    pub fn classify(
        &mut self,
        pixels: &[u8],
        clock: &mut impl Clock,
        verdict: &mut Verdict,
    ) -> &[i32] {
        *verdict = Verdict::NONE;
        let Some(engine) = &mut self.engine else { return &[] };
        // Without ink there is no digit; features may all be 0.
        let is_image = matches!(engine.model().sample(), Sample::Image(_));
        let start = clock.nanoseconds();
        let Ok(logits) = engine.infer(pixels) else { return &[] };
        let elapsed = clock.nanoseconds() - start;
        verdict.nanoseconds = u32::try_from(elapsed).unwrap_or(u32::MAX);
        if !is_image || pixels.iter().any(|&pixel| pixel != 0) {
            verdict.judge(logits);
        }
        logits.into_slice()
    }
}

impl Verdict {
    fn judge(&mut self, logits: Logits<'_>) {
        let class = logits.argmax();
        self.stage = logits.stage() as u8;
        let shares = permille(&logits, logits.scale()).enumerate();
        for (bar, (number, Permille(permille))) in self.bars.iter_mut().zip(shares) {
            *bar = (permille / 4) as u8;
            if number == class {
                self.permille = permille;
            }
        }
        self.class = (logits.stands() && self.permille >= SURE).then_some(class as u16);
    }
}

/// Whether a blob is that of a model which the board can run with this number of cells.
#[inline(never)]
pub(crate) fn can_run(blob: &[u8], cells: u32, board: &Board) -> bool {
    let mut parsed = unread();
    // One after the other, so that their stacks are not added.
    parse(blob, &mut parsed);
    suits(&parsed, cells, board)
}

#[inline(never)]
fn suits(parsed: &Parsed<'_>, cells: u32, board: &Board) -> bool {
    parsed.as_ref().is_ok_and(|model| {
        fits(model, board, &mut Text::new()) && model.scratch_cells() <= cells as usize
    })
}

/// Whether a model fits every buffer of the firmware except the scratch; if not, says why.
fn fits(model: &Model<'_>, board: &Board, text: &mut Text) -> bool {
    let (bytes, classes) = (model.sample().bytes(), model.classes());
    if bytes > PIXELS {
        text.say("model takes ").number(bytes as u32).say(" bytes, ").say(board.name);
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

/// Says what is wrong with a model in fewer words than core, whose texts a device has no room for.
/// Faults of the program that wrote the model are left to the host.
fn explain(error: &ModelError, board: &Board, text: &mut Text) {
    match *error {
        ModelError::Blank { .. } => text.say("no model in flash; flash one"),
        ModelError::Magic { .. } => text.say("not an Inkbit model; check file and address"),
        ModelError::Version { found, expected } => text
            .say("model has format version ")
            .number(found.into())
            .say(", this firmware reads ")
            .number(expected.into())
            .say("; quantize it again"),
        ModelError::Truncated { found, expected } if found == board.model_bytes as usize => text
            .say("model has ")
            .number(expected as u32)
            .say(" bytes, ")
            .say(board.name)
            .say(" has room for ")
            .number(found as u32)
            .say("; flash a smaller one"),
        ModelError::Crc { .. } | ModelError::Truncated { .. } => {
            text.say("model is damaged (wrong CRC-32); flash it again")
        }
        _ => text.say("model breaks its format; see `inkbit inspect`"),
    };
}
