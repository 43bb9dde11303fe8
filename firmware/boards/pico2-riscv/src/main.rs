//! Inkbit on the Raspberry Pi Pico 2, with a RISC-V core of its RP2350: the line on GP0 (sends) and GP1
//! (receives), no display.

#![no_std]
#![no_main]

use inkbit_app::{Clock, NoWatchdog, Run};
use inkbit_arch::{Pl011, firmware, line_only};
use rp_pac::clocks::vals::{ClkPeriCtrlAuxsrc, ClkRefCtrlSrc, ClkSysCtrlAuxsrc, ClkSysCtrlSrc};
use rp_pac::psm::regs::Wdsel;
use rp_pac::xosc::vals::{CtrlFreqRange, Enable};
use rp_pac::{CLOCKS, IO_BANK0, PADS_BANK0, PLL_SYS, PSM, RESETS, SIO, WATCHDOG, XOSC};

firmware!(start: start, device: device, line: UART, reset: reset);

// SAFETY: UART0.
#[allow(unsafe_code)]
const UART: Pl011 = unsafe { Pl011::at(0x4007_0000) };

#[allow(unsafe_code)]
// SAFETY: riscv-rt and its linker script define them.
unsafe extern "C" {
    /// Where riscv-rt begins.
    fn _start();
    /// The end of RAM.
    static _stack_start: u8;
}

/// By this the boot ROM knows a program for its RISC-V cores, and where it begins (data sheet of the RP2350,
/// 5.9).
#[repr(C)]
struct Block {
    begin: u32,
    /// A program for RISC-V and this chip: item 0x42 of a word.
    image: u32,
    /// Item 0x44 of three words.
    entry: u32,
    start: unsafe extern "C" fn(),
    stack: &'static u8,
    /// All items have four words.
    last: u32,
    /// Words to the next block: this is the only one.
    next: u32,
    end: u32,
}

#[used]
#[allow(unsafe_code)]
// SAFETY: the beginning of flash; the linker's symbol is an address, which nothing reads from.
#[unsafe(link_section = ".boot2")]
static BLOCK: Block = Block {
    begin: 0xFFFF_DED3,
    image: 0x1101_0142,
    entry: 0x0000_0344,
    start: _start,
    // SAFETY: as above.
    stack: unsafe { &_stack_start },
    last: 0x0000_04FF,
    next: 0,
    end: 0xAB12_3579,
};

/// Sets the core to 150 MHz from the crystal of 12 MHz, and the line to 115,200 baud.
fn start() {
    XOSC.startup().write(|startup| startup.set_delay(47)); // 1 ms, in 256 cycles
    XOSC.ctrl().write(|ctrl| {
        ctrl.set_freq_range(CtrlFreqRange::_1_15MHZ);
        ctrl.set_enable(Enable::ENABLE);
    });
    while !XOSC.status().read().stable() {}
    CLOCKS.clk_ref_ctrl().modify(|ctrl| ctrl.set_src(ClkRefCtrlSrc::XOSC_CLKSRC));
    RESETS.reset().modify(|parts| {
        parts.set_pll_sys(false);
        parts.set_io_bank0(false);
        parts.set_pads_bank0(false);
        parts.set_uart0(false);
    });
    let done = || RESETS.reset_done().read();
    while !(done().pll_sys() && done().io_bank0() && done().pads_bank0()) {}
    PLL_SYS.fbdiv_int().write(|times| times.set_fbdiv_int(125)); // crystal × 125 / 5 / 2
    PLL_SYS.pwr().modify(|off| {
        off.set_pd(false);
        off.set_vcopd(false);
    });
    while !PLL_SYS.cs().read().lock() {}
    PLL_SYS.prim().write(|divided| {
        divided.set_postdiv1(5);
        divided.set_postdiv2(2);
    });
    PLL_SYS.pwr().modify(|off| off.set_postdivpd(false));
    CLOCKS.clk_sys_ctrl().write(|ctrl| ctrl.set_auxsrc(ClkSysCtrlAuxsrc::CLKSRC_PLL_SYS));
    CLOCKS.clk_sys_ctrl().modify(|ctrl| ctrl.set_src(ClkSysCtrlSrc::CLKSRC_CLK_SYS_AUX));
    CLOCKS.clk_peri_ctrl().write(|ctrl| {
        ctrl.set_auxsrc(ClkPeriCtrlAuxsrc::CLK_SYS);
        ctrl.set_enable(true);
    });
    SIO.mtime_ctrl().write(|ctrl| {
        ctrl.set_en(true);
        ctrl.set_fullspeed(true);
    });
    for pin in [0, 1] {
        IO_BANK0.gpio(pin).ctrl().write(|ctrl| ctrl.set_funcsel(2)); // UART0
        PADS_BANK0.gpio(pin).modify(|pad| {
            pad.set_ie(true);
            pad.set_iso(false);
        });
    }
    while !done().uart0() {}
    UART.start(5208); // 4 × 150 MHz / 115,200 baud
}

/// The cores' timer, which counts cycles.
struct Timer;

impl Clock for Timer {
    fn nanoseconds(&mut self) -> u64 {
        loop {
            let high = SIO.mtimeh().read();
            let low = SIO.mtime().read();
            // If the low half has run over in between, the two do not belong together.
            if SIO.mtimeh().read() == high {
                return (u64::from(high) << 32 | u64::from(low)) * 20 / 3;
            }
        }
    }
}

/// By the watchdog, with all but the oscillators.
fn reset() {
    const OSCILLATORS: u32 = 0b11 << 2;
    PSM.wdsel().write_value(Wdsel(0x01FF_FFFF & !OSCILLATORS));
    WATCHDOG.ctrl().write(|ctrl| ctrl.set_trigger(true));
}

fn device() -> impl Run {
    // The chip's watchdog is not used, because no emulator has it to test the firmware with.
    line_only(UART, Timer, NoWatchdog)
}
