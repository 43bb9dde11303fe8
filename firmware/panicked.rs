//! What a module for browsers does where it would panic: each of them has this file.

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    #[link(wasm_import_module = "page")]
    unsafe extern "C" {
        /// Never called: a test reads the list of imports, in which this is where anything can panic.
        safe fn panicked();
    }
    panicked();
    core::arch::wasm32::unreachable()
}
