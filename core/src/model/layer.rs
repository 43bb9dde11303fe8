//! A layer of a model: its sizes, weights, biases and multipliers.

use crate::shape::{LayerShape, Numbers, WeightBits};

/// One layer: views into the blob's data, as long as the shape says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer<'a> {
    pub(crate) shape: LayerShape,
    pub(crate) bits: WeightBits,
    // Words of the blob, little-endian, whatever the machine; of 16-bit numbers two in each.
    pub(crate) multipliers: &'a [u32],
    pub(crate) bias: &'a [u32],
    pub(crate) weights: &'a [u32],
}

impl<'a> Layer<'a> {
    /// The sizes.
    pub const fn shape(&self) -> LayerShape {
        self.shape
    }

    /// Values that the layer takes.
    pub const fn inputs(&self) -> usize {
        self.shape.inputs as usize
    }

    /// Values that the layer gives.
    pub const fn outputs(&self) -> usize {
        self.shape.outputs as usize
    }

    /// Width of the weight codes.
    pub const fn bits(&self) -> WeightBits {
        self.bits
    }

    /// Bias of an output, in accumulator steps (0 beyond the last).
    pub fn bias(&self, output: usize) -> i32 {
        if output >= self.outputs() {
            return 0;
        }
        match self.shape.numbers {
            Numbers::Wide => word(self.bias, output).cast_signed(),
            Numbers::Narrow { bias_shift, .. } => {
                widened(halves(self.bias).get(output).copied().unwrap_or_default(), bias_shift)
            }
        }
    }

    /// Requantization multiplier of an output, times 2³² (0 in a stage's last layer).
    pub fn multiplier(&self, output: usize) -> u32 {
        let count = self.shape.multipliers;
        let index = if count == 1 { 0 } else { output };
        if index >= count.into() {
            return 0;
        }
        match self.shape.numbers {
            Numbers::Wide => word(self.multipliers, index),
            Numbers::Narrow { multiplier_shift, .. } => {
                let halves = halves(self.multipliers);
                let number = halves.get(index).copied().unwrap_or_default();
                widened_multiplier(number, multiplier_shift)
            }
        }
    }

    /// Writes biases, as [`bias`](Self::bias) gives them, and multipliers, as
    /// [`multiplier`](Self::multiplier) does, of the outputs from `first` on, as many as there is room
    /// for. Leaves the room beyond the last output, and that for multipliers in a stage's last layer.
    #[inline(always)] // so that it is optimized as its caller is
    pub fn numbers(&self, first: usize, biases: &mut [i32], multipliers: &mut [u32]) {
        if let Some((own, bias)) = self.wide() {
            fill(biases, bias.get(first..), i32::from_le);
            match own {
                &[multiplier] => multipliers.fill(u32::from_le(multiplier)),
                own => fill(multipliers, own.get(first..), u32::from_le),
            }
        } else if let Numbers::Narrow { multiplier_shift, bias_shift } = self.shape.numbers {
            fill(biases, halves(self.bias).get(first..), |bias| widened(bias, bias_shift));
            let wide = |number| widened_multiplier(number, multiplier_shift);
            match (halves(self.multipliers), self.shape.multipliers) {
                // What follows a single one is padding.
                (&[multiplier, ..], 1) => multipliers.fill(wide(multiplier)),
                (own, _) => fill(multipliers, own.get(first..), wide),
            }
        }
    }

    /// Multipliers and biases, little-endian whatever the machine, if they are
    /// [wide](Numbers::Wide): one multiplier for all outputs or one for each, none in a stage's
    /// last layer.
    #[inline(always)]
    pub(crate) fn wide(&self) -> Option<(&'a [u32], &'a [i32])> {
        let wide = self.shape.numbers == Numbers::Wide;
        wide.then(|| (self.multipliers, bytemuck::cast_slice(self.bias)))
    }

    /// Weight from an input to an output (0 beyond the last).
    ///
    /// ```
    /// use inkbit_core::{Model, include_blob};
    /// static BLOB: &[u8] = include_blob!("../../golden/one-layer.inkbit");
    /// let model = Model::parse(BLOB)?;
    /// let layer = &model.layers()[0];
    /// let greatest = layer.bits().max_weight();
    /// assert!((0..layer.inputs()).all(|input| layer.weight(0, input).abs() <= greatest));
    /// # Ok::<_, inkbit_core::Error>(())
    /// ```
    pub fn weight(&self, output: usize, input: usize) -> i32 {
        if input >= self.inputs() || output >= self.outputs() {
            return 0;
        }
        let block = self.bits.block();
        let (byte, shift) = self.bits.place(output % block);
        let start = (output / block * self.inputs() + input) * self.bits.row_bytes();
        let word = self.weights.get((start + byte) / 4).copied().unwrap_or_default();
        let byte = word.to_ne_bytes().get(byte % 4).copied().unwrap_or_default();
        let code = i32::from(byte) >> shift & ((1 << self.bits.bits()) - 1);
        self.bits.step() * code - self.bits.offset()
    }

    /// The weight codes, block by block, as the format lays them out, in little-endian words.
    pub const fn weights(&self) -> &'a [u32] {
        self.weights
    }
}

/// A number of 32 bits that lies in little-endian words.
fn word(words: &[u32], index: usize) -> u32 {
    u32::from_le(words.get(index).copied().unwrap_or_default())
}

/// Writes what there is, as far as there is room.
#[inline(always)]
fn fill<T, U: Copy>(room: &mut [T], from: Option<&[U]>, number: impl Fn(U) -> T) {
    for (room, &from) in room.iter_mut().zip(from.unwrap_or_default()) {
        *room = number(from);
    }
}

/// The numbers of 16 bits, little-endian, that such words hold.
#[inline(always)]
pub(crate) fn halves(words: &[u32]) -> &[u16] {
    bytemuck::cast_slice(words)
}

/// The bias that a narrow one stands for.
#[inline(always)]
pub(crate) const fn widened(bias: u16, shift: u8) -> i32 {
    (u16::from_le(bias).cast_signed() as i32) << (shift & 15)
}

/// The multiplier that a narrow one stands for.
#[inline(always)]
pub(crate) const fn widened_multiplier(multiplier: u16, shift: u8) -> u32 {
    (u16::from_le(multiplier) as u32) << (shift & 31)
}
