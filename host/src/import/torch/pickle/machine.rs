//! The machine of Python's pickles, which builds values and calls nothing.
//!
//! The opcodes are those of Python's `pickletools`, protocols 2 to 5, that containers, numbers, texts and
//! tensors take. Values lie in one list and name each other by their place in it, so that neither depth
//! nor circles matter.

use std::collections::HashMap;
use std::rc::Rc;

use super::reader::{Reader, long};
use super::value::{Id, Value};
use crate::import::fault::{Fault, damaged, refused};

/// The most values of a pickle.
pub const MAX_VALUES: usize = 1 << 20;

/// What a pickle has built.
pub struct Built {
    /// All values.
    pub values: Vec<Value>,
    /// The one that was pickled.
    pub root: Id,
    /// Bytes that it took.
    pub bytes: usize,
}

/// Builds what the pickle says that bytes begin with.
///
/// # Errors
///
/// [`Fault::Damaged`], or too many values.
pub fn build(bytes: &[u8]) -> Result<Built, Fault> {
    let mut machine = Machine {
        reader: Reader::new(bytes),
        values: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    loop {
        if let Some(root) = machine.step()? {
            return Ok(Built { values: machine.values, root, bytes: machine.reader.at });
        }
    }
}

struct Machine<'p> {
    reader: Reader<'p>,
    values: Vec<Value>,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<usize, Id>,
}

impl<'p> Machine<'p> {
    /// Executes an opcode; the last gives the value that was pickled.
    fn step(&mut self) -> Result<Option<Id>, Fault> {
        let [opcode] = self.reader.array()?;
        match opcode {
            // PROTO, FRAME
            0x80 => drop(self.reader.take(1)?),
            0x95 => drop(self.reader.take(8)?),
            b'(' => self.marks.push(self.stack.len()),
            b'.' => return self.pop().map(Some),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.marked()?),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
            }
            b'N' => self.push(Value::None)?,
            0x88 => self.push(Value::Bool(true))?,
            0x89 => self.push(Value::Bool(false))?,
            // BININT, BININT1, BININT2
            b'J' => {
                let number = i32::from_le_bytes(self.reader.array()?);
                self.push(Value::Int(number.into()))?;
            }
            b'K' => {
                let [number] = self.reader.array()?;
                self.push(Value::Int(number.into()))?;
            }
            b'M' => {
                let number = u16::from_le_bytes(self.reader.array()?);
                self.push(Value::Int(number.into()))?;
            }
            // LONG1
            0x8a => {
                let [length] = self.reader.array()?;
                let number = long(self.reader.take(length.into())?);
                self.push(Value::Int(number))?;
            }
            b'G' => {
                let number = f64::from_be_bytes(self.reader.array()?);
                self.push(Value::Float(number))?;
            }
            // SHORT_BINUNICODE, BINUNICODE, BINUNICODE8, SHORT_BINSTRING, BINSTRING
            0x8c | b'U' => {
                let [length] = self.reader.array()?;
                self.text(length.into())?;
            }
            b'X' | b'T' => {
                let length = u32::from_le_bytes(self.reader.array()?);
                self.text(length as usize)?;
            }
            0x8d => {
                let length = self.reader.long_length()?;
                self.text(length)?;
            }
            // SHORT_BINBYTES, BINBYTES, BINBYTES8
            b'C' => {
                let [length] = self.reader.array()?;
                self.binary(length.into())?;
            }
            b'B' => {
                let length = u32::from_le_bytes(self.reader.array()?);
                self.binary(length as usize)?;
            }
            0x8e => {
                let length = self.reader.long_length()?;
                self.binary(length)?;
            }
            b']' | b')' | 0x8f => self.push(Value::Items(Vec::new()))?,
            b'}' => self.push(Value::Pairs(Vec::new()))?,
            // TUPLE, FROZENSET, LIST
            b't' | 0x91 | b'l' => {
                let items = self.marked()?;
                self.push(Value::Items(items))?;
            }
            0x85..=0x87 => {
                let count = usize::from(opcode - 0x84);
                let items = self.last(count)?;
                self.push(Value::Items(items))?;
            }
            // APPEND, APPENDS, ADDITEMS
            b'a' => {
                let item = self.pop()?;
                self.append(&[item])?;
            }
            b'e' | 0x90 => {
                let items = self.marked()?;
                self.append(&items)?;
            }
            // SETITEM, SETITEMS
            b's' => {
                let pair = self.last(2)?;
                self.set(&pair)?;
            }
            b'u' => {
                let pairs = self.marked()?;
                self.set(&pairs)?;
            }
            // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET
            b'q' => {
                let [key] = self.reader.array()?;
                self.remember(key.into())?;
            }
            b'r' => {
                let key = u32::from_le_bytes(self.reader.array()?);
                self.remember(key as usize)?;
            }
            0x94 => self.remember(self.memo.len())?,
            b'h' => {
                let [key] = self.reader.array()?;
                self.recall(key.into())?;
            }
            b'j' => {
                let key = u32::from_le_bytes(self.reader.array()?);
                self.recall(key as usize)?;
            }
            // GLOBAL, STACK_GLOBAL
            b'c' => {
                let (module, name) = (self.reader.line()?, self.reader.line()?);
                self.push(Value::Global(module.into(), name.into()))?;
            }
            0x93 => {
                let names = self.last(2)?;
                let (module, name) = (self.name(names[0])?, self.name(names[1])?);
                self.push(Value::Global(module, name))?;
            }
            // REDUCE, NEWOBJ: written down, not called.
            b'R' | 0x81 => {
                let call = self.last(2)?;
                self.call(call[0], call[1])?;
            }
            // BUILD: the state of an object, which none of those that are read has.
            b'b' => drop(self.pop()?),
            b'Q' => {
                let name = self.pop()?;
                self.push(Value::Persistent(name))?;
            }
            _ => {
                return Err(damaged(format!(
                    "its pickle has the opcode {opcode:#04x} at byte {}, which no saved weights have",
                    self.reader.at - 1
                )));
            }
        }
        Ok(None)
    }

    /// An empty `OrderedDict` is a dictionary, so that items can be put into it.
    fn call(&mut self, function: Id, arguments: Id) -> Result<(), Fault> {
        let is_dictionary = matches!(
            &self.values[function],
            Value::Global(module, name) if &**module == "collections" && &**name == "OrderedDict"
        );
        let is_empty = matches!(&self.values[arguments], Value::Items(items) if items.is_empty());
        self.push(match is_dictionary && is_empty {
            true => Value::Pairs(Vec::new()),
            false => Value::Call(function, arguments),
        })
    }

    /// The name of a module or class.
    fn name(&self, id: Id) -> Result<Rc<str>, Fault> {
        match &self.values[id] {
            Value::Text(text) => Ok(Rc::clone(text)),
            _ => Err(damaged("a class in its pickle has no name")),
        }
    }

    fn text(&mut self, length: usize) -> Result<(), Fault> {
        let text = String::from_utf8_lossy(self.reader.take(length)?);
        self.push(Value::Text(text.into()))
    }

    fn binary(&mut self, length: usize) -> Result<(), Fault> {
        let bytes = self.reader.take(length)?.to_vec();
        self.push(Value::Bytes(bytes))
    }

    fn push(&mut self, value: Value) -> Result<(), Fault> {
        if self.values.len() == MAX_VALUES {
            return Err(refused(format!(
                "its pickle has over {MAX_VALUES} values; save the state dict alone"
            )));
        }
        self.stack.push(self.values.len());
        self.values.push(value);
        Ok(())
    }

    fn pop(&mut self) -> Result<Id, Fault> {
        self.stack.pop().ok_or_else(|| damaged("its pickle takes more than it has"))
    }

    fn top(&self) -> Result<Id, Fault> {
        self.stack.last().copied().ok_or_else(|| damaged("its pickle takes more than it has"))
    }

    fn last(&mut self, count: usize) -> Result<Vec<Id>, Fault> {
        let start = self.stack.len().checked_sub(count);
        let start = start.ok_or_else(|| damaged("its pickle takes more than it has"))?;
        Ok(self.stack.split_off(start))
    }

    /// What has come since the last mark.
    fn marked(&mut self) -> Result<Vec<Id>, Fault> {
        let mark = self.marks.pop().filter(|&mark| mark <= self.stack.len());
        let mark = mark.ok_or_else(|| damaged("its pickle has no mark"))?;
        Ok(self.stack.split_off(mark))
    }

    /// What is put into anything else than a list or a dictionary is left out: nothing looks there.
    fn append(&mut self, items: &[Id]) -> Result<(), Fault> {
        let list = self.top()?;
        if let Value::Items(found) = &mut self.values[list] {
            found.extend(items);
        }
        Ok(())
    }

    fn set(&mut self, pairs: &[Id]) -> Result<(), Fault> {
        let dictionary = self.top()?;
        if let Value::Pairs(found) = &mut self.values[dictionary] {
            found.extend(pairs.as_chunks().0.iter().map(|&[key, value]| (key, value)));
        }
        Ok(())
    }

    fn remember(&mut self, key: usize) -> Result<(), Fault> {
        let top = self.top()?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn recall(&mut self, key: usize) -> Result<(), Fault> {
        let found = self.memo.get(&key).copied();
        self.stack.push(found.ok_or_else(|| damaged("its pickle names what it has not"))?);
        Ok(())
    }
}
