//! What every firmware does: it switches its line on, reads the model, and runs the app for ever.
#![allow(unsafe_code)]

use core::panic::PanicInfo;

use inkbit_app::{
    App, Board, Clock, Device, Line, Memory, NoKeys, NoPanel, NoStorage, Run, Slots, Watchdog,
};
use inkbit_core::link::Reset;

use crate::{Port, Serial, model_region, report, restart};

/// Defines a board's firmware.
///
/// - `start` is a function that sets the clocks and switches the line on. It is called before anything
///   that takes time, because the host may be sending already. If it returns a value, its type stands
///   behind `=>`.
/// - `device` is one that makes the [`Device`](inkbit_app::Device), after the model has been read, of
///   that value, if there is one, and of what is lent to it.
/// - `line` is the port on which a panic is reported.
/// - `vectors: chip` leaves the interrupts' vectors to the crate of the chip, where that insists.
/// - `reset` is a function that resets the machine, on RISC-V, whose cores have no register for that.
/// - `warning`, where there is one, is the number of the interrupt by which a watchdog warns.
/// - `boot_loader`, where there is one, is what the app's board has by this name.
/// - `slots: SLOTS` lets the firmware keep two models, where the board's file has a second slot.
/// - Each `lend` is a static variable, a frame buffer for one, that `device` is given.
#[macro_export]
macro_rules! firmware {
    (
        start: $start:path $(=> $started:ty)?,
        device: $device:path,
        line: $line:expr
        $(, vectors: $vectors:ident)?
        $(, reset: $reset:path)?
        $(, warning: $warning:expr)?
        $(, boot_loader: $boot_loader:path)?
        $(, slots: $slots:ident)?
        $(, lend $name:ident: $type:ty = $value:expr)*
        $(,)?
    ) => {
        include!(concat!(env!("OUT_DIR"), "/board.rs"));

        $crate::interrupts!($(of $vectors)? $($warning)?);

        // In a scope of its own, so that nothing of the board's can call it once more.
        const _: () = {
            // SAFETY: the name that the runtime calls after a reset.
            #[allow(unsafe_code)]
            #[unsafe(export_name = "main")]
            extern "C" fn main() -> ! {
                let board = || inkbit_app::Board { $(boot_loader: Some($boot_loader),)? ..board() };
                static mut MEMORY: inkbit_app::Memory<CELLS> = inkbit_app::Memory::new();
                $(static mut $name: $type = $value;)*
                // What the board gives is evaluated outside of the blocks: it may not be unsafe.
                let slots = $crate::firmware!(@slots $($slots)?);
                let device = |_started| {
                    $device(
                        $(core::convert::identity::<$started>(_started),)?
                        // SAFETY: `main` is called once, so that the reference is the only one.
                        $(unsafe { &mut *(&raw mut $name) },)*
                    )
                };
                // SAFETY: this is called once, so that the reference is the only one; the model's region is
                // flash behind the code.
                unsafe { $crate::begin(&raw mut MEMORY, $start, board, slots, device) }
            }
        };

        $(const _: () = {
            // SAFETY: the name that `restart` calls.
            #[allow(unsafe_code)]
            #[unsafe(no_mangle)]
            extern "C" fn inkbit_reset() {
                $reset();
            }
        };)?

        #[panic_handler]
        fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
            $crate::end(info, &mut { $line })
        }
    };
    (@slots) => { None };
    // Those of the board's file, and no others: what lies there is read.
    (@slots SLOTS) => { Some(SLOTS) };
}

/// What `main` is.
///
/// # Safety
///
/// It is called once, by `main` and before anything else; nothing else refers to the memory; the
/// board's model region is memory that can be read and that nothing writes to.
#[inline(always)]
pub unsafe fn begin<const CELLS: usize, S, R: Run>(
    memory: *mut Memory<CELLS>,
    start: fn() -> S,
    board: impl FnOnce() -> Board,
    slots: Option<Slots>,
    device: impl FnOnce(S) -> R,
) -> ! {
    // SAFETY: nothing else is running, and what is in use is above the stack pointer.
    #[cfg(target_arch = "riscv32")]
    unsafe {
        crate::stack::paint();
    }
    let started = start();
    let mut board = board();
    // SAFETY: the caller's promise.
    let (memory, region) = unsafe { (&mut *memory, model_region(&mut board, slots)) };
    let (app, line) = memory.start(board, region);
    run(app, line, || device(started))
}

// Not inlined: its variables are for ever, and need not be there while the model is read.
#[inline(never)]
fn run<R: Run>(app: &mut App<'static>, line: &mut Line, device: impl FnOnce() -> R) -> ! {
    made(device).run(app, line)
}

// Not inlined: what a device is made of need not be on the stack for ever.
#[inline(never)]
fn made<R>(device: impl FnOnce() -> R) -> R {
    device()
}

/// What a panic leads to.
pub fn end(info: &PanicInfo<'_>, line: &mut impl Port) -> ! {
    report(info, line);
    restart(Reset::Panic)
}

/// A device that has a line and no more.
pub fn line_only(port: impl Port, clock: impl Clock, watchdog: impl Watchdog + Copy) -> impl Run {
    let serial = Serial(port, watchdog);
    let (keys, panel, storage) = (NoKeys, NoPanel, NoStorage);
    Device { serial, keys, panel, clock, watchdog, storage }
}
