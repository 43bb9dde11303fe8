//! What a model makes of a sample: the logits, the class, and whether that answer stands.

use core::ops::Deref;

use crate::shape::Stage;

/// The logits of a sample, in the order of the classes: as many as there are classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Logits<'s> {
    pub(crate) values: &'s [i32],
    pub(crate) scale: f32,
    pub(crate) stage: u8,
    pub(crate) stands: bool,
}

impl<'s> Logits<'s> {
    /// The class with the greatest logit, the lowest among equals: the likeliest, whether or not
    /// the answer stands.
    pub fn argmax(&self) -> usize {
        argmax(self.values)
    }

    /// The class, or `None` if the sample is none of them: the greatest logit is not as far above the
    /// others as the model asks.
    ///
    /// ```
    /// use inkbit_core::{Engine, Model, Scratch, include_blob};
    /// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
    /// let mut engine = Engine::new(Model::parse(BLOB)?, Scratch::<64>::new())?;
    /// let stage = engine.model().stages()[0];
    /// let logits = engine.infer(&[0; 36])?;
    /// assert_eq!(logits.class().is_some(), stage.stands(&logits));
    /// # Ok::<_, inkbit_core::Error>(())
    /// ```
    pub fn class(&self) -> Option<usize> {
        self.stands().then(|| self.argmax())
    }

    /// Whether the answer stands.
    pub const fn stands(&self) -> bool {
        self.stands
    }

    /// The stage whose logits these are, from 0: the first whose answer stands, or the last.
    pub const fn stage(&self) -> usize {
        self.stage as usize
    }

    /// Real value of one step of a logit. For display only.
    pub const fn scale(&self) -> f32 {
        self.scale
    }

    /// The logits, for as long as the engine is not used again.
    pub const fn into_slice(self) -> &'s [i32] {
        self.values
    }
}

impl Deref for Logits<'_> {
    type Target = [i32];

    fn deref(&self) -> &[i32] {
        self.values
    }
}

/// The class with the greatest logit, the lowest among equals.
///
/// ```
/// assert_eq!(inkbit_core::argmax(&[-5, 7, 7]), 1);
/// ```
pub fn argmax<T: PartialOrd>(logits: &[T]) -> usize {
    let mut classes = logits.iter().enumerate();
    let Some(mut best) = classes.next() else { return 0 };
    for class in classes {
        if class.1 > best.1 {
            best = class;
        }
    }
    best.0
}

/// By how much the greatest of several logits is above all others together: the sum of the
/// differences, and [`u32::MAX`] where that is greater.
///
/// ```
/// assert_eq!(inkbit_core::prominence(&[-5, 7, 4]), 12 + 3);
/// assert_eq!(inkbit_core::prominence(&[3]), 0);
/// ```
pub fn prominence(logits: &[i32]) -> u32 {
    apart(logits).1
}

/// By how much the greatest is above the second greatest, and above all others together.
#[inline(always)]
fn apart(logits: &[i32]) -> (u32, u32) {
    let (mut greatest, mut second, mut sum) = (i32::MIN, i32::MIN, 0_i64);
    for &logit in logits {
        sum += i64::from(logit);
        if logit > greatest {
            (greatest, second) = (logit, greatest);
        } else if logit > second {
            second = logit;
        }
    }
    // There is no second: any margin is reached.
    let margin = if logits.len() == 1 { u32::MAX } else { greatest.abs_diff(second) };
    let above = i64::from(greatest) * logits.len() as i64 - sum;
    (margin, above.try_into().unwrap_or(u32::MAX))
}

impl Stage {
    /// Whether an answer with these logits stands: the greatest is far enough above the second
    /// greatest, and above all others together. There must be a logit.
    ///
    /// ```
    /// use inkbit_core::{Input, Stage};
    /// let stage = Stage { margin: 3, ..Stage::alone(Input::full(28), 1.0, 1) };
    /// assert!(stage.stands(&[-5, 7, 4]) && !stage.stands(&[-5, 7, 5]));
    /// let stage = Stage { margin: 0, prominence: 15, ..stage };
    /// assert!(stage.stands(&[-5, 7, 4]) && !stage.stands(&[-4, 7, 4])); // 12 + 3, 11 + 3
    /// ```
    #[inline(never)]
    pub fn stands(&self, logits: &[i32]) -> bool {
        let (margin, prominence) = apart(logits);
        margin >= self.margin && prominence >= self.prominence && !logits.is_empty()
    }
}
