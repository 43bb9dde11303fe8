//! Keys of a configuration. [`keys!`] declares a struct and a table of its fields; flags and their
//! help, checks, and the comments of a printed configuration come from that table.

use std::fmt;

use clap::ValueEnum;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::ConfigError;

/// How alike two keys are, from 0 to 1, if one may be a slip for the other.
const ALIKE: f64 = 0.8;

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
    pub values: Values,
}

/// What the value of a key may be.
#[derive(Debug)]
pub(crate) enum Values {
    /// A whole number, and the reason for the limit if there is one to name.
    Whole(Range, &'static str),
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

/// Legal numbers.
#[derive(Debug)]
pub(crate) enum Range {
    AtLeast(f64),
    Above(f64),
    /// Both ends are legal.
    To(f64, f64),
    /// The first end is legal.
    Below(f64, f64),
    /// No end is legal.
    Between(f64, f64),
}

impl Range {
    fn contains(&self, number: f64) -> bool {
        number.is_finite()
            && match *self {
                Self::AtLeast(low) => number >= low,
                Self::Above(low) => number > low,
                Self::To(low, high) => (low..=high).contains(&number),
                Self::Below(low, high) => (low..high).contains(&number),
                Self::Between(low, high) => number > low && number < high,
            }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(low) => write!(f, "at least {low}"),
            Self::Above(low) => write!(f, "above {low}"),
            Self::To(low, high) => write!(f, "from {low} to {high}"),
            Self::Below(low, high) => write!(f, "from {low} to below {high}"),
            Self::Between(low, high) => write!(f, "above {low} and below {high}"),
        }
    }
}

/// The names of an enumeration's values.
pub(super) fn names<T: ValueEnum>() -> Vec<Value> {
    let names = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    names.map(|name| name.get_name().into()).collect()
}

pub(super) fn switch() -> Vec<Value> {
    vec![true.into(), false.into()]
}

pub(crate) fn flag(name: &str) -> String {
    if name == "learning_rate" { "lr".to_owned() } else { name.replace('_', "-") }
}

/// A value as its flag takes it.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "none".to_owned(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(","),
        Value::Float(number) => number.to_string(),
        other => other.to_string(),
    }
}

/// The value that a flag's text means, legal or not.
fn value(text: &str) -> Value {
    let text = text.trim();
    let number = text.parse().map(Value::Integer).or_else(|_| text.parse().map(Value::Float));
    number.or_else(|_| text.parse().map(Value::Boolean)).unwrap_or_else(|_| text.into())
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
pub(super) fn check(keys: &'static [Key], path: &str, table: &Table) -> Result<(), ConfigError> {
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

impl Key {
    /// The meaning with the legal numbers, line by line.
    pub fn lines(&self) -> String {
        let meaning = self.doc.trim_end().trim_end_matches('.');
        match self.values.limits() {
            Some(limits) => format!("{meaning} ({limits})"),
            None => meaning.to_owned(),
        }
    }
}

impl Values {
    /// The value that a flag's text means, legal or not.
    pub fn parse(&self, flag: &str) -> Value {
        let each = || flag.split(',').map(value).collect();
        match self {
            Self::List(_) if flag == "none" => Value::Array(Vec::new()),
            Self::List(_) => Value::Array(each()),
            Self::InTurn(_) if flag.contains(',') => Value::Array(each()),
            _ => value(flag),
        }
    }

    /// The legal numbers, where not all are.
    fn limits(&self) -> Option<String> {
        match self {
            Self::Whole(Range::AtLeast(0.0), _) | Self::Real(Range::AtLeast(0.0)) => None,
            Self::Whole(range, reason) => Some(format!("{range}{reason}")),
            Self::Real(range) => Some(range.to_string()),
            Self::List(of) | Self::InTurn(of) => of.limits(),
            Self::Choice(_) | Self::Nested(_) => None,
        }
    }

    /// Checks the value of a key that has this path.
    fn check(&self, key: &str, value: &Value) -> Result<(), ConfigError> {
        let is_legal = match (self, value) {
            (Self::Nested(keys), Value::Table(table)) => {
                return check(keys, &format!("{key}."), table);
            }
            (Self::InTurn(of), value) if !value.is_array() => return of.check(key, value),
            (Self::InTurn(_), Value::Array(values)) if values.is_empty() => false,
            (Self::List(_) | Self::InTurn(_), Value::Array(values)) if values.len() > LONGEST => {
                return Err(ConfigError::Range {
                    key: key.to_owned(),
                    found: format!("a list of {} values", values.len()),
                    expected: format!("of at most {LONGEST}"),
                });
            }
            (Self::List(of) | Self::InTurn(of), Value::Array(values)) => {
                let mut values = values.iter().enumerate();
                return values.try_for_each(|(i, value)| of.check(&format!("{key}[{i}]"), value));
            }
            (Self::Whole(range, _) | Self::Real(range), &Value::Integer(number)) => {
                range.contains(number as f64)
            }
            (Self::Real(range), &Value::Float(number)) => range.contains(number),
            (Self::Choice(choices), value) => choices().contains(value),
            _ => false,
        };
        if is_legal {
            return Ok(());
        }
        let found = if value.is_float() { text(value) } else { value.to_string() };
        let expected = match (self, value) {
            (Self::Whole(range, reason), Value::Integer(_)) => format!("{range}{reason}"),
            (Self::Real(range), Value::Integer(_)) => range.to_string(),
            (Self::Real(range), Value::Float(number)) if number.is_finite() => range.to_string(),
            _ => self.to_string(),
        };
        Err(ConfigError::Range { key: key.to_owned(), found, expected })
    }
}

/// The most values of a list: a sweep keeps a configuration for each of its networks.
const LONGEST: usize = 1000;

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(range, reason) => write!(f, "a whole number below 2^63, {range}{reason}"),
            Self::Real(range) => write!(f, "a finite number, {range}"),
            Self::Choice(choices) => {
                let choices: Vec<_> = choices().iter().map(Value::to_string).collect();
                f.write_str(&choices.join(" or "))
            }
            Self::List(_) => f.write_str("a list, as in [256, 128]"),
            Self::InTurn(of) => write!(f, "{of}, or a list of such values"),
            Self::Nested(_) => f.write_str("a table"),
        }
    }
}
