//! What every layer of a model gives, as one row of numbers.

use inkbit_core::kernel::Kernel;
use inkbit_core::{Engine, LayerOutput, Model};

use crate::models::MAX_OUTPUTS;

/// The activations that are not zero, with their units, and the logits.
pub(crate) struct Trace {
    values: [i32; MAX_OUTPUTS],
    length: usize,
}

impl Trace {
    /// By one kernel.
    #[inline(never)]
    pub(crate) fn of<K: Kernel>(model: &Model<'_>, cells: &mut [i32], pixels: &[u8]) -> Self {
        let mut trace = Self { values: [0; MAX_OUTPUTS], length: 0 };
        let mut engine = Engine::new(model.clone(), cells).unwrap();
        let observed = engine.infer_by::<K>(pixels, |_, output| match output {
            LayerOutput::Activations(active) => {
                active.iter().for_each(|(unit, value)| {
                    trace.push((unit << 8) as i32 | i32::from(value));
                });
                // Between layers, so that none can borrow from the next.
                trace.push(-1);
            }
            LayerOutput::Logits(logits) => logits.iter().for_each(|&logit| trace.push(logit)),
        });
        observed.unwrap();
        trace
    }

    fn push(&mut self, value: i32) {
        self.values[self.length] = value;
        self.length += 1;
    }

    /// Place of the first difference and both values.
    pub(crate) fn first_difference(&self, other: &Self) -> Option<(u32, i32, i32)> {
        if self.length != other.length {
            return Some((u32::MAX, self.length as i32, other.length as i32));
        }
        let place = (0..self.length).find(|&place| self.values[place] != other.values[place])?;
        Some((place as u32, self.values[place], other.values[place]))
    }
}
