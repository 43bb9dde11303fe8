//! Compares the kernel of a board's processor with the portable one: every activation and logit of
//! many random models, whose buffers touch the ends of RAM. It says by semihosting how it went and
//! ends the emulator with 0 if there was no difference. `cargo xtask kernels` runs it.

#![no_std]
#![no_main]

mod edges;
mod host;
mod models;
mod trace;

use core::panic::PanicInfo;

#[cfg(target_arch = "arm")]
use cortex_m_rt::entry;
use inkbit_core::kernel::{Native, Portable};
#[cfg(target_arch = "riscv32")]
use riscv_rt::entry;

use edges::Edges;
use models::{MODELS, PLACES, with_model};
use trace::Trace;

/// The vectors of interrupts, of which cortex-m-rt wants one. `inkbit-arch` has them too, but also a
/// handler of faults, of which there can be one.
// SAFETY: the section and the name are those that cortex-m-rt's linker script looks for.
#[cfg(target_arch = "arm")]
#[allow(unsafe_code)]
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [Option<unsafe extern "C" fn()>; 1] = [None];

/// Images of each model.
const IMAGES: u32 = 5;

#[entry]
fn main() -> ! {
    // SAFETY: there is no other call.
    #[allow(unsafe_code)]
    let mut edges = unsafe { Edges::take() };
    for number in 0..MODELS {
        for place in 0..PLACES {
            with_model(number, place, &mut edges, |model, cells, pixels| {
                for image in 0..IMAGES {
                    models::draw(image, number, pixels);
                    let portable = Trace::of::<Portable>(model, cells, pixels);
                    let native = Trace::of::<Native>(model, cells, pixels);
                    compare(number, image, &portable, &native);
                }
            });
        }
    }
    host::say(&[
        ("no difference: models", MODELS),
        ("images of each", IMAGES),
        ("places of their buffers", PLACES),
    ]);
    host::exit(0)
}

/// Ends the emulator at the first difference.
fn compare(model: u32, image: u32, portable: &Trace, native: &Trace) {
    if let Some((place, expected, found)) = portable.first_difference(native) {
        let what = [("model", model), ("image", image), ("place", place)];
        host::say(&what);
        host::say(&[("portable", expected.cast_unsigned()), ("native", found.cast_unsigned())]);
        host::exit(1)
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    host::say(&[("panicked at line", info.location().map_or(0, core::panic::Location::line))]);
    host::exit(2)
}
