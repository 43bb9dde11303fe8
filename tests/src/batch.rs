//! The module for many images, in an interpreter.

use std::sync::LazyLock;

use wasmi::{Engine, Memory, Module, Store, TypedFunc};

use crate::module::instance;

/// What `cargo xtask web` has made of `firmware/batch`.
pub const MODULE: &[u8] = include_bytes!("../../host/web/batch.wasm");

const PAGE: usize = 65_536;

static COMPILED: LazyLock<Module> =
    LazyLock::new(|| Module::new(&Engine::default(), MODULE).expect("a module"));

/// A model in the module.
pub struct Batch {
    store: Store<()>,
    memory: Memory,
    classify: TypedFunc<(u32, u32, u32, u32), ()>,
    /// Pixels of an image.
    pixels: usize,
}

impl Batch {
    /// Starts with what lies at the end of the memory, so that reading beyond it is a trap. `None` if that is
    /// no model.
    ///
    /// # Panics
    ///
    /// If the module asks for anything.
    pub fn start(blob: &[u8]) -> Option<Self> {
        let (mut store, instance, memory) = instance(&COMPILED);
        memory.grow(&mut store, (1 + blob.len().div_ceil(PAGE)) as u64).expect("there is memory");
        let data = memory.data_mut(&mut store);
        let address = (data.len() - blob.len()) / 8 * 8;
        data[address..address + blob.len()].copy_from_slice(blob);
        let start =
            instance.get_typed_func::<(u32, u32), u32>(&store, "start").expect("a function");
        let pixels = start.call(&mut store, (address as u32, blob.len() as u32)).expect("no trap");
        let classify = instance.get_typed_func(&store, "classify").expect("a function");
        (pixels > 0).then_some(Self { store, memory, classify, pixels: pixels as usize })
    }

    /// The class and the logits of each image. `classes` is their number in the model.
    ///
    /// # Panics
    ///
    /// If the images are not as long as the model's.
    pub fn classify(&mut self, images: &[u8], classes: usize) -> Vec<(usize, Vec<i32>)> {
        let count = images.len() / self.pixels;
        assert_eq!(images.len(), count * self.pixels);
        let room = images.len() + count * (4 * classes + 2) + 4;
        let pages = self.memory.grow(&mut self.store, room.div_ceil(PAGE) as u64);
        let pixels = pages.expect("there is memory") as usize * PAGE;
        let logits = (pixels + images.len()).next_multiple_of(4);
        let found = logits + 4 * count * classes;
        self.memory.data_mut(&mut self.store)[pixels..][..images.len()].copy_from_slice(images);
        let places = [pixels, count, found, logits].map(|place| place as u32);
        self.classify.call(&mut self.store, places.into()).expect("no trap");
        let data = self.memory.data(&self.store);
        let logits = data[logits..found].as_chunks().0.iter().map(|word| i32::from_le_bytes(*word));
        let logits: Vec<i32> = logits.collect();
        let found = data[found..].as_chunks().0.iter().map(|half| u16::from_le_bytes(*half).into());
        found.zip(logits.chunks(classes).map(<[i32]>::to_vec)).collect()
    }
}
