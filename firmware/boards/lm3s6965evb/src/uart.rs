//! UART0, an Arm PL011: 115,200 baud, 8 data bits, no parity, one stop bit.
#![allow(unsafe_code)]

use inkbit_arch::{Port, Register};

use crate::gpio;

// SAFETY: registers of UART0; they touch no memory.
const DATA: Register = unsafe { Register::at(0x4000_C000) };
// SAFETY: as above.
const FLAGS: Register = unsafe { Register::at(0x4000_C018) };
// SAFETY: as above.
const WHOLE_DIVISOR: Register = unsafe { Register::at(0x4000_C024) };
// SAFETY: as above.
const FRACTIONAL_DIVISOR: Register = unsafe { Register::at(0x4000_C028) };
// SAFETY: as above.
const LINE_CONTROL: Register = unsafe { Register::at(0x4000_C02C) };
// SAFETY: as above.
const CONTROL: Register = unsafe { Register::at(0x4000_C030) };

const NOTHING_RECEIVED: u32 = 1 << 4;
const SEND_FULL: u32 = 1 << 5;

pub(crate) struct Uart;

impl Uart {
    pub(crate) fn start() {
        gpio::Port::A.peripheral(0b11);
        // 50 MHz / (16 × 115,200) = 27 + 8/64
        WHOLE_DIVISOR.write(27);
        FRACTIONAL_DIVISOR.write(8);
        LINE_CONTROL.write(0b11 << 5 | 1 << 4); // 8 bits, buffers on
        CONTROL.write(1 << 9 | 1 << 8 | 1); // receive, send, on
        // The buffers were emptied, and QEMU asks its line for more only after a read.
        if FLAGS.read() & NOTHING_RECEIVED != 0 {
            let _ = DATA.read();
        }
    }
}

impl Port for Uart {
    fn take(&mut self) -> Option<u8> {
        self.ready().then(|| DATA.read() as u8)
    }

    fn ready(&mut self) -> bool {
        FLAGS.read() & NOTHING_RECEIVED == 0
    }

    fn full(&mut self) -> bool {
        FLAGS.read() & SEND_FULL != 0
    }

    fn put(&mut self, byte: u8) {
        while self.full() {}
        DATA.write(u32::from(byte));
    }
}
