//! The engine of `inkbit-core` for programs in C: a static library, and `include/inkbit.h`, which
//! cbindgen makes of this crate.
//!
//! Functions, structures and errors are called as in the engine in C that `inkbit export --c` writes
//! (`host/templates/c`), and a program goes from one to the other by another folder of headers and
//! another library. Structures differ, so `inkbit_read` is another symbol: what was compiled with the
//! other engine's header does not link.
//!
//! On bare metal it brings a handler of panics along, which no code reaches. On a workstation, for
//! tests, it has the standard library's.
#![no_std]
#![allow(unsafe_code)] // pointers that a program in C gives

#[cfg(not(target_os = "none"))]
extern crate std;

mod error;
mod model;
#[cfg(target_os = "none")]
mod panicked;

use core::ffi::c_char;
use core::mem::MaybeUninit;
use core::slice;

pub use error::CError;
pub use model::{CModel, CText, STORAGE_WORDS};

/// What a model makes of a sample.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CAnswer {
    /// The class of the greatest logit, the lowest among equals.
    pub likeliest: u16,
    /// The stage whose logits they are.
    pub stage: u8,
    /// If not, the sample is none of the classes.
    pub stands: bool,
}

/// Reads and checks the blob of exactly `length` bytes at a multiple of 8. `model` may hold anything,
/// also after an error, and then holds no model.
///
/// # Safety
///
/// `model` is null or points to an inkbit_model that nothing else uses meanwhile. `blob` is null or
/// points to `length` bytes, which stay where and as they are for as long as `model` is used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkbit_read_by_core(
    model: *mut CModel,
    blob: *const u8,
    length: usize,
) -> CError {
    if !is_sound(model) || blob.is_null() || isize::try_from(length).is_err() {
        return CError::InkbitPointer;
    }
    // SAFETY: the caller's promise, and neither is null.
    let read = unsafe { CModel::read(model, slice::from_raw_parts(blob, length)) };
    read.err().unwrap_or(CError::InkbitOk)
}

/// Classifies a sample and writes `model->classes` logits. Pixels are bytes, row by row, 255 for
/// full ink; features of 16 bits are little-endian. Of a sound model, only lengths can be wrong. It is
/// quickest if the sample begins at a multiple of 4. `work` may hold any numbers, but was written to
/// before, as a static array is.
///
/// # Safety
///
/// Each pointer is null or points to as much as its length says; `model` to what inkbit_read has written
/// and nobody has changed, or to memory that was cleared. What is written to overlaps nothing else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkbit_infer(
    model: *const CModel,
    sample: *const u8,
    sample_bytes: usize,
    work: *mut u32,
    work_words: usize,
    logits: *mut i32,
    logit_count: usize,
    answer: *mut CAnswer,
) -> CError {
    let are_sound = is_sound(model) && is_sound(work) && is_sound(logits) && is_sound(answer);
    if !are_sound || sample.is_null() {
        return CError::InkbitPointer;
    }
    // SAFETY: the caller's promise, and it is not null.
    let Some(core) = unsafe { &*model }.core() else { return CError::InkbitUnread };
    let (bytes, cells, classes) = (core.sample().bytes(), core.scratch_cells(), core.classes());
    if sample_bytes != bytes {
        return CError::InkbitSampleLength;
    }
    if work_words < cells {
        return CError::InkbitWorkTooSmall;
    }
    if logit_count < classes {
        return CError::InkbitLogitsTooSmall;
    }
    // SAFETY: the caller's promise, none is null, and these lengths are at most the caller's.
    let (sample, cells, logits) = unsafe {
        (
            slice::from_raw_parts(sample, bytes),
            slice::from_raw_parts_mut(work.cast::<i32>(), cells),
            slice::from_raw_parts_mut(logits.cast::<MaybeUninit<i32>>(), classes),
        )
    };
    // Lengths are right.
    let Ok(found) = core.infer(cells, sample) else { return CError::InkbitSampleLength };
    for (room, &logit) in logits.iter_mut().zip(found.iter()) {
        room.write(logit);
    }
    let (likeliest, stage) = (found.argmax() as u16, found.stage() as u8);
    // SAFETY: the caller's promise, and it is not null.
    unsafe { answer.write(CAnswer { likeliest, stage, stands: found.stands() }) };
    CError::InkbitOk
}

/// The label of a class, empty if there is no such class or no model.
///
/// # Safety
///
/// `model` is null or points to what inkbit_read has written and nobody has changed, or to memory that
/// was cleared.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn inkbit_label(model: *const CModel, number: u16) -> CText {
    if !is_sound(model) {
        return CText::of("");
    }
    // SAFETY: the caller's promise, and it is not null.
    let core = unsafe { &*model }.core();
    CText::of(core.map_or("", |core| core.label(number.into())))
}

/// What an error means, in English.
#[unsafe(no_mangle)]
pub extern "C" fn inkbit_error_text(error: u32) -> *const c_char {
    error::numbered(error).map_or(c"an unknown error", |(_, text)| text).as_ptr()
}

/// Whether a pointer can be one to a `T`.
fn is_sound<T>(pointer: *const T) -> bool {
    !pointer.is_null() && pointer.is_aligned()
}
