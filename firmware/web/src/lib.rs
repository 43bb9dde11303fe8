//! The device in a browser: the app of all boards, with a display of 320 × 240 greys in memory, a finger
//! where the pointer is, and the line's bytes by function calls.
//!
//! A page makes an instance, writes a model to its memory, and calls `start` once. Another model is
//! another instance. `host/src/play` has the page, `tests/src/web.rs` another host of the module.
#![no_std]
#![allow(unsafe_code)]

mod glass;
mod peer;
mod see;

use core::cell::Cell;

use inkbit_app::{App, Board, Clock, Event, Finger, Input, Line, Memory, NoStorage, Screen, Touch};
use inkbit_app::{Ticks, TouchPanel, ticks};
use inkbit_core::link::Reset;

use glass::Glass;

/// Working memory for every model that the format allows whose images fit the app.
const CELLS: usize = 4096;

/// Looks at the panel for each place of the pointer: the app's pen goes half way to it each time, and a
/// pointer is where it says.
const LOOKS: usize = 4;

/// A finger that has not been felt for so long has left.
const GONE: Ticks = 1000;

#[cfg(target_arch = "wasm32")]
#[path = "../../panicked.rs"]
mod panicked;

/// Time that the page gives, which stands still meanwhile but for inferences: they take as long as the page
/// has said.
struct PageClock {
    now: u64,
    inference: u64,
}

impl Clock for PageClock {
    fn nanoseconds(&mut self) -> u64 {
        // The app looks before and after an inference.
        self.now += self.inference;
        self.now
    }
}

/// Where the pointer is.
struct Pointer<'a>(&'a Cell<Option<(i32, i32)>>);

impl TouchPanel for Pointer<'_> {
    fn finger(&mut self) -> Option<(i32, i32)> {
        self.0.get()
    }
}

/// The device, after `start`.
struct Device {
    app: &'static mut App<'static>,
    line: &'static mut Line,
    finger: Finger<Pointer<'static>>,
    clock: PageClock,
    reply: &'static [u8],
}

// Apart from each other, because a file of the module has the whole of a variable that is not all zero.
static mut MEMORY: Memory<CELLS> = Memory::new();
static mut DEVICE: Option<Device> = None;
static mut SCREEN: Screen<Touch> = Screen::new();
static mut GLASS: Glass = Glass::BLACK;
static mut POINTER: Cell<Option<(i32, i32)>> = Cell::new(None);

/// What the functions below work with.
fn device() -> Option<&'static mut Device> {
    // SAFETY: the module has one thread, none of its functions calls another one that does this, and
    // what `start` borrows is not reached by this path.
    unsafe { (*&raw mut DEVICE).as_mut() }
}

/// Starts the device with what lies at an address: a model, and erased flash behind it. Returns whether there
/// is a model that it can run.
///
/// # Safety
///
/// So many bytes are there, and nothing changes them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn start(address: u32, bytes: u32) -> bool {
    if device().is_some() {
        return false;
    }
    let board = Board {
        name: "web",
        model_address: address,
        model_bytes: bytes,
        stack: || (0, 0),
        reset: Reset::Ordinary,
        boot_loader: None,
    };
    let flash = core::ptr::with_exposed_provenance(address as usize);
    // SAFETY: the caller's promise; the memory is borrowed here alone, once.
    let (region, memory, pointer) = unsafe {
        let region = core::slice::from_raw_parts(flash, bytes as usize);
        (region, &mut *(&raw mut MEMORY), &*(&raw const POINTER))
    };
    let (app, line) = memory.start(board, region);
    let is_model = app.engine().model().is_ok();
    let finger = Finger::new(Pointer(pointer));
    let clock = PageClock { now: 0, inference: 0 };
    // SAFETY: as in `device`.
    unsafe { *(&raw mut DEVICE) = Some(Device { app, line, finger, clock, reply: &[] }) };
    is_model
}

impl Device {
    fn at(&mut self, milliseconds: f64) -> Ticks {
        self.clock.now = self.clock.now.max((milliseconds * 1e6) as u64);
        ticks(self.clock.now)
    }

    fn point(&mut self, at: Option<(i32, i32)>, milliseconds: f64) {
        let now = self.at(milliseconds);
        // SAFETY: as in `device`; the finger reads it between these two calls alone.
        unsafe { (*&raw const POINTER).set(at) };
        (0..LOOKS).for_each(|_| self.finger.apply(self.app, now));
    }
}

/// The time that an inference takes, in nanoseconds, for the display.
#[unsafe(no_mangle)]
pub extern "C" fn inference(nanoseconds: u32) {
    if let Some(device) = device() {
        device.clock.inference = nanoseconds.into();
    }
}

/// The pointer is down at this pixel of the display.
#[unsafe(no_mangle)]
pub extern "C" fn touch(x: i32, y: i32, milliseconds: f64) {
    if let Some(device) = device() {
        device.point(Some((x, y)), milliseconds);
    }
}

/// The pointer has left.
#[unsafe(no_mangle)]
pub extern "C" fn lift(milliseconds: f64) {
    if let Some(device) = device() {
        device.point(None, milliseconds);
        // The app waits whether a panel has lost a finger for a moment; a pointer is gone.
        let now = device.at(milliseconds).wrapping_add(GONE);
        device.finger.apply(device.app, now);
    }
}

/// The canvas is wiped.
#[unsafe(no_mangle)]
pub extern "C" fn clear(milliseconds: f64) {
    if let Some(device) = device() {
        let now = device.at(milliseconds);
        device.app.handle(Event::Clear, now);
    }
}

/// Lets the device do what there is to do; returns whether the display has changed.
#[unsafe(no_mangle)]
pub extern "C" fn step(milliseconds: f64) -> bool {
    let Some(device) = device() else { return false };
    let now = device.at(milliseconds);
    device.app.tick(now);
    device.app.settle(&mut device.clock);
    device.app.check(now);
    device.app.repair();
    // SAFETY: as in `device`; these are borrowed here alone.
    let (screen, glass) = unsafe { (&mut *(&raw mut SCREEN), &mut *(&raw mut GLASS)) };
    let Ok(changed) = screen.draw(&device.app.view(), glass);
    changed
}

/// The display's greys, from 0 to 15, row by row.
#[unsafe(no_mangle)]
pub extern "C" fn glass() -> *const u8 {
    (&raw const GLASS).cast()
}

/// The class that the display shows, or −1.
#[unsafe(no_mangle)]
pub extern "C" fn answer() -> i32 {
    device().and_then(|device| device.app.view().verdict.class).map_or(-1, i32::from)
}

/// The screen: 0 to draw, 1 for samples, 2 for what came over the line.
#[unsafe(no_mangle)]
pub extern "C" fn mode() -> u32 {
    device().map_or(0, |device| device.app.mode() as u32)
}

/// Confidence in the answer, in thousandths.
#[unsafe(no_mangle)]
pub extern "C" fn confidence() -> u32 {
    device().map_or(0, |device| device.app.view().verdict.permille.into())
}

/// Takes a byte from the line; returns how many bytes the device has to say.
#[unsafe(no_mangle)]
pub extern "C" fn take(byte: u8) -> usize {
    let Some(Device { app, line, clock, reply, .. }) = device() else { return 0 };
    // SAFETY: the line lives for ever, and is not used again before what it has said is read.
    let line: &'static mut Line = unsafe { &mut *(&raw mut **line) };
    *reply = line.push(byte, app, clock, &mut NoStorage).unwrap_or_default();
    reply.len()
}

/// Where these bytes are.
#[unsafe(no_mangle)]
pub extern "C" fn reply() -> *const u8 {
    device().map_or(core::ptr::null(), |device| device.reply.as_ptr())
}

/// A text of the model: its name, or the label of class `number` − 1. Without a model that it can run, text
/// 0 says why.
fn text(number: u32) -> &'static str {
    let Some(device) = device() else { return "" };
    match (device.app.engine().model(), number.checked_sub(1)) {
        (Ok(model), None) => model.header().name,
        (Ok(model), Some(class)) => model.label(class as usize),
        (Err(why), None) => why,
        (Err(_), Some(_)) => "",
    }
}

/// Where that text is.
#[unsafe(no_mangle)]
pub extern "C" fn text_at(number: u32) -> *const u8 {
    text(number).as_ptr()
}

/// Its bytes.
#[unsafe(no_mangle)]
pub extern "C" fn text_bytes(number: u32) -> usize {
    text(number).len()
}
