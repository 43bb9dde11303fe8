//! Buffers between pages that nobody may touch: the processor ends a program that reads or writes
//! outside of one.
#![allow(unsafe_code)]

use std::ops::{Deref, DerefMut};
use std::ptr::{self, NonNull};
use std::slice;

/// The end of a buffer at which the next byte is out of bounds. At the other one there may be some
/// bytes that nobody misses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The first.
    Start,
    /// The last.
    End,
}

/// Both.
pub const EDGES: [Edge; 2] = [Edge::Start, Edge::End];

/// A copy of some values.
#[derive(Debug)]
pub struct Guarded<T> {
    pages: *mut libc::c_void,
    page_bytes: usize,
    start: NonNull<T>,
    length: usize,
}

// SAFETY: it owns its memory, as a vector does.
unsafe impl<T: Send> Send for Guarded<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Guarded<T> {}

impl<T: Copy> Guarded<T> {
    /// A copy of `values` that touches a page without access at one end.
    ///
    /// # Panics
    ///
    /// If there is no memory, or if the values would not be aligned at that end.
    pub fn new(values: &[T], edge: Edge) -> Self {
        // SAFETY: it asks for a number.
        let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap();
        let bytes = size_of_val(values);
        let room = bytes.next_multiple_of(page);
        let page_bytes = page + room + page;
        // SAFETY: new pages, wherever there is space for them.
        let pages = unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANON;
            libc::mmap(ptr::null_mut(), page_bytes, libc::PROT_NONE, flags, -1, 0)
        };
        assert!(pages != libc::MAP_FAILED, "{}", std::io::Error::last_os_error());
        let before = if edge == Edge::Start { page } else { page + room - bytes };
        // SAFETY: these are pages of the mapping, and `before` lies in it.
        let (granted, start) = unsafe {
            let access = libc::PROT_READ | libc::PROT_WRITE;
            (libc::mprotect(pages.byte_add(page), room, access), pages.byte_add(before))
        };
        assert!(room == 0 || granted == 0, "{}", std::io::Error::last_os_error());
        let start = NonNull::new(start.cast::<T>()).unwrap();
        assert!(start.is_aligned(), "{bytes} bytes are not aligned at their {edge:?}");
        // SAFETY: there is room for them.
        unsafe { start.as_ptr().copy_from_nonoverlapping(values.as_ptr(), values.len()) };
        Self { pages, page_bytes, start, length: values.len() }
    }
}

impl<T> Deref for Guarded<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: `new` has copied so many values there.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl<T> DerefMut for Guarded<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and nobody else has them.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

impl<T> Drop for Guarded<T> {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own.
        unsafe { libc::munmap(self.pages, self.page_bytes) };
    }
}
