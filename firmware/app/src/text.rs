//! Sentences made of words and numbers: `write!` would take ten times the flash.

use heapless::String;
use inkbit_core::link::MAX_TEXT;

/// A text for people.
#[derive(Clone, Debug, Default)]
pub struct Text(String<MAX_TEXT>);

impl Text {
    /// No words.
    pub const fn new() -> Self {
        Self(String::new())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes all words away.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds words, if they fit.
    #[inline(never)]
    pub fn say(&mut self, words: &str) -> &mut Self {
        // A text that is cut is better than none.
        let _ = self.0.push_str(words);
        self
    }

    /// Adds a number.
    #[inline(never)]
    pub fn number(&mut self, value: u32) -> &mut Self {
        // Not by calling itself, whose stack would have no bound that a tool can see.
        let mut power = 1;
        while value.checked_div(power).is_some_and(|rest| rest >= 10) {
            power *= 10;
        }
        while let Some(rest) = value.checked_div(power) {
            self.digit(rest % 10);
            power /= 10;
        }
        self
    }

    /// Adds an address: eight hexadecimal digits behind "0x".
    #[inline(never)]
    pub fn address(&mut self, value: u32) -> &mut Self {
        self.say("0x");
        for place in (0..8).rev() {
            self.digit(value >> (4 * place) & 0xF);
        }
        self
    }

    fn digit(&mut self, value: u32) -> &mut Self {
        let place = value as usize;
        self.say("0123456789abcdef".get(place..=place).unwrap_or_default())
    }
}
