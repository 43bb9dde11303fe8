//! Device registers.
#![allow(unsafe_code)]

/// A 32-bit register of a device.
#[derive(Clone, Copy, Debug)]
pub struct Register(usize);

impl Register {
    /// The register at an address.
    ///
    /// # Safety
    ///
    /// There is one, it can be read and written in words, and doing so, with any value, does not
    /// change memory that Rust uses.
    pub const unsafe fn at(address: usize) -> Self {
        Self(address)
    }

    /// Reads it.
    #[inline(always)]
    pub fn read(self) -> u32 {
        // SAFETY: the promise made to `at`.
        unsafe { core::ptr::with_exposed_provenance::<u32>(self.0).read_volatile() }
    }

    /// Writes it.
    #[inline(always)]
    pub fn write(self, value: u32) {
        // SAFETY: the promise made to `at`.
        unsafe { core::ptr::with_exposed_provenance_mut::<u32>(self.0).write_volatile(value) }
    }

    /// Sets bits of it, leaving the others.
    #[inline(always)]
    pub fn set(self, bits: u32) {
        self.write(self.read() | bits);
    }

    /// Clears bits of it, leaving the others.
    #[inline(always)]
    pub fn clear(self, bits: u32) {
        self.write(self.read() & !bits);
    }
}

/// An 8-bit register of a device.
#[derive(Clone, Copy, Debug)]
pub struct ByteRegister(usize);

impl ByteRegister {
    /// The register at an address.
    ///
    /// # Safety
    ///
    /// As of [`Register::at`], for bytes.
    pub const unsafe fn at(address: usize) -> Self {
        Self(address)
    }

    /// Reads it.
    #[inline(always)]
    pub fn read(self) -> u8 {
        // SAFETY: the promise made to `at`.
        unsafe { core::ptr::with_exposed_provenance::<u8>(self.0).read_volatile() }
    }

    /// Writes it.
    #[inline(always)]
    pub fn write(self, value: u8) {
        // SAFETY: the promise made to `at`.
        unsafe { core::ptr::with_exposed_provenance_mut::<u8>(self.0).write_volatile(value) }
    }
}
