//! Interrupt vectors: as good as none, for everything but a watchdog is polled. cortex-m-rt would
//! reserve a kilobyte.

/// The vector of an interrupt.
#[doc(hidden)]
pub type Vector = Option<unsafe extern "C" fn()>;

/// Defines the vectors up to that of a watchdog's interrupt. Where there is none, it is one vector,
/// because cortex-m-rt wants one.
#[doc(hidden)]
#[macro_export]
macro_rules! interrupts {
    () => {
        $crate::interrupts!(0, None);
    };
    (of chip) => {};
    ($number:expr) => {
        $crate::interrupts!($number, Some($crate::stuck));
    };
    ($number:expr, $vector:expr) => {
        // SAFETY: the section and the name are those that cortex-m-rt's linker script looks for.
        #[cfg(target_arch = "arm")]
        #[allow(unsafe_code)]
        #[unsafe(link_section = ".vector_table.interrupts")]
        #[unsafe(no_mangle)]
        static __INTERRUPTS: [$crate::Vector; $number + 1] = {
            let mut vectors: [$crate::Vector; _] = [None; $number + 1];
            vectors[$number] = $vector;
            vectors
        };
    };
}
