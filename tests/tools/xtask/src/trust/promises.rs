//! The promises, and for each what would show it broken.

use crate::{supply, undefined};

use super::{Attack, Promise};

pub(super) const PROMISES: &[Promise] = &[
    Promise {
        name: "undefined",
        promise: "No program without `unsafe` reads or writes outside of a buffer.",
        attacks: &[
            Attack::Function(undefined::programs),
            Attack::Tests(&["--package", "inkbit-tests", "--no-default-features"], &["bounds"]),
            Attack::Function(undefined::aarch64),
            Attack::Function(undefined::boards),
            Attack::Function(undefined::sanitizer),
            Attack::Function(undefined::miri),
        ],
    },
    Promise {
        name: "panic",
        promise: "Nothing that a device calls can panic, in a release build with link-time optimization.",
        attacks: &[Attack::Function(undefined::no_panic)],
    },
    Promise {
        name: "supply",
        promise: "Everything linked is by the rules, and gives its notice.",
        attacks: &[
            Attack::Function(supply::rules),
            Attack::Function(supply::notices),
            Attack::Function(supply::advisories),
        ],
    },
];
