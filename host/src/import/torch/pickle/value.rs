//! What a pickle is made of.

use std::rc::Rc;

/// The place of a value among all.
pub type Id = usize;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    None,
    Bool(bool),
    /// A whole number; beyond 64 bits, the nearest.
    Int(i64),
    Float(f64),
    /// Whoever names it has no copy: a pickle may name one text a million times.
    Text(Rc<str>),
    Bytes(Vec<u8>),
    /// A list, a tuple, or a set.
    Items(Vec<Id>),
    /// A dictionary, in its order.
    Pairs(Vec<(Id, Id)>),
    /// A class or a function: its module and its name.
    Global(Rc<str>, Rc<str>),
    /// What calling a function would give: the function, and what it is called with.
    Call(Id, Id),
    /// Something that lies outside of the pickle, and what names it.
    Persistent(Id),
}
