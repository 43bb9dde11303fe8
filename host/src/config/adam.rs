//! Constants of the optimizer.

use super::FRACTION;
use super::keys::Range::Above;
use super::keys::Values::Real;
use super::keys::keys;

keys! {
    /// Constants of Adam. The learning rate stands in [`TrainConfig`](super::TrainConfig).
    pub struct AdamConfig {
        /// Decay of the running mean of the gradients.
        beta1: f32 = 0.9, Real(FRACTION);
        /// Decay of the running mean of their squares.
        beta2: f32 = 0.999, Real(FRACTION);
        /// Added to the root of that mean. Keras has this default too, burn has 1e-5.
        epsilon: f32 = 1e-7, Real(Above(0.0));
    }
}
