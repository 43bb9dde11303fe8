//! Causes of errors, and what helps against them.

use std::error::Error;
use std::fmt::{self, Display, Formatter};

/// An error with its causes as one text: `what: why: why that`.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    anyhow::Chain::new(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// A cause together with what helps against it.
#[derive(Debug)]
pub struct Advised<E> {
    /// The cause.
    pub cause: E,
    /// How its text goes on; empty if nothing helps.
    pub advice: &'static str,
}

impl<E: Display> Display for Advised<E> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.cause, self.advice)
    }
}

impl<E: Error> Error for Advised<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}
