//! A configuration as text: a TOML file, with comments or without, and the command that trains it.

use toml::{Table, Value};

use super::TrainConfig;
use super::keys::{Key, Values, flag, text};
use super::preset::{self, PRESETS};
use crate::support::shell::word;

impl TrainConfig {
    /// The configuration as TOML, with every key.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a configuration has only numbers and text")
    }

    /// The same with a comment for every key.
    pub fn to_commented_toml(&self) -> String {
        commented(Self::KEYS, &self.table())
    }

    /// The same as a table. Through the text, where a float of 32 bits has no digits that it does
    /// not need.
    pub(crate) fn table(&self) -> Table {
        self.to_toml().parse().expect("it was just written")
    }

    /// The command that trains with this configuration, as a shell takes it: a preset, and flags
    /// for what differs from it; the preset is the one that leaves the fewest. `labels` is the file
    /// with the names of the classes.
    pub fn command(&self, data: &str, labels: Option<&str>) -> String {
        Commands::new(self, data, labels).command(self, self.seed)
    }
}

/// The commands of configurations that differ only in what a sweep varies: the hidden layers, the
/// bits, the input and the seed. The rest is turned into text once for all of them.
pub(crate) struct Commands {
    /// The flags of one of the configurations.
    own: Vec<String>,
    /// The place in `own` of each flag that varies.
    varied: [usize; 4],
    /// Each preset's flags, which are in the same order, and which of the own flags that do not vary
    /// differ from them.
    presets: Vec<(&'static str, Vec<String>, Vec<usize>)>,
    /// The value of `--data`, which is left out where the preset has it.
    data: String,
    /// The end of each command.
    end: String,
}

impl Commands {
    const VARIED: [&str; 4] = ["--hidden ", "--bits ", "--input ", "--seed "];

    pub(crate) fn new(config: &TrainConfig, data: &str, labels: Option<&str>) -> Self {
        let own = flags(&config.table());
        let varied = Self::VARIED.map(|name| {
            own.iter().position(|flag| flag.starts_with(name)).expect("every key has a flag")
        });
        let presets = PRESETS.iter().map(|preset| {
            let flags = flags(&preset.config().table());
            let differs = |&place: &usize| !varied.contains(&place) && own[place] != flags[place];
            let differing = (0..own.len()).filter(differs).collect();
            (preset.name, flags, differing)
        });
        let presets = presets.collect();
        let mut end = String::new();
        if let Some(labels) = labels {
            end += &format!(" --labels {}", word(labels));
        }
        Self { own, varied, presets, data: data.to_owned(), end }
    }

    /// The command that trains with one of the configurations, and with this seed.
    pub(crate) fn command(&self, config: &TrainConfig, seed: u64) -> String {
        let values =
            [list(&config.hidden), list(&config.bits), config.input.to_string(), seed.to_string()];
        let mut varied: Vec<(usize, String)> = Vec::new();
        for ((name, value), place) in Self::VARIED.iter().zip(values).zip(self.varied) {
            varied.push((place, [name, value.as_str()].concat()));
        }
        let commands = self.presets.iter().map(|(name, flags, differing)| {
            let varied = varied.iter().filter(|(place, flag)| flags[*place] != *flag);
            let varied: Vec<_> = varied.map(|(place, flag)| (*place, flag.as_str())).collect();
            (name, differing, varied)
        });
        let (name, differing, varied) = commands
            .min_by_key(|(_, differing, varied)| differing.len() + varied.len())
            .expect("there are presets");
        let own = differing.iter().map(|&place| (place, self.own[place].as_str()));
        let mut flags: Vec<_> = own.chain(varied).collect();
        flags.sort_unstable_by_key(|&(place, _)| place);
        let mut command = format!("inkbit train --preset {name}");
        for (_, flag) in flags {
            command.push(' ');
            command.push_str(flag);
        }
        if preset::find(name).is_none_or(|preset| preset.data != self.data) {
            command.push_str(&format!(" --data {}", word(&self.data)));
        }
        command.push_str(&self.end);
        command
    }
}

/// A list of numbers as its flag takes it.
fn list<T: ToString>(values: &[T]) -> String {
    if values.is_empty() {
        return "none".to_owned();
    }
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn commented(keys: &[Key], table: &Table) -> String {
    let entries = keys.iter().map(|key| {
        let value = &table[key.name];
        let comment = format!("#{}.\n", key.lines().replace('\n', "\n#"));
        match (&key.values, value) {
            (Values::Nested(keys), Value::Table(inner)) => {
                format!("\n{comment}[{}]\n{}", key.name, commented(keys, inner))
            }
            _ => format!("{comment}{} = {value}\n", key.name),
        }
    });
    entries.collect()
}

/// Each value as a flag; those in tables have flags of their own name.
fn flags(table: &Table) -> Vec<String> {
    let each = table.iter().flat_map(|(key, value)| match value {
        Value::Table(inner) => flags(inner),
        value => vec![format!("--{} {}", flag(key), text(value))],
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commented_configuration_is_the_same_with_a_comment_for_every_key() {
        for preset in PRESETS {
            let config = preset.config();
            let text = config.to_commented_toml();
            assert!(text.starts_with("# Widths of the hidden layers"), "{text}");
            assert!(
                text.contains("epochs = ") && text.contains("\n# Rotation in degrees"),
                "{text}"
            );
            assert_eq!(TrainConfig::from_toml("text", &text), Ok(config));
        }
    }

    #[test]
    fn a_command_names_the_nearest_preset_and_what_differs() {
        for preset in PRESETS {
            let mut config = preset.config();
            let short = format!("inkbit train --preset {}", preset.name);
            assert_eq!(config.command(preset.data, None), short);
            let data = if preset.data == "mnist" { "" } else { " --data mnist" };
            assert_eq!(config.command("mnist", None), short + data);
            (config.seed, config.learning_rate, config.adam.beta1) = (9, 0.0123, 0.7);
            let command = config.command("digits", None);
            let expected = format!("inkbit train --preset {} --", preset.name);
            assert!(command.starts_with(&expected), "{command}");
            for flag in [" --seed 9", " --lr 0.0123", " --beta1 0.7", " --data digits"] {
                assert!(command.contains(flag), "{command}");
            }
        }
    }

    #[test]
    fn a_command_is_what_a_shell_takes() {
        let config = TrainConfig { hidden: Vec::new(), ..TrainConfig::default() };
        assert_eq!(
            config.command("two sp\"ace", Some("it's.txt")),
            "inkbit train --preset classic --hidden none --data 'two sp\"ace' --labels \"it's.txt\""
        );
    }
}
