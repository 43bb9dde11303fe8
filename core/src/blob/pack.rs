//! A layer's parameters, as a blob's data holds them.

use core::ops::RangeInclusive;

use crate::error::{ModelError, PackError};
use crate::shape::{LayerShape, MAX_BIAS, MAX_WIDTH, Numbers, PART_ALIGNMENT, WeightBits};

/// Packs one layer's parameters into the front of `out`, as a blob's data holds them, and returns
/// what follows. `layer` is only named in errors; `weight` gives the weight of (output, input).
///
/// ```
/// use inkbit_core::{LayerShape, Numbers, blob::pack_layer};
/// let shape = LayerShape { inputs: 2, outputs: 1, bits: 8, multipliers: 0, numbers: Numbers::Wide };
/// let mut data = [0; 20];
/// pack_layer(0, shape, &[], &[-1], |_, input| [127, -127][input], &mut data)?;
/// assert_eq!(data[..4], [0xFF; 4]); // the bias
/// assert_eq!((data[4], data[12]), (255, 1)); // the weights plus 128
/// # Ok::<_, inkbit_core::Error>(())
/// ```
///
/// # Errors
///
/// [`PackError::Weight`], [`PackError::Narrow`] or [`ModelError::Bias`] with the layer, the row and the
/// bound; [`ModelError::Width`], [`ModelError::Bits`], [`ModelError::Multipliers`] or
/// [`PackError::Biases`] if shape and parameters do not belong together;
/// [`PackError::BufferTooSmall`].
pub fn pack_layer<'o>(
    layer: usize,
    shape: LayerShape,
    multipliers: &[u32],
    bias: &[i64],
    weight: impl Fn(usize, usize) -> i32,
    out: &'o mut [u8],
) -> Result<&'o mut [u8], PackError> {
    let LayerShape { inputs, outputs, bits, .. } = shape;
    let (inputs, outputs) = (usize::from(inputs), usize::from(outputs));
    let width = WeightBits::from_bits(bits)
        .ok_or(PackError::Model(ModelError::Bits { layer, found: bits }))?;
    for found in [inputs, outputs] {
        if found == 0 || found > MAX_WIDTH {
            return Err(PackError::Model(ModelError::Width { layer, found, limit: MAX_WIDTH }));
        }
    }
    let (found, expected) = (multipliers.len(), usize::from(shape.multipliers));
    if found != expected {
        return Err(PackError::Model(ModelError::Multipliers { layer, found, expected }));
    }
    if bias.len() != outputs {
        return Err(PackError::Biases { layer, found: bias.len(), expected: outputs });
    }
    let (found, needed) = (out.len(), shape.data_bytes());
    let (own, rest) =
        out.split_at_mut_checked(needed).ok_or(PackError::BufferTooSmall { found, needed })?;
    own.fill(0);
    let [multiplier_bytes, bias_bytes, _] =
        shape.part_bytes().map(|bytes| bytes.next_multiple_of(PART_ALIGNMENT));
    let (own_multipliers, own) = own.split_at_mut(multiplier_bytes);
    let (own_bias, own_weights) = own.split_at_mut(bias_bytes);
    let (bytes, shifts) = match shape.numbers {
        Numbers::Wide => (4, [0, 0]),
        Numbers::Narrow { multiplier_shift, bias_shift } => (2, [multiplier_shift, bias_shift]),
    };
    for (row, (cell, &multiplier)) in
        own_multipliers.chunks_exact_mut(bytes).zip(multipliers).enumerate()
    {
        let range = 0..=if bytes == 4 { u32::MAX.into() } else { u16::MAX.into() };
        store(cell, multiplier.into(), range, [layer, row], shifts[0])?;
    }
    for (row, (cell, &found)) in own_bias.chunks_exact_mut(bytes).zip(bias).enumerate() {
        let limit = MAX_BIAS;
        if !(-i64::from(limit)..=limit.into()).contains(&found) {
            return Err(PackError::Model(ModelError::Bias { layer, row, found, limit }));
        }
        let range = match bytes {
            4 => i32::MIN.into()..=i32::MAX.into(),
            _ => i16::MIN.into()..=i16::MAX.into(),
        };
        store(cell, found, range, [layer, row], shifts[1])?;
    }
    for row in 0..outputs {
        let (byte, shift) = width.place(row % width.block());
        let block = row / width.block() * inputs;
        for input in 0..inputs {
            let found = weight(row, input);
            let code = width.code(found).ok_or(PackError::Weight { layer, row, found, bits })?;
            if let Some(cell) = own_weights.get_mut((block + input) * width.row_bytes() + byte) {
                *cell |= code << shift;
            }
        }
    }
    Ok(rest)
}

/// Stores a number, which the blob shifts to the left, in as many bytes as `cell` has.
fn store(
    cell: &mut [u8],
    found: i64,
    range: RangeInclusive<i64>,
    [layer, row]: [usize; 2],
    shift: u8,
) -> Result<(), PackError> {
    let number = found >> shift.min(63);
    if !range.contains(&number) || number << shift.min(63) != found {
        return Err(PackError::Narrow { layer, row, found, shift });
    }
    cell.iter_mut().zip(number.to_le_bytes()).for_each(|(to, byte)| *to = byte);
    Ok(())
}
