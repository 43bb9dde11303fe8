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

const NONE: Strength = Strength {
    rotation: 0.0,
    scale: 0.0,
    shear: 0.0,
    shift: 0.0,
    elastic: 0.0,
    unchanged: 0.0,
    recentre: false,
};

const LIGHT: Strength = Strength {
    rotation: 8.0,
    scale: 0.08,
    shear: 0.08,
    shift: 1.0,
    elastic: 0.5,
    unchanged: 0.2,
    recentre: false,
};

const STRONG: Strength = Strength {
    rotation: 12.0,
    scale: 0.12,
    shear: 0.15,
    shift: 1.5,
    elastic: 0.7,
    unchanged: 0.05,
    recentre: false,
};

/// All named strengths, `none` first.
pub const STRENGTHS: [NamedStrength; 4] = [
    NamedStrength { name: "none", strength: NONE },
    NamedStrength { name: "light", strength: LIGHT },
    NamedStrength { name: "strong", strength: STRONG },
    NamedStrength { name: "centred", strength: Strength { shift: 0.0, recentre: true, ..STRONG } },
];
