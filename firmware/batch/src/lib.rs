//! Many images at once in a browser: the engine with a vector kernel, and nothing of a device.
//!
//! A page makes an instance, writes a model to its memory, and calls `start` once; then it writes images
//! and calls `classify`, as often as it likes. `host/templates/play/idx.js` is such a page's script,
//! `tests/src/batch.rs` another host of the module.
#![no_std]
#![allow(unsafe_code)]

use inkbit_core::{Engine, MAX_WIDTH, Model, Scratch};
use inkbit_simd::Fastest;

#[cfg(target_arch = "wasm32")]
#[path = "../../panicked.rs"]
mod panicked;

/// Working memory for any model of the format.
type Cells = Scratch<{ 2 * MAX_WIDTH }>;

static mut CELLS: Cells = Cells::new();
static mut ENGINE: Option<Engine<'static, &'static mut Cells>> = None;

/// Starts with the model at an address, a multiple of 8; `bytes` is its length. Returns the number of bytes
/// of a sample; 0 if that is no model, or there is one already.
///
/// # Safety
///
/// The bytes are there, and nothing changes them.
#[cold]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn start(model: *const u8, bytes: usize) -> usize {
    // SAFETY: the module has one thread, and none of its functions calls another one.
    let engine = unsafe { &mut *(&raw mut ENGINE) };
    if engine.is_some() {
        return 0;
    }
    // SAFETY: the caller's promise.
    let Ok(model) = Model::parse(unsafe { core::slice::from_raw_parts(model, bytes) }) else {
        return 0;
    };
    let bytes = model.sample().bytes();
    // SAFETY: they are borrowed here alone, once.
    *engine = Engine::new(model, unsafe { &mut *(&raw mut CELLS) }).ok();
    bytes
}

/// Classifies `count` images, which follow each other. Writes the class of each to `classes`, and its logits
/// to `logits` unless that is null.
///
/// # Safety
///
/// There are `count` images, room for `count` classes, and for the logits of `count` images.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn classify(
    images: *const u8,
    count: usize,
    classes: *mut u16,
    mut logits: *mut i32,
) {
    // SAFETY: as in `start`.
    let Some(engine) = (unsafe { (*(&raw mut ENGINE)).as_mut() }) else { return };
    let bytes = engine.model().sample().bytes();
    // SAFETY: the caller's promise.
    let (mut images, classes) = unsafe {
        let images = core::slice::from_raw_parts(images, count * bytes);
        (images, core::slice::from_raw_parts_mut(classes, count))
    };
    for class in classes {
        let Some((image, others)) = images.split_at_checked(bytes) else { return };
        let Ok(found) = engine.infer_by::<Fastest>(image, |_, _| ()) else { return };
        *class = found.argmax() as u16;
        images = others;
        if !logits.is_null() {
            // SAFETY: the caller's promise.
            unsafe {
                logits.copy_from_nonoverlapping(found.as_ptr(), found.len());
                logits = logits.add(found.len());
            }
        }
    }
}
