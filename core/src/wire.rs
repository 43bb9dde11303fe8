//! postcard's wire format without serde, whose way takes three to four times the code: a device's
//! flash has no room for that.

/// Why a value cannot be read. One byte, so that it is passed on in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The bytes have come to an end.
    End,
    /// A number is beyond its range or not in its shortest form.
    Number,
    /// A text is not UTF-8.
    Utf8,
    /// A list is too long.
    List,
}

/// What is left to be read.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// The length that the last list states.
    pub(crate) length: usize,
    /// The most elements of the last list.
    pub(crate) capacity: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, length: 0, capacity: 0 }
    }

    /// What is left to be read.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether everything has been read.
    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline(never)]
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Fault::End)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline(never)]
    fn fill(&mut self, out: &mut [u8]) -> Result<(), Fault> {
        let bytes = self.take(out.len())?;
        out.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        Ok(())
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut array = [0; N];
        self.fill(&mut array)?;
        Ok(array)
    }

    #[inline(never)]
    pub(crate) fn byte(&mut self) -> Result<u8, Fault> {
        let (&byte, rest) = self.rest.split_first().ok_or(Fault::End)?;
        self.rest = rest;
        Ok(byte)
    }

    fn float(&mut self) -> Result<f32, Fault> {
        self.array().map(f32::from_le_bytes)
    }

    fn flag(&mut self) -> Result<bool, Fault> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Fault::Number),
        }
    }

    /// A varint: seven bits a byte, in its shortest form.
    #[inline(never)]
    pub(crate) fn varint(&mut self) -> Result<u64, Fault> {
        let (mut value, mut shift) = (0_u64, 0);
        loop {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7F);
            // Ten bytes hold 64 bits, and one of the tenth's.
            if shift > 63 || (shift == 63 && bits > 1) {
                return Err(Fault::Number);
            }
            value |= bits << shift;
            if byte < 0x80 {
                // A last byte of 0 adds nothing to what came before it.
                return if byte == 0 && shift > 0 { Err(Fault::Number) } else { Ok(value) };
            }
            shift += 7;
        }
    }

    #[inline(never)]
    pub(crate) fn word(&mut self) -> Result<u32, Fault> {
        self.varint()?.try_into().map_err(|_| Fault::Number)
    }

    #[inline(never)]
    pub(crate) fn half(&mut self) -> Result<u16, Fault> {
        self.varint()?.try_into().map_err(|_| Fault::Number)
    }

    #[inline(never)]
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Fault> {
        // No blob has as many bytes as the greatest length, wherever it is read.
        let length = self.varint()?.try_into().unwrap_or(usize::MAX);
        self.take(length)
    }

    #[inline(never)]
    pub(crate) fn text(&mut self) -> Result<&'a str, Fault> {
        let bytes = self.bytes()?;
        let text = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        if text.len() == bytes.len() { Ok(text) } else { Err(Fault::Utf8) }
    }
}

/// A value that a device reads.
pub(crate) trait Read<'a>: Sized {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Fault>;
}

/// A value that a device writes.
pub(crate) trait Write {
    fn write(&self, writer: &mut impl Writer);
}

/// Where values are written.
pub(crate) trait Writer {
    fn byte(&mut self, byte: u8);
    /// A varint.
    fn number(&mut self, value: u32);
    /// The length of a text, and its bytes.
    fn text(&mut self, text: &str);
}

macro_rules! values {
    ($($type:ty: $read:ident $(, |$value:ident, $writer:ident| $write:expr)?;)+) => {$(
        impl<'a> Read<'a> for $type {
            #[inline(always)]
            fn read(reader: &mut Reader<'a>) -> Result<Self, Fault> {
                reader.$read()
            }
        }
        $(impl Write for $type {
            #[inline(always)]
            fn write(&self, $writer: &mut impl Writer) {
                let $value = *self;
                $write
            }
        })?
    )+};
}

values! {
    bool: flag, |value, writer| writer.byte(value.into());
    u8: byte, |value, writer| writer.byte(value);
    u16: half, |value, writer| writer.number(value.into());
    u32: word, |value, writer| writer.number(value);
    u64: varint;
    f32: float;
    [u8; 2]: array;
    [u8; 32]: array;
    &'a str: text;
    &'a [u8]: bytes;
}

impl Write for &str {
    #[inline(always)]
    fn write(&self, writer: &mut impl Writer) {
        writer.text(self);
    }
}

impl Write for &[u8] {
    fn write(&self, writer: &mut impl Writer) {
        writer.number(self.len() as u32);
        self.iter().for_each(|&byte| writer.byte(byte));
    }
}

impl Write for &[i32] {
    fn write(&self, writer: &mut impl Writer) {
        writer.number(self.len() as u32);
        for &value in *self {
            // Small numbers of either sign become small numbers without one.
            writer.number((value << 1 ^ value >> 31).cast_unsigned());
        }
    }
}

impl<T: Write> Write for Option<T> {
    fn write(&self, writer: &mut impl Writer) {
        writer.byte(self.is_some().into());
        self.iter().for_each(|value| value.write(writer));
    }
}

impl<T: Write, E: Write> Write for Result<T, E> {
    fn write(&self, writer: &mut impl Writer) {
        writer.byte(self.is_err().into());
        match self {
            Ok(value) => value.write(writer),
            Err(error) => error.write(writer),
        }
    }
}

impl<'a, T: Read<'a>, const N: usize> Read<'a> for heapless::Vec<T, N> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Fault> {
        let length = reader.word()? as usize;
        (reader.length, reader.capacity) = (length, N);
        let mut list = Self::new();
        for _ in 0..length {
            list.push(T::read(reader)?).map_err(|_| Fault::List)?;
        }
        Ok(list)
    }
}

/// Defines a type of the wire. Its fields and variants are stated once: serde reads and writes them
/// on the host, and `Read`, `Write` or both, as the brackets at the end say, on a device.
macro_rules! wire {
    ($(#[$meta:meta])* pub struct $name:ident [$($generics:tt)*] {
        $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)+
    } [$way:ident]) => {
        $(#[$meta])*
        #[derive(serde::Serialize, serde::Deserialize)]
        pub struct $name $($generics)* {
            $($(#[$field_meta])* pub $field: $type,)+
        }
        wire!(@$way struct $name [$($generics)*] $($field)+);
    };
    (@Read struct $name:ident [$($generics:tt)*] $($field:ident)+) => {
        impl<'a> $crate::wire::Read<'a> for $name $($generics)* {
            #[inline(always)]
            fn read(reader: &mut $crate::wire::Reader<'a>) -> Result<Self, $crate::wire::Fault> {
                Ok(Self { $($field: $crate::wire::Read::read(reader)?,)+ })
            }
        }
    };
    (@Write struct $name:ident [$($generics:tt)*] $($field:ident)+) => {
        impl $($generics)* $crate::wire::Write for $name $($generics)* {
            fn write(&self, writer: &mut impl $crate::wire::Writer) {
                $($crate::wire::Write::write(&self.$field, writer);)+
            }
        }
    };
    ($(#[$meta:meta])* pub enum $name:ident [$($default:tt)*] [$($bounds:tt)*] [$($generics:tt)*] {
        $($(#[$variant_meta:meta])* $variant:ident
            $({ $($(#[$field_meta:meta])* $field:ident: $type:ty,)+ })?
            $(($inner:ty))?,)+
    } [$way:ident]) => {
        $(#[$meta])*
        #[derive(serde::Serialize, serde::Deserialize)]
        pub enum $name $($default)* {
            $($(#[$variant_meta])* $variant $({ $($(#[$field_meta])* $field: $type,)+ })? $(($inner))?,)+
        }
        wire!(@$way enum $name [$($bounds)*] [$($generics)*]
            $($variant [$($($field)+)?] [$(0 $inner)?])+);
    };
    // What is read and written as a part of something else.
    (@Neither $($type:tt)+) => {};
    (@Both $($type:tt)+) => {
        wire!(@Read $($type)+);
        wire!(@Write $($type)+);
    };
    (@Read enum $name:ident [$($bounds:tt)*] [$($generics:tt)*]
        $($variant:ident [$($field:ident)*] [$($place:tt $inner:ty)?])+) => {
        impl<'a> $crate::wire::Read<'a> for $name $($generics)* {
            fn read(reader: &mut $crate::wire::Reader<'a>) -> Result<Self, $crate::wire::Fault> {
                #[repr(u8)]
                enum Index { $($variant,)+ }
                let index = reader.byte()?;
                $(if index == Index::$variant as u8 {
                    return Ok(Self::$variant {
                        $($field: $crate::wire::Read::read(reader)?,)*
                        $($place: $crate::wire::Read::read(reader)?,)?
                    });
                })+
                Err($crate::wire::Fault::Number)
            }
        }
    };
    (@Write enum $name:ident [$($bounds:tt)*] [$($generics:tt)*]
        $($variant:ident [$($field:ident)*] [$($place:tt $inner:ty)?])+) => {
        impl $($bounds)* $crate::wire::Write for $name $($generics)* {
            fn write(&self, writer: &mut impl $crate::wire::Writer) {
                #[repr(u8)]
                enum Index { $($variant,)+ }
                match self {
                    $(Self::$variant { $($field,)* $($place: inner,)? } => {
                        writer.byte(Index::$variant as u8);
                        $($crate::wire::Write::write($field, writer);)*
                        $(let _: &$inner = inner; $crate::wire::Write::write(inner, writer);)?
                    })+
                }
            }
        }
    };
}
pub(crate) use wire;
