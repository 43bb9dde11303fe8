//! Scales that were learned in training.

use inkbit_core::WeightBits;

use super::{LayerScales, Quantized};
use crate::net::rounding::step_of;
use crate::net::{Dense, Mlp};

/// A network that [`qat::round`](crate::train::qat::round) returned, as it is evaluated and exported. Batch normalization has been
/// folded.
#[must_use]
pub fn quantized(rounded: &Mlp, bits: &[WeightBits]) -> Quantized {
    let real = |logarithm: &f32| f64::from(step_of(*logarithm));
    let scales = |(dense, &bits): (&Dense, &WeightBits)| LayerScales {
        bits,
        weight: dense.weight_scale.iter().map(real).collect(),
        activation: dense.output_scale.first().map(real),
    };
    let scales = rounded.layers.iter().zip(bits).map(scales).collect();
    Quantized { net: rounded.clone(), scales }
}
