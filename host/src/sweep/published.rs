//! What others have reached on MNIST with small multi-layer perceptrons.

/// A published network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    /// Bytes of its weights.
    pub bytes: f64,
    /// Instructions that an image takes on a Cortex-M3, where they were counted.
    pub instructions: Option<f64>,
    /// Accuracy on the test images, from 0 to 1.
    pub accuracy: f64,
}

/// Whose these are.
pub(super) const BY: &str = "BitNetMCU (published)";

/// BitNetMCU's networks (cpldcpu/BitNetMCU on GitHub): 16 × 16 inputs, chosen on the test images.
/// The instructions are of its 256-64-64-64-10 at 4 bits, without shrinking the image.
pub const PUBLISHED: [Published; 5] = [
    Published { bytes: 3.0 * 1024.0, instructions: None, accuracy: 0.9679 },
    Published { bytes: 6.0 * 1024.0, instructions: None, accuracy: 0.9813 },
    Published { bytes: 8.5 * 1024.0, instructions: None, accuracy: 0.9872 },
    Published { bytes: 12.3 * 1024.0, instructions: Some(208_165.0), accuracy: 0.9901 },
    Published { bytes: 16.6 * 1024.0, instructions: None, accuracy: 0.9904 },
];
