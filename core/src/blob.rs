//! Reading a model from bytes, in place, and writing one.

use postcard::ser_flavors;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use crate::error::{ModelError, PackError};
use crate::model::{Header, Model};
use crate::shape::PART_ALIGNMENT;

mod check;
mod fields;
mod pack;
mod version2;

pub use crate::crc::crc32;
pub use crate::shape::{ALIGNMENT, OLDEST_VERSION, VERSION};
pub use check::CrcCheck;
pub use pack::pack_layer;

use fields::{Fields, Sticky, nothing};

/// What a blob begins with.
pub const MAGIC: [u8; 6] = *b"INKBIT";
/// Bytes before the model's name: magic, version and length.
pub const PREFIX_BYTES: usize = 12;

const CRC_BYTES: usize = 4;

/// A blob compiled into a program, `&'static [u8]`, at the [`ALIGNMENT`](crate::blob::ALIGNMENT)
/// that `include_bytes!` does not give. The path is that of `include_bytes!`: from the source file.
///
/// Attributes of the `static` that holds it may follow. A section in `.data` is copied to RAM at the
/// start, which pays where flash is slow:
/// `include_blob!("tiny.inkbit", #[unsafe(link_section = ".data.model")])`.
///
/// ```
/// use inkbit_core::{Model, include_blob};
/// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
/// let model = Model::parse(BLOB)?;
/// assert_eq!(model.label(2), "c2");
/// # Ok::<_, inkbit_core::Error>(())
/// ```
#[macro_export]
macro_rules! include_blob {
    ($path:expr $(, $($attribute:tt)+)?) => {{
        #[repr(align(8))] // ALIGNMENT, which an attribute cannot name
        struct Aligned<T>(T);
        $($($attribute)+)?
        static BLOB: Aligned<[u8; include_bytes!($path).len()]> = Aligned(*include_bytes!($path));
        const BYTES: &[u8] = &BLOB.0;
        BYTES
    }};
}

/// The one postcard value that a blob is, to be written; [`Fields`] reads it.
#[derive(Serialize)]
struct Wrapper<'a> {
    magic: [u8; 6],
    version: [u8; 2],
    length: [u8; 4],
    header: Header<'a>,
    pad: &'a [u8],
    data: Data<'a>,
    crc: [u8; CRC_BYTES],
}

/// The parameters of a model, if there is one yet. As a list of bytes, which is as long as the bytes
/// themselves: those of an older version are padded otherwise.
struct Data<'a>(Option<&'a Model<'a>>);

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let length = self.0.map_or(0, |model| model.header().data_bytes());
        let mut list = serializer.serialize_seq(Some(length))?;
        // Parts are whole words, which is what a part is padded to.
        let mut write = |part: &[u8]| part.iter().try_for_each(|byte| list.serialize_element(byte));
        if let Some(model) = self.0 {
            write(bytemuck::cast_slice(model.raw_ranges()))?;
            for layer in model.layers() {
                write(bytemuck::cast_slice(layer.multipliers))?;
                write(bytemuck::cast_slice(layer.bias))?;
                write(bytemuck::cast_slice(layer.weights))?;
            }
        }
        list.end()
    }
}

impl Wrapper<'_> {
    /// Bytes that it takes, with every number in its shortest form.
    fn size(&self) -> usize {
        // Counting bytes has no way to fail.
        postcard::serialize_with_flavor(self, ser_flavors::Size::default()).unwrap_or_default()
    }
}

/// The length that the prefix of a blob states, after a check of magic and version.
///
/// ```
/// use inkbit_core::{blob::stated_length, include_blob};
/// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
/// assert_eq!(stated_length(BLOB)?, BLOB.len());
/// # Ok::<_, inkbit_core::Error>(())
/// ```
///
/// # Errors
///
/// [`ModelError::Truncated`], [`ModelError::Blank`], [`ModelError::Magic`] or [`ModelError::Version`].
pub fn stated_length(bytes: &[u8]) -> Result<usize, ModelError> {
    prefix(bytes).map(|(length, _)| length)
}

/// The length and the version that the prefix of a blob states.
fn prefix(bytes: &[u8]) -> Result<(usize, u16), ModelError> {
    let Some((prefix, _)) = bytes.split_first_chunk::<PREFIX_BYTES>() else {
        return Err(ModelError::Truncated { found: bytes.len(), expected: PREFIX_BYTES });
    };
    let &[a, b, c, d, e, f, v0, v1, l0, l1, l2, l3] = prefix;
    for byte in [0xFF, 0] {
        if prefix.iter().all(|&found| found == byte) {
            return Err(ModelError::Blank { byte });
        }
    }
    let found = [a, b, c, d, e, f];
    if found != MAGIC {
        return Err(ModelError::Magic { found });
    }
    let version = u16::from_le_bytes([v0, v1]);
    if !(OLDEST_VERSION..=VERSION).contains(&version) {
        return Err(ModelError::Version { found: version, expected: VERSION });
    }
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    let shortest = PREFIX_BYTES + CRC_BYTES;
    if length < shortest {
        return Err(ModelError::Truncated { found: length, expected: shortest });
    }
    Ok((length, version))
}

impl Header<'_> {
    /// Bytes of the blob that [`Model::write`] makes of this header and its parameters, which need
    /// not exist.
    ///
    /// ```
    /// use inkbit_core::{Model, include_blob};
    /// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
    /// assert_eq!(Model::parse(BLOB)?.header().blob_bytes(), BLOB.len());
    /// # Ok::<_, inkbit_core::Error>(())
    /// ```
    pub fn blob_bytes(&self) -> usize {
        let wrapper = Wrapper {
            magic: MAGIC,
            version: VERSION.to_le_bytes(),
            length: [0; 4],
            header: self.clone(),
            pad: &[],
            data: Data(None),
            crc: [0; CRC_BYTES],
        };
        let data = self.data_bytes();
        // The length of no data takes one byte, and that of this data may take more. Counting bytes
        // has no way to fail.
        let length = postcard::serialize_with_flavor(&data, ser_flavors::Size::default())
            .unwrap_or_default();
        let data_at = wrapper.size() - CRC_BYTES - 1 + length;
        data_at.next_multiple_of(ALIGNMENT) + data + CRC_BYTES
    }
}

/// What there is before a model has been read.
const NOTHING_READ: Result<Model<'_>, ModelError> = Err(ModelError::Number);

/// The fields of what begins with a blob, and ends with it too unless it is a `region`.
#[inline(always)]
fn fields<'a>(
    region: &'a [u8],
    version: u16,
    is_region: bool,
    read: impl FnOnce(&mut Sticky<'a>, &mut Header<'a>),
    header: &mut Header<'a>,
) -> Result<Fields<'a>, ModelError> {
    let remainder = region.as_ptr().addr() % ALIGNMENT;
    if remainder != 0 {
        return Err(ModelError::Misaligned { remainder: remainder as u8 });
    }
    let (expected, found) = prefix(region)?;
    if found != version {
        return Err(ModelError::Version { found, expected: version });
    }
    let found = region.len();
    if found > expected && !is_region {
        return Err(ModelError::Trailing { found, expected });
    }
    let bytes = region.get(..expected).ok_or(ModelError::Truncated { found, expected })?;
    let Some((body, &crc)) = bytes.split_last_chunk::<CRC_BYTES>() else {
        return Err(ModelError::Truncated { found, expected });
    };
    let (found, expected) = (crc32(body), u32::from_le_bytes(crc));
    if found != expected {
        return Err(ModelError::Crc { found, expected });
    }
    let fields = Fields::read(bytes, read, header)?;
    let offset = fields.data.as_ptr().addr() - bytes.as_ptr().addr();
    let pad = fields.pad;
    let aligned = offset.is_multiple_of(ALIGNMENT) && pad.len() < ALIGNMENT;
    if !aligned || pad.iter().any(|&byte| byte != 0) {
        return Err(ModelError::Padding { found: pad.len() });
    }
    Ok(fields)
}

impl<'a> Model<'a> {
    /// Reads the model that `bytes` are, in the present version, borrowing its parameters.
    ///
    /// # Errors
    ///
    /// A [`ModelError`] that says what is wrong, if anything is. Where it returns `Ok`,
    /// [`Engine::infer`](crate::Engine::infer) cannot fail, whatever the pixels.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ModelError> {
        let mut place = NOTHING_READ;
        Self::parse_to(bytes, &mut place);
        place
    }

    /// [`parse`](Self::parse) that writes the model where it is to lie, as
    /// [`parse_region_to`](Self::parse_region_to) does.
    #[inline(always)]
    pub fn parse_to(bytes: &'a [u8], place: &mut Result<Self, ModelError>) {
        Self::read(bytes, VERSION, false, Sticky::header, PART_ALIGNMENT, place);
    }

    /// [`parse`](Self::parse) of any version from [`OLDEST_VERSION`] on; [`write`](Self::write)
    /// writes such a model in the present one.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_any(bytes: &'a [u8]) -> Result<Self, ModelError> {
        match prefix(bytes) {
            Ok((_, OLDEST_VERSION)) => {
                let mut place = NOTHING_READ;
                Self::read(bytes, OLDEST_VERSION, false, Sticky::header_2, ALIGNMENT, &mut place);
                let model = place?;
                model.header().origin()?;
                Ok(model)
            }
            _ => Self::parse(bytes),
        }
    }

    /// Reads to `place` what begins with a blob, and ends with it too unless it is a `region`.
    #[inline(always)]
    fn read(
        region: &'a [u8],
        version: u16,
        is_region: bool,
        read: impl FnOnce(&mut Sticky<'a>, &mut Header<'a>),
        alignment: usize,
        place: &mut Result<Self, ModelError>,
    ) {
        // The only one: a header is large.
        let mut header = nothing();
        match fields(region, version, is_region, read, &mut header) {
            Ok(Fields { data, .. }) => Self::padded(&header, data, alignment, place),
            Err(error) => *place = Err(error),
        }
    }

    /// Reads the model at the start of a region of flash that is larger than the blob.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_region(region: &'a [u8]) -> Result<Self, ModelError> {
        let mut place = NOTHING_READ;
        Self::parse_region_to(region, &mut place);
        place
    }

    /// [`parse_region`](Self::parse_region) that writes the model where it is to lie. A model has half a
    /// kilobyte, and a function that returns it needs that on the stack once more.
    #[inline(always)]
    pub fn parse_region_to(region: &'a [u8], place: &mut Result<Self, ModelError>) {
        Self::read(region, VERSION, true, Sticky::header, PART_ALIGNMENT, place);
    }

    /// Writes the blob into `out`, in the present version, and returns it.
    ///
    /// # Errors
    ///
    /// [`PackError::BufferTooSmall`].
    pub fn write<'o>(&self, out: &'o mut [u8]) -> Result<&'o [u8], PackError> {
        let mut wrapper = Wrapper {
            magic: MAGIC,
            version: VERSION.to_le_bytes(),
            length: [0; 4],
            header: self.header().clone(),
            pad: &[],
            data: Data(Some(self)),
            crc: [0; CRC_BYTES],
        };
        let needed = self.header().blob_bytes();
        let pad = needed - wrapper.size();
        wrapper.pad = [0; ALIGNMENT].get(..pad).unwrap_or_default();
        wrapper.length = (needed as u32).to_le_bytes();
        let found = out.len();
        let blob = out.get_mut(..needed).ok_or(PackError::BufferTooSmall { found, needed })?;
        postcard::to_slice(&wrapper, blob)
            .map_err(|_| PackError::BufferTooSmall { found, needed })?;
        if let Some((body, crc)) = blob.split_last_chunk_mut::<CRC_BYTES>() {
            *crc = crc32(body).to_le_bytes();
        }
        Ok(blob)
    }

    /// Bytes that [`write`](Self::write) needs at the most.
    pub fn max_blob_bytes(&self) -> usize {
        let Header { name, labels, layers, provenance, .. } = self.header();
        let texts = name.len() + labels.len() + provenance.len();
        // 256 covers every field of fixed or varint width.
        256 + texts + layers.len() * 16 + self.header().data_bytes()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    extern crate std;

    use std::sync::Mutex;

    use crate::{Engine, Error, Model, Scratch, Sizes};

    #[allow(unsafe_code)] // a section of which the linker knows nothing bad
    static BLOB: &[u8] =
        include_blob!("../golden/one-layer.inkbit", #[unsafe(link_section = ".data.model")]);
    static ENGINE: Mutex<Option<Engine<'static, Scratch<{ Sizes::of(BLOB).cells }>>>> =
        Mutex::new(None);

    #[test]
    fn a_blob_in_a_section_of_its_own_is_aligned_and_its_engine_lies_in_a_static()
    -> Result<(), Error> {
        let mut engine = ENGINE.lock().unwrap();
        let engine = engine.insert(Engine::new(Model::parse(BLOB)?, Scratch::new())?);
        assert_eq!(engine.infer(&[0; Sizes::of(BLOB).bytes])?.argmax(), 2);
        Ok(())
    }
}
