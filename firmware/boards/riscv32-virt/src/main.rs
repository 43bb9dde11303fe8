//! Inkbit on the RISC-V machine of QEMU, RV32IMC: the line, no display.

#![no_std]
#![no_main]

use inkbit_app::{Clock, NoWatchdog, Run};
use inkbit_arch::{ByteRegister, Port, Register, firmware, line_only};

firmware!(start: start, device: device, line: Uart, reset: reset);

/// The line: an NS16550.
struct Uart;

#[allow(unsafe_code)]
const fn uart(offset: usize) -> ByteRegister {
    // SAFETY: registers of the UART; they touch no memory.
    unsafe { ByteRegister::at(0x1000_0000 + offset) }
}

const DATA: ByteRegister = uart(0);
const BUFFERS: ByteRegister = uart(2);
const LINE_CONTROL: ByteRegister = uart(3);
const LINE_STATUS: ByteRegister = uart(5);

const RECEIVED: u8 = 1 << 0;
const SEND_EMPTY: u8 = 1 << 5;

impl Port for Uart {
    fn take(&mut self) -> Option<u8> {
        self.ready().then(|| DATA.read())
    }

    fn ready(&mut self) -> bool {
        LINE_STATUS.read() & RECEIVED != 0
    }

    fn put(&mut self, byte: u8) {
        while LINE_STATUS.read() & SEND_EMPTY == 0 {}
        DATA.write(byte);
    }
}

/// The core-local timer, which counts at 10 MHz.
struct Timer;

#[allow(unsafe_code)]
impl Clock for Timer {
    fn nanoseconds(&mut self) -> u64 {
        // SAFETY: halves of the timer's count; they touch no memory.
        const LOW: Register = unsafe { Register::at(0x0200_BFF8) };
        // SAFETY: as above.
        const HIGH: Register = unsafe { Register::at(0x0200_BFFC) };
        loop {
            let high = HIGH.read();
            let low = LOW.read();
            // If the low half has run over in between, the two do not belong together.
            if HIGH.read() == high {
                return (u64::from(high) << 32 | u64::from(low)) * 100;
            }
        }
    }
}

fn start() {
    LINE_CONTROL.write(0b11); // 8 bits
    BUFFERS.write(0b1); // on, and empty
    // QEMU takes no more from its line until something is read.
    if !Uart.ready() {
        let _ = DATA.read();
    }
}

#[allow(unsafe_code)]
fn reset() {
    // SAFETY: the register of the machine that ends or resets it; it touches no memory.
    const FINISHER: Register = unsafe { Register::at(0x0010_0000) };
    const RESET: u32 = 0x7777;
    FINISHER.write(RESET);
}

fn device() -> impl Run {
    // The machine has no watchdog.
    line_only(Uart, Timer, NoWatchdog)
}
