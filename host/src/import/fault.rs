//! What is wrong with a file that another framework has written.

use crate::support::visible;

/// Why a file is not imported. The texts are shown to people; what the file says of itself is made
/// visible in them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The bytes are not what their format says.
    #[error("it is damaged, or not whole: {}; copy it again, or save it again", visible::line(.0))]
    Damaged(String),
    /// A part of the network that Inkbit has not, with what to do.
    #[error("{}", visible::line(.0))]
    Refused(String),
    /// A node of the network that Inkbit has not, with what to do.
    #[error("{}, {}: {}", visible::line(node), visible::line(place), visible::line(message))]
    #[expect(missing_docs, reason = "the message names the fields")]
    Node { node: String, place: String, message: String },
}

/// The bytes are not what their format says.
pub(super) fn damaged(found: impl ToString) -> Fault {
    Fault::Damaged(shortened(found.to_string()))
}

/// Something that Inkbit has not, with what to do.
pub(super) fn refused(message: impl ToString) -> Fault {
    Fault::Refused(shortened(message.to_string()))
}

/// A name from a file may be as long as the file.
fn shortened(mut text: String) -> String {
    const MOST: usize = 1000;
    if text.len() > MOST {
        text.truncate(text.floor_char_boundary(MOST));
        text.push('…');
    }
    text
}

/// Where something stands in a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name that the file gives it.
    pub name: String,
    /// Its kind, in the words of its framework.
    pub kind: String,
    /// Its number among the nodes of the file, from 1.
    pub number: usize,
}

impl Place {
    pub(super) fn new(name: impl ToString, kind: impl ToString, number: usize) -> Self {
        let [name, kind] = [name.to_string(), kind.to_string()].map(|text| {
            const MOST: usize = 100;
            text.chars().take(MOST).collect()
        });
        Self { name, kind, number }
    }

    /// What is wrong there, and what to do.
    pub(super) fn refuse(&self, message: impl ToString) -> Fault {
        let Self { name, kind, number } = self;
        let node = match name.as_str() {
            "" => kind.clone(),
            name => format!("`{name}` ({kind})"),
        };
        let message = shortened(message.to_string());
        Fault::Node { node, place: format!("node {number}"), message }
    }
}
