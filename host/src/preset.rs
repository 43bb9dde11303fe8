//! Configurations that come with the program, as commented TOML files in `host/presets`.

/// A named configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// What `--preset` takes.
    pub name: &'static str,
    /// The TOML file, with every key.
    pub toml: &'static str,
}

/// All presets, the default first.
pub const PRESETS: [Preset; 8] = [
    Preset { name: "classic", toml: include_str!("../presets/classic.toml") },
    Preset { name: "accurate", toml: include_str!("../presets/accurate.toml") },
    Preset { name: "compact", toml: include_str!("../presets/compact.toml") },
    Preset { name: "compact2", toml: include_str!("../presets/compact2.toml") },
    Preset { name: "small", toml: include_str!("../presets/small.toml") },
    Preset { name: "tiny", toml: include_str!("../presets/tiny.toml") },
    Preset { name: "micro", toml: include_str!("../presets/micro.toml") },
    Preset { name: "nano", toml: include_str!("../presets/nano.toml") },
];

/// Looks a preset up.
#[must_use]
pub fn find(name: &str) -> Option<Preset> {
    PRESETS.into_iter().find(|preset| preset.name == name)
}

/// The most bytes that a preset's reference model may have.
#[must_use]
pub fn max_bytes(name: &str) -> Option<usize> {
    Some(match name {
        "classic" | "accurate" => 240_000,
        "compact" => 122_000,
        "compact2" => 63_000,
        "small" => 16_800,
        "tiny" => 12_900,
        "micro" => 8_390,
        "nano" => 4_096,
        _ => return None,
    })
}
