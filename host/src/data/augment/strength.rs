//! How strongly images are changed.

/// The limits within which an image is changed at random, uniformly between minus and plus. The
/// table `[augment]` of a configuration documents them.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the keys of the configuration document them")]
pub struct Strength {
    pub rotation: f32,
    pub scale: f32,
    pub shear: f32,
    pub shift: f32,
    pub elastic: f32,
    pub outline: f32,
    pub unchanged: f32,
    pub recentre: bool,
}

impl Strength {
    /// Whether no image is changed.
    pub fn is_none(&self) -> bool {
        *self == Self { unchanged: self.unchanged, ..NONE }
    }
}

/// A value that `--augment` takes by name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NamedStrength {
    /// The name.
    pub name: &'static str,
    /// The limits that it stands for.
    pub strength: Strength,
}

/// Limits in the order of the fields.
const fn limits(limits: [f32; 6]) -> Strength {
    let [rotation, scale, shear, shift, elastic, unchanged] = limits;
    Strength { rotation, scale, shear, shift, elastic, outline: 0.0, unchanged, recentre: false }
}

const NONE: Strength = limits([0.0; 6]);
const LIGHT: Strength = limits([8.0, 0.08, 0.08, 1.0, 0.5, 0.2]);
const STRONG: Strength = limits([12.0, 0.12, 0.15, 1.5, 0.7, 0.05]);

/// All named strengths, `none` first.
pub const STRENGTHS: [NamedStrength; 4] = [
    NamedStrength { name: "none", strength: NONE },
    NamedStrength { name: "light", strength: LIGHT },
    NamedStrength { name: "strong", strength: STRONG },
    NamedStrength { name: "centred", strength: Strength { shift: 0.0, recentre: true, ..STRONG } },
];
