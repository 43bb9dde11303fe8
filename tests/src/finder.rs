//! The module that finds the digits on a picture, in an interpreter.

use inkbit::data::picture::Found;
use inkbit_core::picture::Digit;
use wasmi::{Engine, Module};

use crate::module::instance;

/// What `cargo xtask web` has made of `firmware/finder`.
pub const MODULE: &[u8] = include_bytes!("../../host/web/finder.wasm");

const PAGE: usize = 65_536;
const SIDE: usize = 28;

/// The digits that the module finds on a picture of `width` × `height` grey pixels, their images centred
/// with `ink` pixels, or fitted if that is 0; none, if there is nothing.
///
/// # Panics
///
/// If the module asks for anything, or traps.
pub fn find(grey: &[u8], width: u32, height: u32, ink: u32) -> Vec<Found> {
    let module = Module::new(&Engine::default(), MODULE).expect("a module");
    let (mut store, instance, memory) = instance(&module);
    let pages = memory.grow(&mut store, grey.len().div_ceil(PAGE) as u64).expect("there is memory");
    // At the end of the memory, so that reading beyond it is a trap.
    let from = pages as usize * PAGE + grey.len().next_multiple_of(PAGE) - grey.len();
    memory.data_mut(&mut store)[from..].copy_from_slice(grey);
    let find = instance.get_typed_func::<(u32, u32, u32), u32>(&store, "find");
    let count = find.expect("a function").call(&mut store, (from as u32, width, height));
    let place = instance.get_typed_func::<(u32, u32), u32>(&store, "place").expect("a function");
    let image = instance.get_typed_func::<(u32, u32), u32>(&store, "image").expect("a function");
    let found = (0..count.expect("no trap")).map(|number| {
        let mut side = |side| place.call(&mut store, (number, side)).expect("no trap") as usize;
        let place = Digit { left: side(0), top: side(1), width: side(2), height: side(3) };
        let at = image.call(&mut store, (number, ink)).expect("no trap") as usize;
        Found { place, image: memory.data(&store)[at..at + SIDE * SIDE].to_vec() }
    });
    found.collect()
}
