//! NPY, the file format of NumPy's arrays: a header in Python's notation, then the values.

/// How a file begins.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
/// The most bytes of a file.
pub(super) const MOST: u64 = 700 << 20;
/// The most dimensions that an array of images has.
const DIMENSIONS: usize = 4;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Unsigned,
    Signed,
    Float,
}

/// An array in memory.
#[derive(Debug)]
pub(super) struct Array {
    /// Its length in each dimension.
    pub shape: Vec<usize>,
    kind: Type,
    /// Bytes of a value.
    size: usize,
    is_big_endian: bool,
    /// Whether the first dimension changes fastest.
    is_fortran: bool,
    content: Vec<u8>,
    /// Where the values begin.
    start: usize,
}

impl Array {
    /// Parses a file. The text goes on as in "x_train.npy ...".
    pub fn parse(content: Vec<u8>) -> Result<Self, String> {
        let damaged = || "is a damaged NPY file: save it again".to_owned();
        if !content.starts_with(MAGIC) {
            return Err("is no NPY file: save it with numpy.save or numpy.savez".to_owned());
        }
        let version = *content.get(6).ok_or_else(damaged)?;
        let (at, length) = match version {
            1 => (10, content.get(8..10).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]])))),
            2 | 3 => (
                12,
                content.get(8..12).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize),
            ),
            other => return Err(format!("is NPY of version {other}, expected 1 to 3")),
        };
        let length = length.filter(|&length| length <= 1 << 16).ok_or_else(damaged)?;
        let header = content.get(at..at + length).ok_or_else(damaged)?;
        let header = String::from_utf8_lossy(header).into_owned();
        let (kind, size, is_big_endian) = described(text(&header, "descr").ok_or_else(damaged)?)?;
        let is_fortran = after(&header, "fortran_order").ok_or_else(damaged)?.starts_with("True");
        let shape = shape(&header).ok_or_else(damaged)?;
        if shape.len() > DIMENSIONS {
            return Err(format!("has {} dimensions, expected images", shape.len()));
        }
        let start = at + length;
        let bytes = shape.iter().try_fold(size, |bytes, &length| bytes.checked_mul(length));
        let found = content.len() - start;
        if bytes != Some(found) {
            let promised = bytes.map_or("over 2^64".to_owned(), |bytes| bytes.to_string());
            return Err(format!(
                "has {found} bytes of values, but its header promises {promised}: it was cut off, \
                 get it again"
            ));
        }
        Ok(Self { shape, kind, size, is_big_endian, is_fortran, content, start })
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        (self.content.len() - self.start) / self.size
    }

    /// Bytes of a value.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The values, if they are bytes in the order of C; else the array.
    pub fn into_bytes(mut self) -> Result<Vec<u8>, Self> {
        if self.kind != Type::Unsigned || self.size != 1 || self.is_fortran {
            return Err(self);
        }
        self.content.drain(..self.start);
        Ok(self.content)
    }

    /// All values in the order of C.
    pub fn values(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        (0..self.len()).map(|index| self.value(index))
    }

    /// A value, by its number in the order of C.
    pub fn value(&self, index: usize) -> f64 {
        let mut place = index;
        if self.is_fortran {
            // The last dimension changes fastest in `index`, the first one in the file.
            let (mut rest, mut stride) = (index, self.len());
            place = 0;
            for &length in self.shape.iter().rev() {
                stride /= length.max(1);
                place += rest % length.max(1) * stride;
                rest /= length.max(1);
            }
        }
        let at = self.start + place * self.size;
        let mut bytes = [0; 8];
        bytes[..self.size].copy_from_slice(&self.content[at..at + self.size]);
        if self.is_big_endian {
            bytes[..self.size].reverse();
        }
        let bits = u64::from_le_bytes(bytes);
        match (self.kind, self.size) {
            (Type::Unsigned, _) => bits as f64,
            (Type::Signed, size) => {
                let unused = 64 - 8 * size as u32;
                ((bits << unused) as i64 >> unused) as f64
            }
            (Type::Float, 4) => f64::from(f32::from_bits(bits as u32)),
            (Type::Float, _) => f64::from_bits(bits),
        }
    }
}

/// What follows a key in the header.
fn after<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let (_, rest) =
        header.split_once(&format!("'{key}'")).or(header.split_once(&format!("\"{key}\"")))?;
    rest.trim_start().strip_prefix(':').map(str::trim_start)
}

/// The text of a key.
fn text<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let rest = after(header, key)?;
    let quote = rest.chars().next()?;
    match quote {
        '\'' | '"' => rest[1..].split(quote).next(),
        // A list is the type of a record.
        _ => Some("V"),
    }
}

fn shape(header: &str) -> Option<Vec<usize>> {
    let inner = after(header, "shape")?.strip_prefix('(')?.split_once(')')?.0;
    let lengths = inner.split(',').map(|length| length.trim().trim_end_matches('L'));
    lengths.filter(|length| !length.is_empty()).map(|length| length.parse().ok()).collect()
}

/// The type that NumPy describes: its kind, its bytes, and whether the first of them is the highest.
fn described(text: &str) -> Result<(Type, usize, bool), String> {
    let is_big_endian = text.starts_with('>');
    let kind = match text.trim_start_matches(['<', '>', '|', '=']) {
        "u1" | "b1" => (Type::Unsigned, 1),
        "u2" => (Type::Unsigned, 2),
        "u4" => (Type::Unsigned, 4),
        "u8" => (Type::Unsigned, 8),
        "i1" => (Type::Signed, 1),
        "i2" => (Type::Signed, 2),
        "i4" => (Type::Signed, 4),
        "i8" => (Type::Signed, 8),
        "f4" => (Type::Float, 4),
        "f8" => (Type::Float, 8),
        other => {
            let name = match other.chars().next() {
                Some('O') => "Python objects",
                Some('U' | 'S') => "texts",
                Some('V') => "records",
                Some('c') => "complex numbers",
                Some('f') => "floats of another size than 4 or 8 bytes",
                _ => "values of an unknown type",
            };
            return Err(format!(
                "has {name}, expected integers or floats of 4 or 8 bytes: convert it, for instance \
                 with astype(\"uint8\")"
            ));
        }
    };
    Ok((kind.0, kind.1, is_big_endian))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with this header's values.
    pub(super) fn file(descr: &str, fortran: &str, shape: &str, values: &[u8]) -> Vec<u8> {
        let header =
            format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
        let length = (header.len() as u16).to_le_bytes();
        [MAGIC, &[1, 0], &length, header.as_bytes(), values].concat()
    }

    fn values(content: Vec<u8>) -> Vec<f64> {
        Array::parse(content).unwrap().values().collect()
    }

    #[test]
    fn values_of_every_type_and_order_are_read() {
        assert_eq!(values(file("|u1", "False", "(2, 2)", &[1, 2, 3, 255])), [1.0, 2.0, 3.0, 255.0]);
        assert_eq!(
            values(file("|u1", "True", "(2, 3)", &[1, 4, 2, 5, 3, 6])),
            [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
        );
        assert_eq!(values(file("<i2", "False", "(2,)", &[255, 255, 0, 1])), [-1.0, 256.0]);
        assert_eq!(values(file(">i2", "False", "(1,)", &[1, 0])), [256.0]);
        assert_eq!(values(file("<f4", "False", "(1,)", &0.5_f32.to_le_bytes())), [0.5]);
        assert_eq!(values(file(">f8", "False", "(1,)", &0.5_f64.to_be_bytes())), [0.5]);
        assert_eq!(values(file("<i8", "False", "()", &(-7_i64).to_le_bytes())), [-7.0]);
    }

    #[test]
    fn what_is_no_array_of_numbers_is_said() {
        let refused = |content: Vec<u8>| Array::parse(content).unwrap_err();
        assert!(refused(file("|O", "False", "(1,)", &[1])).contains("Python objects"));
        assert!(refused(file("<U5", "False", "(1,)", &[1])).contains("texts"));
        assert!(refused(file("<f2", "False", "(1,)", &[1])).contains("floats of another size"));
        assert!(refused(file("|u1", "False", "(9, 9)", &[1])).contains("promises 81"));
        let huge = format!("({0}, {0}, {0})", u64::MAX);
        assert!(refused(file("|u1", "False", &huge, &[])).contains("promises over 2^64"));
        assert!(refused(file("|u1", "False", "(1, 1, 1, 1, 1)", &[1])).contains("5 dimensions"));
        assert!(refused(b"PK".to_vec()).contains("is no NPY file"));
        let whole = file("<f4", "True", "(2, 2)", &[0; 16]);
        for end in 0..whole.len() {
            assert!(Array::parse(whole[..end].to_vec()).is_err(), "{end}");
        }
        for place in 0..whole.len() {
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[place] ^= 1 << bit;
                if let Ok(array) = Array::parse(changed) {
                    let _: Vec<f64> = array.values().collect();
                }
            }
        }
    }
}
