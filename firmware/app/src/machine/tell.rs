//! What the app tells the display and the host.

use inkbit_core::link::{Limits, MAX_LOGITS, Mode, Status};
use inkbit_core::{Model, Sample};

use super::App;
use crate::board::{Board, PIXELS};
use crate::canvas::SIDE;
use crate::engine::Verdict;
use crate::guard::CoreEngine;
use crate::screen::View;

impl<'m> App<'m> {
    /// The limits of this firmware.
    pub const fn limits(&self) -> Limits {
        let Board { model_address, model_bytes, .. } = self.board;
        Limits {
            model_address,
            model_bytes,
            cells: self.engine.cells(),
            pixels: PIXELS as u32,
            classes: MAX_LOGITS as u32,
        }
    }

    /// What the device shows, and the stack that it has used.
    pub fn status(&self) -> Status {
        let Verdict { class, permille, .. } = self.verdict;
        let (stack, stack_room) = (self.board.stack)();
        Status {
            mode: self.mode,
            class,
            permille,
            stack,
            stack_room,
            check: self.check,
            in_ram: self.in_ram,
        }
    }

    /// The engine and the image that it has classified, for a board that shows what lies between the two.
    pub fn seen(&mut self) -> Option<(&mut CoreEngine<'m>, &[u8])> {
        let engine = self.engine.core()?;
        let image = self.image.get(..engine.model().sample().bytes())?;
        Some((engine, image))
    }

    /// What the display shows.
    pub fn view(&self) -> View<'_> {
        let model = self.engine.model();
        let notice = Some(self.notice.as_str()).filter(|notice| !notice.is_empty());
        let drawn = self.mode != Mode::Link;
        let size = match model.map(Model::sample) {
            Ok(Sample::Image(frame)) if !drawn => [frame.width, frame.height].map(usize::from),
            // Nothing shows what features look like.
            Ok(Sample::Features { .. }) if !drawn => [0; 2],
            _ => [SIDE; 2],
        };
        View {
            mode: self.mode,
            in_ram: self.in_ram,
            message: match (model, notice) {
                (Err(reason), _) => Some(("No model to run", reason)),
                (_, notice) => notice.map(|notice| ("Was reset", notice)),
            },
            image: if drawn { self.canvas.pixels() } else { &*self.image },
            size,
            pen: (self.mode == Mode::Draw).then_some((self.pen, self.pen_down)),
            // Hosts count in the lower half; the upper one tells them apart.
            number: if drawn { u32::from(self.sample) + 1 } else { self.id & 0xFFFF },
            truth: if self.mode == Mode::Samples {
                self.current_sample().map(|sample| sample.digit)
            } else {
                None
            },
            model: model.ok(),
            verdict: &self.verdict,
        }
    }
}
