//! Python's pickles as data: what a pickle builds is built, what it calls is written down and never
//! called.

mod machine;
mod reader;
mod value;

use self::machine::{Built, build};
pub(super) use self::value::{Id, Value};
use crate::import::fault::Fault;

/// A pickle that was read.
#[derive(Debug)]
pub struct Pickle {
    values: Vec<Value>,
    /// The value that was pickled.
    pub root: Id,
    /// Bytes that it took.
    pub bytes: usize,
}

impl Pickle {
    /// Reads the pickle that bytes begin with.
    ///
    /// # Errors
    ///
    /// [`Fault::Damaged`], or too many values.
    pub fn new(bytes: &[u8]) -> Result<Self, Fault> {
        let Built { values, root, bytes } = build(bytes)?;
        Ok(Self { values, root, bytes })
    }

    /// A value.
    pub fn value(&self, id: Id) -> &Value {
        &self.values[id]
    }

    /// The text that a value is.
    pub fn text(&self, id: Id) -> Option<&str> {
        match self.value(id) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number that a value is, from 0 on.
    pub fn number(&self, id: Id) -> Option<usize> {
        match self.value(id) {
            Value::Int(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    /// The items of a list or tuple.
    pub fn items(&self, id: Id) -> Option<&[Id]> {
        match self.value(id) {
            Value::Items(items) => Some(items),
            _ => None,
        }
    }

    /// The name of the class or function that a value is, or that it is made by.
    pub fn class(&self, id: Id) -> Option<(&str, &str)> {
        match self.value(id) {
            Value::Global(module, name) => Some((module, name)),
            Value::Call(function, _) => match self.value(*function) {
                Value::Global(module, name) => Some((module, name)),
                _ => None,
            },
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::machine::MAX_VALUES;
    use super::*;

    #[test]
    fn a_call_is_written_down_and_not_made() {
        // What `pickle.loads` would execute as os.system("echo").
        let pickle = Pickle::new(b"\x80\x02cposix\nsystem\nq\0X\x04\0\0\0echo\x85R.").unwrap();
        assert_eq!(pickle.class(pickle.root), Some(("posix", "system")));
    }

    #[test]
    fn circles_and_endless_names_of_the_same_end() {
        // A list that has itself as its item.
        let pickle = Pickle::new(b"\x80\x02]q\0h\0a.").unwrap();
        assert_eq!(pickle.items(pickle.root), Some(&[pickle.root][..]));
        assert!(Pickle::new(b"\x80\x02h\x07.").is_err());
        assert!(Pickle::new(&vec![b'N'; MAX_VALUES + 1]).is_err());
        // One text of a megabyte, of which no class has a copy.
        let text = [b"\x80\x02X\0\0\x10\0", &vec![b'x'; 1 << 20][..], b"q\0"].concat();
        let classes = b"h\0h\0\x93".repeat(1000);
        let pickle = Pickle::new(&[text, classes, b".".to_vec()].concat()).unwrap();
        let Value::Text(text) = pickle.value(0) else { panic!("the first value is the text") };
        assert_eq!((pickle.values.len(), Rc::strong_count(text)), (1001, 2001));
    }
}
