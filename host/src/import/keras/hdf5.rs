//! What is read of an HDF5 file: attributes of text, and tensors. Links to other files are not followed.

use hdf5_reader::error::{ByteOrder, Error};
use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, Datatype, Hdf5File, OpenOptions, StringSize, VarLenKind};

use crate::import::budget::{Budget, of_tensor};
use crate::import::fault::{Fault, damaged, refused};
use crate::import::tensor::{Kind, MAX_VALUES, Tensor, count};

/// How such a file begins.
pub const MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";

/// The most strings of an attribute.
const MAX_STRINGS: usize = 10_000;
/// The most bytes of all strings of an attribute: a network's description has a few thousand.
const MAX_TEXT: usize = 4 << 20;
/// The most bytes of what describes a group or a data set.
const MAX_HEADER: usize = 1 << 20;

/// What a look-up counts as in the budget, in bytes: a link can lead back to its own group, and a path go
/// round for ever. A network has a few hundred, of which a file of any size may have a thousand.
const STEP: usize = 32 << 10;
/// What an entry of a data set's index counts as, in bytes: there is one for each chunk, and an index of a
/// certain kind takes no room in the file.
const CHUNK: usize = 256;

/// A group of a file, and what reading the file may still take.
pub struct Folder<'b> {
    group: Group,
    budget: &'b Budget,
}

impl<'b> Folder<'b> {
    /// The outermost group of a file's bytes.
    pub fn root(bytes: Vec<u8>, budget: &'b Budget) -> Result<Self, Fault> {
        let options = OpenOptions::default()
            .with_chunk_cache_bytes(0)
            .with_max_chunk_bytes(4 * MAX_VALUES)
            .with_max_read_bytes(4 * MAX_VALUES)
            .with_max_object_header_bytes(MAX_HEADER);
        let file = Hdf5File::from_vec_with_options(bytes, options).map_err(damaged)?;
        Ok(Self { group: file.root_group().map_err(damaged)?, budget })
    }

    /// The group of a name, or `None` if there is none; a link to another file is none.
    pub fn child(&self, name: &str) -> Result<Option<Self>, Fault> {
        self.budget.take(name, Some(STEP))?;
        match self.group.group(name) {
            Ok(group) => Ok(Some(Self { group, budget: self.budget })),
            Err(Error::GroupNotFound(_)) => Ok(None),
            Err(error) => Err(damaged(error)),
        }
    }

    /// The names of its groups, and of its data sets.
    pub fn names(&self) -> Result<(Vec<String>, Vec<String>), Fault> {
        self.budget.take(self.group.name(), Some(STEP))?;
        self.group.member_names().map_err(damaged)
    }

    /// The strings of an attribute, or `None` if there is none of that name.
    pub fn strings(&self, name: &str) -> Result<Option<Vec<String>>, Fault> {
        self.budget.take(name, Some(STEP))?;
        let attributes = self.group.raw_attributes().map_err(damaged)?;
        // Each was compared with each.
        self.budget.take(name, attributes.len().checked_pow(2))?;
        let Some(attribute) = attributes.into_iter().find(|attribute| attribute.name() == name)
        else {
            return Ok(None);
        };
        let (message, _) = attribute.into_parts();
        let reference = 4 + usize::from(self.group.offset_size()) + 4;
        let (width, is_elsewhere) = match &message.datatype {
            Datatype::String { size: StringSize::Fixed(width), .. } => (*width as usize, false),
            Datatype::String { size: StringSize::Variable, .. }
            | Datatype::VarLen { kind: VarLenKind::String, .. } => (reference, true),
            // A list without items has any kind.
            _ if message.raw_data.is_empty() => return Ok(Some(Vec::new())),
            kind => {
                return Err(damaged(format!("the attribute `{name}` is {kind:?}, expected text")));
            }
        };
        if width == 0 {
            return Ok(Some(Vec::new()));
        }
        let (mut strings, mut bytes) = (Vec::new(), 0);
        for element in message.raw_data.chunks_exact(width) {
            let text = match is_elsewhere {
                true => self.group.resolve_vlen_reference_bytes(element, 1).map_err(damaged)?,
                false => element.to_vec(),
            };
            bytes += text.len();
            if strings.len() == MAX_STRINGS || bytes > MAX_TEXT {
                return Err(refused(format!(
                    "the attribute `{name}` has over {MAX_TEXT} bytes or {MAX_STRINGS} texts; give the \
                     file of a network"
                )));
            }
            let text = String::from_utf8(text).map_err(damaged)?;
            strings.push(text.trim_end_matches('\0').to_owned());
        }
        self.budget.take(name, Some(bytes))?;
        Ok(Some(strings))
    }

    /// The text of an attribute that has one.
    pub fn text(&self, name: &str) -> Result<Option<String>, Fault> {
        Ok(self.strings(name)?.and_then(|mut strings| strings.pop()))
    }

    /// The data set of a name as a tensor that is called otherwise; `None` if there is none.
    pub fn tensor(&self, name: &str, called: &str) -> Result<Option<Tensor<'static>>, Fault> {
        self.budget.take(called, Some(STEP))?;
        match self.group.dataset(name) {
            Ok(dataset) => tensor(&dataset, called, self.budget).map(Some),
            Err(Error::DatasetNotFound(_)) => Ok(None),
            Err(error) => Err(damaged(error)),
        }
    }
}

fn tensor(dataset: &Dataset, name: &str, budget: &Budget) -> Result<Tensor<'static>, Fault> {
    let kind = match dataset.dtype() {
        Datatype::FloatingPoint { size: 2, .. } => Kind::F16,
        Datatype::FloatingPoint { size: 4, .. } => Kind::F32,
        Datatype::FloatingPoint { size: 8, .. } => Kind::F64,
        Datatype::FixedPoint { size: 1, signed: true, .. } => Kind::I8,
        Datatype::FixedPoint { size: 4, signed: true, .. } => Kind::I32,
        Datatype::FixedPoint { size: 8, .. } => Kind::I64,
        kind => {
            return Err(refused(format!(
                "`{name}` holds {kind:?}, expected floating point; save the weights as float32"
            )));
        }
    };
    let order = match dataset.dtype() {
        Datatype::FloatingPoint { byte_order, .. } | Datatype::FixedPoint { byte_order, .. } => {
            *byte_order
        }
        _ => ByteOrder::LittleEndian,
    };
    let shape: Option<Vec<usize>> =
        dataset.shape().iter().map(|&side| usize::try_from(side).ok()).collect();
    let shape = shape.ok_or_else(|| damaged(format!("`{name}` has a side beyond all memory")))?;
    let mut bytes = of_tensor(&shape, kind);
    if let Some(chunk) = dataset.chunks() {
        // A chunk may be larger than the data set.
        bytes = bytes.zip(in_chunks(&shape, &chunk, kind)).map(|(whole, chunks)| whole.max(chunks));
    }
    budget.take(name, bytes)?;
    let mut bytes = dataset.read_raw_bytes().map_err(damaged)?;
    if order == ByteOrder::BigEndian {
        bytes.chunks_exact_mut(kind.bytes()).for_each(<[u8]>::reverse);
    }
    Tensor::new(name, shape, kind, bytes)
}

/// What all chunks of a data set have together, in bytes, with the entries of their index; `None` if it is
/// too much to count.
fn in_chunks(shape: &[usize], chunk: &[u32], kind: Kind) -> Option<usize> {
    let chunk: Vec<usize> = chunk.iter().map(|&side| (side as usize).max(1)).collect();
    let grid: Vec<usize> =
        shape.iter().zip(&chunk).map(|(side, chunk)| side.div_ceil(*chunk)).collect();
    let each = count(&chunk)?.checked_mul(kind.bytes())?.checked_add(CHUNK)?;
    count(&grid)?.checked_mul(each)
}
