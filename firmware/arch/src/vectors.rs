//! Interrupt vectors: as good as none, for everything but a watchdog is polled. cortex-m-rt would
//! reserve a kilobyte.

/// The vector of an interrupt.
pub type Vector = Option<unsafe extern "C" fn()>;

/// Defines the vectors of the first interrupts, of which cortex-m-rt wants at least one:
/// `interrupts!([None; 1])`.
#[macro_export]
macro_rules! interrupts {
    ([$vector:expr; $count:expr]) => {
        $crate::interrupts!($count, [$vector; $count]);
    };
    ($count:expr, $vectors:expr) => {
        // SAFETY: the section and the name are those that cortex-m-rt's linker script looks for.
        #[allow(unsafe_code)]
        #[unsafe(link_section = ".vector_table.interrupts")]
        #[unsafe(no_mangle)]
        static __INTERRUPTS: [$crate::Vector; $count] = $vectors;
    };
}
