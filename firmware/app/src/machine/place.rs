//! Where the model is read from: flash, or a copy in RAM where that is faster.

use super::{App, Mode};
use crate::clock::Clock;
use crate::engine::Verdict;

impl<'m> App<'m> {
    /// Copies the model to `ram` if it fits there and its inference is faster by a tenth, measured with
    /// the first sample. For flash that keeps the processor waiting.
    #[inline(never)]
    pub fn prefer_ram(&mut self, ram: &'m mut [u8], clock: &mut impl Clock) {
        let Some(flash) = self.engine.blob() else { return };
        let Some(copy) = ram.get_mut(..flash.len()) else { return };
        let from_flash = self.measured(clock);
        copy.copy_from_slice(flash);
        if !self.engine.move_to(copy) {
            return;
        }
        let from_ram = self.measured(clock);
        self.in_ram = u64::from(from_ram) * 10 < u64::from(from_flash) * 9;
        if !self.in_ram {
            self.engine.move_to(flash);
        }
    }

    /// Nanoseconds of an inference that is not the first of its kind.
    fn measured(&mut self, clock: &mut impl Clock) -> u32 {
        let mode = core::mem::replace(&mut self.mode, Mode::Samples);
        for _ in 0..2 {
            self.put_sample(0);
            self.settle(clock);
        }
        self.mode = mode;
        self.clear();
        core::mem::replace(&mut self.verdict, Verdict::NONE).nanoseconds
    }
}
