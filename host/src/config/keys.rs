//! Keys of a configuration. [`keys!`] declares a struct and a table of its fields; flags and their
//! help, checks, and the comments of a printed configuration come from that table.

use std::fmt;
use std::ops::{Bound, RangeBounds};

use clap::ValueEnum;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::ConfigError;

/// How alike two keys are, from 0 to 1, if one may be a slip for the other.
const ALIKE: f64 = 0.8;

/// Columns of a printed comment, less those of its signs.
const COLUMNS: usize = 96;

/// Declares the struct of a TOML table: `key: type = default, values;` with doc comments, which are
/// help and comment too.
macro_rules! keys {
    (
        $(#[$meta:meta])*
        pub struct $Name:ident {
            $($(#[doc = $doc:literal])+ $key:ident: $type:ty = $default:expr, $values:expr;)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $Name {
            $(
                $(#[doc = $doc])+
                #[doc = concat!("\n\nValues: `", stringify!($values), "`.")]
                pub $key: $type,
            )+
        }

        impl $Name {
            /// The fields, in order.
            pub(crate) const KEYS: &'static [crate::config::keys::Key] = &[$(
                crate::config::keys::Key {
                    name: stringify!($key),
                    doc: concat!($($doc, "\n"),+),
                    values: $values,
                }
            ),+];
        }

        /// The values of the preset `classic`.
        impl Default for $Name {
            fn default() -> Self {
                Self { $($key: $default),+ }
            }
        }
    };
}
pub(super) use keys;

/// A key of a TOML table.
#[derive(Debug)]
pub(crate) struct Key {
    /// Name in TOML.
    pub name: &'static str,
    /// The doc comment, with the space that each of its lines begins with.
    pub doc: &'static str,
    /// The legal values.
    pub values: Values,
}

/// What the value of a key may be.
#[derive(Debug)]
pub(crate) enum Values {
    /// True or false.
    Bool,
    /// A whole number.
    Whole(Range),
    /// A number.
    Real(Range),
    /// One of a few.
    Choice(fn() -> Vec<Value>),
    /// A list of such values.
    List(&'static Values),
    /// Such a value, or several that the epochs take in turn.
    InTurn(&'static Values),
    /// A table of its own.
    Nested(&'static [Key]),
}

/// Legal numbers, and the reason for the limit if there is one to name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    low: Bound<f64>,
    high: Bound<f64>,
    reason: &'static str,
}

pub(super) const fn at_least(low: f64) -> Range {
    Range { low: Bound::Included(low), high: Bound::Unbounded, reason: "" }
}

pub(super) const fn above(low: f64) -> Range {
    Range { low: Bound::Excluded(low), ..at_least(low) }
}

impl Range {
    pub(super) const fn to(self, high: f64) -> Self {
        Self { high: Bound::Included(high), ..self }
    }

    pub(super) const fn below(self, high: f64) -> Self {
        Self { high: Bound::Excluded(high), ..self }
    }

    pub(super) const fn because(self, reason: &'static str) -> Self {
        Self { reason, ..self }
    }

    fn contains(&self, number: f64) -> bool {
        number.is_finite() && (self.low, self.high).contains(&number)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.low, self.high) {
            (Bound::Included(low), Bound::Unbounded) => write!(f, "at least {low}")?,
            (Bound::Included(low), Bound::Included(high)) => write!(f, "from {low} to {high}")?,
            (Bound::Included(low), Bound::Excluded(high)) => {
                write!(f, "from {low} to below {high}")?
            }
            (Bound::Excluded(low), Bound::Excluded(high)) => {
                write!(f, "above {low} and below {high}")?
            }
            (Bound::Excluded(low), _) => write!(f, "above {low}")?,
            (Bound::Unbounded, _) => f.write_str("any")?,
        }
        match self.reason {
            "" => Ok(()),
            reason => write!(f, ", {reason}"),
        }
    }
}

/// The names of an enumeration's values.
pub(super) fn names<T: ValueEnum>() -> Vec<Value> {
    let names = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    names.map(|name| name.get_name().into()).collect()
}

/// A value as a flag takes it, or as a message shows it.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "none".to_owned(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(","),
        Value::Float(number) => number.to_string(),
        other => other.to_string(),
    }
}

/// The line of a key in the text of a table.
pub(super) fn line(key: &str, text: &str) -> Option<usize> {
    let mut table = DeTable::parse(text).ok()?.into_inner();
    let mut start = None;
    for part in key.split('.') {
        let name = part.split('[').next()?;
        let (found, value) = table.remove_entry(name)?;
        start = Some(found.span().start);
        match value.into_inner() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    Some(text[..start?].matches('\n').count() + 1)
}

/// Checks that a table has no other keys than these, and legal values. `path` stands before their
/// names.
pub(crate) fn check(keys: &'static [Key], path: &str, table: &Table) -> Result<(), ConfigError> {
    if let Some(name) = table.keys().find(|name| keys.iter().all(|key| key.name != **name)) {
        let alike = keys.iter().map(|key| (strsim::jaro_winkler(name, key.name), key.name));
        let nearest = alike.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(alike, _)| *alike >= ALIKE);
        let key = format!("{path}{name}");
        return Err(ConfigError::Key { key, nearest: nearest.map(|(_, name)| name) });
    }
    keys.iter().try_for_each(|key| match table.get(key.name) {
        Some(value) => key.values.check(&format!("{path}{}", key.name), value),
        None => Ok(()),
    })
}

/// Name of a key's flag.
pub(crate) fn flag(name: &str) -> String {
    if name == "learning_rate" { "lr".to_owned() } else { name.replace('_', "-") }
}

impl Key {
    /// The meaning with the legal values, line by line.
    pub fn lines(&self) -> String {
        let meaning = self.doc.trim_end().trim_end_matches('.');
        match self.values.limits() {
            Some(limits) if self.values.choices().is_none() => {
                let last = meaning.lines().last().unwrap_or_default();
                let fits = last.len() + limits.len() < COLUMNS;
                format!("{meaning}{} ({limits})", if fits { "" } else { "\n" })
            }
            _ => meaning.to_owned(),
        }
    }
}

impl Values {
    /// The values if they are but a few.
    pub fn choices(&self) -> Option<Vec<Value>> {
        match self {
            Self::Bool => Some(vec![true.into(), false.into()]),
            Self::Choice(choices) => Some(choices()),
            _ => None,
        }
    }

    /// The value of a flag, before its range is checked.
    pub fn parse(&self, flag: &str) -> Result<Value, String> {
        let several = |of: &Self, advice: &str| -> Result<Vec<_>, String> {
            let parts = flag.split(',').map(|part| of.parse(part.trim()));
            parts.collect::<Result<_, _>>().map_err(|error| format!("{error}{advice}"))
        };
        match self {
            Self::Bool | Self::Choice(_) | Self::Nested(_) => {
                let choices = self.choices().unwrap_or_default();
                let found = choices.into_iter().find(|choice| text(choice) == flag);
                found.ok_or_else(|| format!("expected {self}"))
            }
            Self::Whole(_) => {
                let number = flag.parse().ok().filter(|&number: &i64| number >= 0);
                number.map(Value::Integer).ok_or_else(|| {
                    format!("expected a whole number from 0 to {}, such as 20", i64::MAX)
                })
            }
            Self::Real(_) => {
                let number: f64 =
                    flag.parse().map_err(|_| "expected a number, such as 0.001".to_owned())?;
                if number.is_finite() && number.abs() > f32::MAX.into() {
                    return Err(format!("expected a number of at most {:e}", f32::MAX));
                }
                Ok(Value::Float(number))
            }
            Self::List(_) if flag == "none" => Ok(Value::Array(Vec::new())),
            Self::List(of) => several(of, "; or several with commas, or none").map(Value::Array),
            Self::InTurn(of) => {
                let mut values = several(of, "; or several with commas")?;
                Ok(if values.len() == 1 { values.remove(0) } else { Value::Array(values) })
            }
        }
    }

    /// The legal values in words, where they are worth a word.
    fn limits(&self) -> Option<String> {
        match self {
            Self::Whole(range) | Self::Real(range) => {
                let is_any =
                    matches!((range.low, range.high), (Bound::Included(0.0), Bound::Unbounded));
                (!is_any).then(|| range.to_string())
            }
            Self::Choice(_) => Some(self.to_string()),
            Self::List(of) => of.limits().map(|limits| format!("each {limits}")),
            Self::InTurn(of) => of.limits(),
            Self::Bool | Self::Nested(_) => None,
        }
    }

    /// Checks the value of a key that has this path.
    fn check(&self, key: &str, value: &Value) -> Result<(), ConfigError> {
        match (self, value) {
            (Self::Nested(keys), Value::Table(table)) => check(keys, &format!("{key}."), table),
            (Self::InTurn(of), value) if !value.is_array() => of.check(key, value),
            (Self::List(of), Value::Array(values)) | (Self::InTurn(of), Value::Array(values))
                if matches!(self, Self::List(_)) || !values.is_empty() =>
            {
                let mut values = values.iter().enumerate();
                values.try_for_each(|(i, value)| of.check(&format!("{key}[{i}]"), value))
            }
            _ if self.admits(value) => Ok(()),
            _ => {
                let found = if value.is_float() { text(value) } else { value.to_string() };
                let expected = match (self, value) {
                    (Self::Whole(range) | Self::Real(range), Value::Integer(_)) => {
                        range.to_string()
                    }
                    (Self::Real(range), Value::Float(number)) if number.is_finite() => {
                        range.to_string()
                    }
                    _ => self.to_string(),
                };
                Err(ConfigError::Range { key: key.to_owned(), found, expected })
            }
        }
    }

    /// Whether a value that is neither a list nor a table is legal.
    fn admits(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Whole(range) | Self::Real(range), &Value::Integer(number)) => {
                range.contains(number as f64)
            }
            (Self::Real(range), &Value::Float(number)) => range.contains(number),
            _ => self.choices().is_some_and(|choices| choices.contains(value)),
        }
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(range) => write!(f, "a whole number, {range}"),
            Self::Real(range) => write!(f, "a finite number, {range}"),
            Self::List(_) => f.write_str("a list, as in [256, 128]"),
            Self::InTurn(of) => write!(f, "{of}, or a list of such values"),
            Self::Nested(_) => f.write_str("a table"),
            Self::Bool | Self::Choice(_) => {
                let choices = self.choices().unwrap_or_default();
                for (i, choice) in choices.iter().enumerate() {
                    let before = match i {
                        0 => "",
                        _ if i + 1 == choices.len() => " or ",
                        _ => ", ",
                    };
                    write!(f, "{before}{choice}")?;
                }
                Ok(())
            }
        }
    }
}
