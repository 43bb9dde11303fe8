//! The promises, and for each what would show it broken.

use crate::supply;

use super::{Attack, Promise};

pub(super) const PROMISES: &[Promise] = &[Promise {
    name: "supply",
    promise: "Everything linked is by the rules, and gives its notice.",
    attacks: &[
        Attack::Function(supply::rules),
        Attack::Function(supply::notices),
        Attack::Function(supply::advisories),
    ],
}];
