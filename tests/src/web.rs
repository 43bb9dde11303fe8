//! The device for browsers in an interpreter: a line for the host's client, and what a page does.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard};

use embedded_graphics::prelude::Size;
use inkbit_app::{Layout, Touch};
use wasmi::{Engine, Instance, Memory, Module, Store, WasmParams, WasmResults};

use crate::module::instance;

/// What `cargo xtask web` has made of `firmware/web`.
pub const MODULE: &[u8] = include_bytes!("../../host/web/device.wasm");

const PAGE: usize = 65_536;
/// Pages of flash at the least, so that a file that was cut off ends in what is not written.
const FLASH: usize = 16;

/// A device that runs.
#[derive(Clone)]
pub struct Web(Arc<Mutex<Running>>);

struct Running {
    store: Store<()>,
    instance: Instance,
    memory: Memory,
    said: VecDeque<u8>,
}

impl Web {
    /// A device with this at the beginning of its flash; and whether it can run that.
    ///
    /// # Panics
    ///
    /// If the module is none, or asks for anything.
    pub fn start(flash: &[u8]) -> (Self, bool) {
        let module = Module::new(&Engine::default(), MODULE).expect("a module");
        let (mut store, instance, memory) = instance(&module);
        let room = (1 + flash.len().div_ceil(PAGE)).max(FLASH) * PAGE;
        let pages = memory.grow(&mut store, (room / PAGE) as u64).expect("there is memory");
        let address = pages as usize * PAGE;
        let region = &mut memory.data_mut(&mut store)[address..address + room];
        region.fill(0xFF);
        region[..flash.len()].copy_from_slice(flash);
        let web =
            Self(Arc::new(Mutex::new(Running { store, instance, memory, said: VecDeque::new() })));
        let runs: u32 = web.call("start", (address as u32, room as u32));
        (web, runs != 0)
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.0.lock().expect("no test has panicked in it")
    }

    /// Calls a function of the module.
    ///
    /// # Panics
    ///
    /// If there is none of this name and type.
    pub fn call<P: WasmParams, R: WasmResults>(&self, name: &str, parameters: P) -> R {
        self.running().call(name, parameters)
    }

    /// What is on the display, row by row, from 0 to 15.
    pub fn glass(&self) -> Vec<u8> {
        let Size { width, height } = Touch::SIZE;
        let at = self.call("glass", ());
        self.read(at, (width * height) as usize)
    }

    /// Bytes of the module's memory.
    pub fn read(&self, at: u32, length: usize) -> Vec<u8> {
        let running = self.running();
        running.memory.data(&running.store)[at as usize..][..length].to_vec()
    }
}

impl Running {
    fn call<P: WasmParams, R: WasmResults>(&mut self, name: &str, parameters: P) -> R {
        let function = self.instance.get_typed_func::<P, R>(&self.store, name);
        let function = function.unwrap_or_else(|error| panic!("{name}: {error}"));
        function.call(&mut self.store, parameters).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

impl Read for Web {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.running().said.read(buffer) {
            Ok(0) => Err(ErrorKind::WouldBlock.into()),
            read => read,
        }
    }
}

impl Write for Web {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let mut running = self.running();
        for &byte in buffer {
            let length: u32 = running.call("take", (u32::from(byte),));
            if length > 0 {
                let at: u32 = running.call("reply", ());
                let Running { memory, store, said, .. } = &mut *running;
                said.extend(&memory.data(&*store)[at as usize..][..length as usize]);
            }
        }
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
