//! How strongly images are changed.

/// The limits within which an image is changed at random, uniformly between minus and plus. The table
/// `[augment]` of a configuration documents them.
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
    const NONE: Self = Self {
        rotation: 0.0,
        scale: 0.0,
        shear: 0.0,
        shift: 0.0,
        elastic: 0.0,
        unchanged: 0.0,
        recentre: false,
    };

    /// Whether no image is changed.
    #[must_use]
    pub fn is_none(&self) -> bool {
        let Self { rotation, scale, shear, shift, elastic, recentre, .. } = *self;
        [rotation, scale, shear, shift, elastic] == [0.0; 5] && !recentre
    }
}

/// Values that `--augment` takes by name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kind {
    /// The name.
    pub name: &'static str,
    /// What it stands for.
    pub strength: Strength,
}

const STRONG: Strength = Strength {
    rotation: 12.0,
    scale: 0.12,
    shear: 0.15,
    shift: 1.5,
    elastic: 0.7,
    unchanged: 0.05,
    recentre: false,
};

/// All kinds, `none` first.
pub const KINDS: [Kind; 4] = [
    Kind { name: "none", strength: Strength::NONE },
    Kind {
        name: "light",
        strength: Strength {
            rotation: 8.0,
            scale: 0.08,
            shear: 0.08,
            shift: 1.0,
            elastic: 0.5,
            unchanged: 0.2,
            recentre: false,
        },
    },
    Kind { name: "strong", strength: STRONG },
    Kind { name: "centred", strength: Strength { shift: 0.0, recentre: true, ..STRONG } },
];
