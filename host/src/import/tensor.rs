//! Numbers as they lie in a file.

use std::sync::Arc;

use half::{bf16, f16};

use super::fault::{Fault, damaged, refused};

/// The most numbers of a file, over all its tensors: as many as fit into [`LIMIT`](super::LIMIT) at 32
/// bits.
pub const MAX_VALUES: usize = 1 << 26;

/// The most bytes of a name: many tensors may share one that the file has once, and each has a copy.
const MAX_NAME: usize = 1000;

/// How a number is stored, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    F16,
    Bf16,
    F32,
    F64,
    I8,
    U8,
    I16,
    I32,
    I64,
    Bool,
}

impl Kind {
    /// Bytes of a number.
    pub const fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::F16 | Self::Bf16 | Self::I16 => 2,
            Self::F32 | Self::I32 => 4,
            Self::F64 | Self::I64 => 8,
        }
    }

    /// Whether it is one of the kinds that weights have.
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::Bf16 | Self::F32 | Self::F64)
    }
}

/// Bytes of the file, or such that were unpacked from it. Neither is copied with the tensor.
#[derive(Clone, Debug)]
pub enum Bytes<'a> {
    InFile(&'a [u8]),
    Unpacked(Arc<Vec<u8>>),
}

impl<'a> From<&'a [u8]> for Bytes<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::InFile(bytes)
    }
}

impl From<Vec<u8>> for Bytes<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Unpacked(Arc::new(bytes))
    }
}

impl std::ops::Deref for Bytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::InFile(bytes) => bytes,
            Self::Unpacked(bytes) => bytes,
        }
    }
}

/// Numbers with a name and a shape, row by row. They are decoded when they are asked for, so a file
/// takes no more memory than it has bytes.
#[derive(Clone, Debug)]
pub struct Tensor<'a> {
    /// The name in the file.
    pub name: String,
    /// The length of each dimension.
    pub shape: Vec<usize>,
    /// How a number is stored.
    pub kind: Kind,
    bytes: Bytes<'a>,
    /// Two dimensions lie column by column.
    is_transposed: bool,
}

impl<'a> Tensor<'a> {
    /// A tensor of these bytes, which must be as many as its shape says.
    pub fn new(
        name: impl Into<String>,
        shape: Vec<usize>,
        kind: Kind,
        bytes: impl Into<Bytes<'a>>,
    ) -> Result<Self, Fault> {
        let (name, bytes) = (name.into(), bytes.into());
        if name.len() > MAX_NAME {
            return Err(refused(format!(
                "a tensor has a name of {} bytes, at most {MAX_NAME} are read; save the network under \
                 shorter names",
                name.len()
            )));
        }
        let expected = count(&shape).and_then(|count| count.checked_mul(kind.bytes()));
        if expected != Some(bytes.len()) {
            return Err(damaged(format!(
                "`{name}` of shape {shape:?} has {} bytes of {kind:?}",
                bytes.len()
            )));
        }
        if bytes.len() / kind.bytes() > MAX_VALUES {
            return Err(refused(format!(
                "`{name}` has {} numbers, at most {MAX_VALUES} are read; give a smaller network",
                bytes.len() / kind.bytes()
            )));
        }
        Ok(Self { name, shape, kind, bytes, is_transposed: false })
    }

    /// Of these numbers.
    pub fn of_values(
        name: impl Into<String>,
        shape: Vec<usize>,
        values: &[f32],
    ) -> Result<Self, Fault> {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self::new(name, shape, Kind::F32, bytes)
    }

    /// The same numbers under another name.
    pub fn named(self, name: String) -> Self {
        Self { name, ..self }
    }

    /// The same numbers in two dimensions that are swapped.
    pub fn transposed(mut self) -> Self {
        self.shape.reverse();
        self.is_transposed = !self.is_transposed;
        self
    }

    /// How many numbers it has.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.kind.bytes()
    }

    /// The numbers, row by row.
    pub fn values(&self) -> Vec<f32> {
        let values: Vec<f32> = self.decoded(|value| value as f32, |value| value as f32);
        match (self.is_transposed, &self.shape[..]) {
            (true, &[rows, columns]) => swapped(&values, columns, rows),
            _ => values,
        }
    }

    /// The same as whole numbers; fractions are cut off.
    pub fn integers(&self) -> Vec<i64> {
        self.decoded(|value| value as i64, |value| value)
    }

    fn decoded<T>(&self, real: impl Fn(f64) -> T, whole: impl Fn(i64) -> T) -> Vec<T> {
        fn each<const N: usize, T>(bytes: &[u8], value: impl Fn([u8; N]) -> T) -> Vec<T> {
            bytes.as_chunks().0.iter().map(|&bytes| value(bytes)).collect()
        }
        let bytes = &*self.bytes;
        match self.kind {
            Kind::F16 => each(bytes, |bytes| real(f16::from_le_bytes(bytes).to_f64())),
            Kind::Bf16 => each(bytes, |bytes| real(bf16::from_le_bytes(bytes).to_f64())),
            Kind::F32 => each(bytes, |bytes| real(f32::from_le_bytes(bytes).into())),
            Kind::F64 => each(bytes, |bytes| real(f64::from_le_bytes(bytes))),
            Kind::I8 => each(bytes, |bytes| whole(i8::from_le_bytes(bytes).into())),
            Kind::U8 | Kind::Bool => each(bytes, |bytes| whole(u8::from_le_bytes(bytes).into())),
            Kind::I16 => each(bytes, |bytes| whole(i16::from_le_bytes(bytes).into())),
            Kind::I32 => each(bytes, |bytes| whole(i32::from_le_bytes(bytes).into())),
            Kind::I64 => each(bytes, |bytes| whole(i64::from_le_bytes(bytes))),
        }
    }
}

/// How many numbers a shape has; `None` if these are too many to count.
pub fn count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |product, &side| product.checked_mul(side))
}

/// The numbers of a matrix `[rows, columns]`, column by column.
fn swapped(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut swapped = Vec::with_capacity(values.len());
    for column in 0..columns {
        swapped.extend((0..rows).map(|row| values[row * columns + column]));
    }
    swapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_kind_are_decoded() {
        for (kind, bytes, expected) in [
            (Kind::F16, &[0x00, 0xbc][..], -1.0),
            (Kind::Bf16, &[0x80, 0x3f], 1.0),
            (Kind::F64, &[0, 0, 0, 0, 0, 0, 0, 0x40], 2.0),
            (Kind::I8, &[0xff], -1.0),
            (Kind::U8, &[0xff], 255.0),
            (Kind::I32, &[0xfe, 0xff, 0xff, 0xff], -2.0),
        ] {
            assert_eq!(Tensor::new("t", vec![1], kind, bytes).unwrap().values(), [expected]);
        }
        assert!(Tensor::new("t", vec![2], Kind::F32, &[0; 4][..]).is_err());
        assert!(Tensor::new("t", vec![usize::MAX, 2], Kind::F32, &[0; 4][..]).is_err());
    }

    #[test]
    fn two_dimensions_are_swapped() {
        let values: Vec<f32> = (0..6).map(|value| value as f32).collect();
        let tensor = Tensor::of_values("t", vec![2, 3], &values).unwrap().transposed();
        assert_eq!(
            (tensor.shape.as_slice(), tensor.values()),
            (&[3, 2][..], vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0])
        );
        assert_eq!(tensor.transposed().values(), values);
    }
}
