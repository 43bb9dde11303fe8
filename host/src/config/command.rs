//! The command that trains with a configuration.

use toml::{Table, Value};

use super::TrainConfig;
use crate::config::preset::PRESETS;
use crate::support::shell::word;

impl TrainConfig {
    /// The command that trains with this configuration, as a shell takes it: a preset, and flags for
    /// what differs from it; the preset is the one that leaves the fewest. `labels` is the file with
    /// the names of the classes.
    #[must_use]
    pub fn command(&self, data: &str, labels: Option<&str>) -> String {
        let own = flags(&table(self));
        let commands = PRESETS.iter().map(|preset| {
            let config = Self::from_layers(&[(preset.name, preset.toml)]);
            let preset_flags = flags(&table(&config.expect("a test reads every preset")));
            let differing = own.iter().filter(|flag| !preset_flags.contains(flag));
            let differing: Vec<&str> = differing.map(String::as_str).collect();
            (preset.name, differing)
        });
        let (name, differing) =
            commands.min_by_key(|(_, flags)| flags.len()).expect("there are presets");
        let mut command = format!("inkbit train --preset {name}");
        for flag in differing {
            command += &format!(" {flag}");
        }
        if data != "mnist" {
            command += &format!(" --data {}", word(data));
        }
        if let Some(labels) = labels {
            command += &format!(" --labels {}", word(labels));
        }
        command
    }

    /// The same as TOML, with the comments of the presets.
    #[must_use]
    pub fn to_commented_toml(&self) -> String {
        let own = table(self);
        let mut section = None;
        // The first line says what the first preset is for.
        let lines = PRESETS[0].toml.lines().skip(2).map(|line| {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = own.get(name).and_then(Value::as_table);
            }
            match line.split_once(" = ") {
                Some((key, _)) if !line.starts_with('#') => {
                    let value = section.unwrap_or(&own).get(key).expect("presets have every key");
                    format!("{key} = {value}\n")
                }
                _ => format!("{line}\n"),
            }
        });
        lines.collect()
    }
}

/// Through the text, where a float of 32 bits has no digits that it does not need.
fn table(config: &TrainConfig) -> Table {
    config.to_toml().parse().expect("it was just written")
}

/// Each value as a flag; those in tables have flags of their own name.
fn flags(table: &Table) -> Vec<String> {
    let mut found = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) => found.extend(flags(inner)),
            value => found.push(flag(key, value)),
        }
    }
    found
}

fn flag(key: &str, value: &Value) -> String {
    let name = if key == "learning_rate" { "lr".to_owned() } else { key.replace('_', "-") };
    format!("--{name} {}", text(value))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "none".to_owned(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(","),
        Value::Float(number) => number.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commented_configuration_is_the_same_with_a_comment_for_every_key() {
        for preset in PRESETS {
            let config = TrainConfig::from_layers(&[(preset.name, preset.toml)]).unwrap();
            let text = config.to_commented_toml();
            assert!(text.starts_with("# Widths of the hidden layers"), "{text}");
            assert_eq!(TrainConfig::from_layers(&[("text", &text)]), Ok(config));
            let lines: Vec<&str> = text.lines().collect();
            for pair in lines.windows(2).filter(|pair| !pair[1].starts_with('#')) {
                let is_key = pair[1].contains(" = ");
                assert!(!is_key || pair[0].starts_with("# "), "no comment: {}", pair[1]);
            }
        }
    }

    #[test]
    fn a_command_names_the_nearest_preset_and_what_differs() {
        for preset in PRESETS {
            let mut config = TrainConfig::from_layers(&[(preset.name, preset.toml)]).unwrap();
            assert_eq!(
                config.command("mnist", None),
                format!("inkbit train --preset {}", preset.name)
            );
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
        let classic = PRESETS[0];
        let mut config = TrainConfig::from_layers(&[(classic.name, classic.toml)]).unwrap();
        config.hidden.clear();
        assert_eq!(
            config.command("two sp\"ace", Some("it's.txt")),
            "inkbit train --preset classic --hidden none --data 'two sp\"ace' --labels \"it's.txt\""
        );
    }
}
