//! What the app tells the display and the host.

use inkbit_core::link::{Limits, MAX_LOGITS, Mode, Status};

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
        let image = self.image.get(..engine.model().input().pixels())?;
        Some((engine, image))
    }

    /// What the display shows.
    pub fn view(&self) -> View<'_> {
        let model = self.engine.model();
        let notice = Some(self.notice.as_str()).filter(|notice| !notice.is_empty());
        let drawn = self.mode != Mode::Link;
        let side = model.as_ref().map_or(SIDE, |model| usize::from(model.input().width));
        View {
            mode: self.mode,
            in_ram: self.in_ram,
            message: match (model, notice) {
                (Err(reason), _) => Some(("No model to run", reason)),
                (_, notice) => notice.map(|notice| ("Was reset", notice)),
            },
            image: if drawn { self.canvas.pixels() } else { &*self.image },
            side: if drawn { SIDE } else { side },
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
