//! Flags of a training configuration, one for each key.

use std::path::PathBuf;

use anyhow::Context;
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command, FromArgMatches};
use inkbit_core::Input;
use toml::{Table, Value};

use super::{read_text, usage, wrong_use};
use crate::config::keys::{self, Key, Values};
use crate::config::preset::{self, PRESETS};
use crate::config::{Augment, TrainConfig};
use crate::data::Images;
use crate::data::augment::{NamedStrength, STRENGTHS};
use crate::support::visible;
use crate::train::{TrainError, check_sizes};

/// Flags of a training configuration.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Configuration", allow_negative_numbers = true)]
pub struct ConfigArgs {
    /// Configuration to start from [default: classic]
    #[arg(long, value_parser = PRESETS.map(|preset| preset.name))]
    pub preset: Option<String>,

    /// TOML file with the values that differ from the preset
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// All limits of the augmentation by name: none, light, strong, centred [classic: none]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = kind)]
    #[arg(help_heading = "Augmentation")]
    augment: Option<Vec<NamedStrength>>,

    #[command(flatten)]
    keys: KeyArgs,
}

/// A flag for each key of a configuration; holds a table of those given.
#[derive(Clone, Debug)]
struct KeyArgs(Table);

impl clap::Args for KeyArgs {
    fn augment_args(command: Command) -> Command {
        command.args(args(TrainConfig::KEYS, &TrainConfig::default().table(), "Configuration"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for KeyArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self(given(TrainConfig::KEYS, matches)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The flags of keys whose values in `classic` are these.
fn args(keys: &'static [Key], classic: &Table, heading: &'static str) -> Vec<Arg> {
    let each = keys.iter().flat_map(|key| match (&key.values, &classic[key.name]) {
        (Values::Nested(inner), Value::Table(classic)) => {
            let heading = key.doc.split(':').next().unwrap_or(key.doc).trim();
            args(inner, classic, heading)
        }
        (_, classic) => vec![arg(key, classic).help_heading(heading)],
    });
    each.collect()
}

fn arg(key: &'static Key, classic: &Value) -> Arg {
    let help = key.lines().trim().replace('\n', "");
    let arg = Arg::new(key.name)
        .long(keys::flag(key.name))
        .help(format!("{help} [classic: {}]", keys::text(classic)));
    let arg = match key.values {
        Values::Choice(choices) => {
            let choices = choices().iter().map(keys::text).collect::<Vec<_>>();
            arg.value_name("VALUE").value_parser(PossibleValuesParser::new(choices))
        }
        Values::List(_) | Values::InTurn(_) => arg.value_name("VALUES"),
        _ => arg.value_name("NUMBER"),
    };
    if classic.is_bool() { arg.num_args(0..=1).default_missing_value("true") } else { arg }
}

fn given(keys: &[Key], matches: &ArgMatches) -> Table {
    let each = keys.iter().filter_map(|key| {
        let value = match key.values {
            Values::Nested(inner) => Value::Table(given(inner, matches)),
            _ => key.values.parse(matches.get_one::<String>(key.name)?),
        };
        Some((key.name.to_owned(), value))
    });
    each.collect()
}

fn kind(name: &str) -> Result<NamedStrength, String> {
    let found = STRENGTHS.into_iter().find(|kind| kind.name == name);
    let names = STRENGTHS.map(|kind| kind.name).join(", ");
    found.ok_or_else(|| {
        let name = visible::line(name);
        format!("there is no augmentation \"{name}\": take one of {names}")
    })
}

impl ConfigArgs {
    /// The configuration of the preset and the flags; `None` if there is a file, or one is not legal.
    pub fn resolve_without_file(&self) -> Option<TrainConfig> {
        self.config.is_none().then(|| self.resolve(None).ok())?
    }

    /// The configuration: `base`, else the preset, changed by the file, then by the flags.
    ///
    /// # Errors
    ///
    /// A wrong use names the key, what was found and what was expected.
    pub fn resolve(&self, base: Option<&TrainConfig>) -> anyhow::Result<TrainConfig> {
        let preset = self.preset.as_deref().map_or(Some(PRESETS[0]), preset::find);
        let preset = preset.context("clap has checked the preset's name")?;
        let mut config = base.map_or_else(|| preset.config(), TrainConfig::clone);
        if let Some(path) = &self.config {
            config = config.with(&visible::path(path), &read_text(path)?).map_err(wrong_use)?;
        }
        if let Some(kinds) = &self.augment {
            config.augment = Augment::of_kinds(kinds);
        }
        let config = config.with_table(self.keys.0.clone()).map_err(wrong_use)?;
        config.validate().map_err(wrong_use)?;
        Ok(config)
    }
}

/// The input shape that the configuration makes of the images; one that cannot be made is a wrong
/// use.
pub fn check_images(config: &TrainConfig, images: &Images) -> anyhow::Result<Input> {
    check_sizes(config, &images.shape, images.len()).map_err(|error| match error {
        TrainError::Input { .. } | TrainError::Features { .. } => usage(error.to_string()),
        error => error.into(),
    })
}
