//! What the rows of a source's values are.

use std::fmt;

use inkbit_core::{MAX_SIDE, MAX_WIDTH};

/// What the rows of values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    /// Images of this width and height.
    Images([usize; 2]),
    /// Features, of which a row has this number.
    Features(usize),
}

impl Rows {
    /// Square images of `pixels` pixels; `None` if that is no square number.
    pub fn squares(pixels: usize) -> Option<Self> {
        let side = pixels.isqrt();
        (side * side == pixels).then_some(Self::Images([side; 2]))
    }

    /// Values of a row.
    pub const fn values(self) -> usize {
        match self {
            Self::Images([width, height]) => width * height,
            Self::Features(count) => count,
        }
    }

    /// Refuses what no model can take.
    pub fn check(self) -> Result<Self, String> {
        let range = 1..=usize::from(MAX_SIDE);
        match self {
            Self::Images([width, height])
                if !range.contains(&width) || !range.contains(&height) =>
            {
                Err(format!(
                    "has images of {width}×{height} pixels, expected 1×1 to {MAX_SIDE}×{MAX_SIDE}; \
                     crop or scale them"
                ))
            }
            Self::Features(count) if !(1..=MAX_WIDTH).contains(&count) => {
                Err(format!("has {count} features, expected 1 to {MAX_WIDTH}"))
            }
            fine => Ok(fine),
        }
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Images([width, height]) => write!(f, "images of {width}×{height} pixels"),
            Self::Features(1) => f.write_str("1 feature"),
            Self::Features(count) => write!(f, "{count} features"),
        }
    }
}
