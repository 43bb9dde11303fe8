//! Interrupt vectors: none, for everything is polled. cortex-m-rt would reserve a kilobyte.
#![allow(unsafe_code)]

/// cortex-m-rt wants at least one vector; no interrupt is ever enabled.
// SAFETY: the section and the name are those that cortex-m-rt's linker script looks for.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [usize; 1] = [0];
