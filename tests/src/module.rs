//! The modules for browsers, in an interpreter.

use wasmi::{Engine, Instance, Linker, Memory, Module, Store};

/// Makes an instance of a module.
///
/// # Panics
///
/// If it asks for anything.
pub fn instance(module: &Module) -> (Store<()>, Instance, Memory) {
    let mut store = Store::new(module.engine(), ());
    let instance = Linker::new(module.engine()).instantiate_and_start(&mut store, module);
    let instance = instance.expect("it imports nothing");
    let memory = instance.get_memory(&store, "memory").expect("it has a memory");
    (store, instance, memory)
}

/// The names of what a module asks for: `panicked`, if it can panic.
///
/// # Panics
///
/// If the bytes are no module.
pub fn imports(module: &[u8]) -> Vec<String> {
    let module = Module::new(&Engine::default(), module).expect("a module");
    module.imports().map(|import| import.name().to_owned()).collect()
}
