//! The promises, and for each what would show it broken.

use crate::{devices, fuzz, supply, undefined};

use super::{Attack, Promise};

const CLI: &[&str] = &["--test", "cli"];
const FAULTS: &[&str] = &["--test", "faults"];
const LIBRARY: &[&str] = &["--lib"];
const TESTS: &[&str] = &["--test", "tests"];

/// Modules of tests that are attacks, and nothing else.
pub(crate) const MODULES: &[&str] = &[
    "browser::",
    "device_faults::",
    "device_line::",
    "device_storage::",
    "foreign::",
    "limits::",
    "own_files::",
];

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
        name: "fuzz",
        promise: "Whatever bytes come from outside end in a result or an error, within limits of memory and time.",
        attacks: &[Attack::Function(fuzz::attack)],
    },
    Promise {
        name: "device",
        promise: "A bit of the model that changes in flash is reported and ends the answers, one of what was read of it into RAM costs those until the next check at the most, one of the cells that inference works in costs one; a loop that stands still is reset, a device whose answers nobody reads is not.",
        attacks: &[Attack::Function(devices::built), Attack::Tests(TESTS, &["device_faults::"])],
    },
    Promise {
        name: "models",
        promise: "Wherever the power is cut while a model comes over the line, the board runs the old one or the new one.",
        attacks: &[Attack::Function(devices::built), Attack::Tests(TESTS, &["device_storage::"])],
    },
    Promise {
        name: "memory",
        promise: "No firmware takes more flash, RAM and stack than its board's budget, in the worst case.",
        attacks: &[Attack::Function(devices::built), Attack::Function(devices::memory)],
    },
    Promise {
        name: "line",
        promise: "Over a line that drops, doubles and changes bytes no answer is wrong.",
        attacks: &[
            Attack::Function(devices::built),
            Attack::Tests(LIBRARY, &["device::client"]),
            Attack::Tests(TESTS, &["device_line::"]),
        ],
    },
    Promise {
        name: "files",
        promise: "No command removes or replaces a file that Inkbit has not written.",
        attacks: &[Attack::Tests(CLI, &["own_files::"])],
    },
    Promise {
        name: "kills",
        promise: "What is killed leaves whole files, and a second try ends in the same bits.",
        attacks: &[Attack::Tests(FAULTS, &["kills::"])],
    },
    Promise {
        name: "folders",
        promise: "A full disk, a read-only or vanished folder and a wrong clock are named, and harm nothing.",
        attacks: &[
            Attack::Tests(FAULTS, &["folders::"]),
            Attack::Tests(CLI, &["a_full_disk_behind"]),
        ],
    },
    Promise {
        name: "races",
        promise: "Two commands in one folder end as one of them, or one says why not.",
        attacks: &[Attack::Tests(FAULTS, &["together::"])],
    },
    Promise {
        name: "limits",
        promise: "A small file takes no more memory and time than its reader's limit.",
        attacks: &[Attack::Tests(CLI, &["limits::"]), Attack::Tests(TESTS, &["report::measures"])],
    },
    Promise {
        name: "text",
        promise: "Foreign text reaches a terminal and a report as text alone.",
        attacks: &[Attack::Tests(CLI, &["foreign::", "browser::"])],
    },
    Promise {
        name: "mirrors",
        promise: "A mirror can refuse, but neither hold a command up nor bring another file.",
        attacks: &[Attack::Tests(TESTS, &["download::"])],
    },
    Promise {
        name: "format",
        promise: "Every released format is read right or refused by name; none changes under its number.",
        attacks: &[Attack::Tests(TESTS, &["formats::", "golden::", "damage::"])],
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

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn every_module_that_other_steps_leave_out_is_tried_by_a_promise() {
        let tried = |module: &&str| {
            PROMISES.iter().flat_map(|promise| promise.attacks).any(|attack| match attack {
                Attack::Tests(_, names) => names.contains(module),
                Attack::Function(_) => false,
            })
        };
        assert!(MODULES.iter().all(tried));
    }
}
