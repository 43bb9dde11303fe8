//! The serial ports of QEMU's machines, as a program of a project drives them.

use crate::device::Board;

/// A serial port: bodies of functions of Rust, which read registers by `get` and write them by `set`.
pub(super) struct Port {
    pub address: &'static str,
    /// The type of a register.
    pub register: &'static str,
    pub start: &'static str,
    pub read: &'static str,
    pub write: &'static str,
}

/// QEMU looks at its line anew when something happens, such as a tick of a timer: SysTick, whose reload value
/// and control lie here.
macro_rules! with_ticks {
    ($start:literal) => {
        concat!(
            "\n    ",
            $start,
            "
    // SAFETY: SysTick, which nothing else uses; by its ticks QEMU sees that the port is on.
    unsafe {
        (0xe000_e014 as *mut u32).write_volatile(0xffff);
        (0xe000_e010 as *mut u32).write_volatile(5);
    }
"
        )
    };
}

/// Arm's PL011 (technical reference manual DDI 0183): flags at 0x18, of which 0x10 is that nothing has come
/// and 0x20 that nothing can be sent yet.
const PL011: Port = Port {
    address: "0x4000_c000",
    register: "u32",
    start: with_ticks!("set(0x2c, 0x10);\n    set(0x30, 0x301);"),
    read: "\n    while get(0x18) & 0x10 != 0 {}\n    get(0) as u8\n",
    write: "\n    while get(0x18) & 0x20 != 0 {}\n    set(0, byte.into());\n",
};

/// The UART of Nordic's nRF51 (reference manual 3.0, chapter 29): events at 0x108, a byte has come, and at
/// 0x11c, one has been sent.
const NRF51: Port = Port {
    address: "0x4000_2000",
    register: "u32",
    start: with_ticks!("set(0x500, 4);\n    set(0, 1);\n    set(8, 1);"),
    read: "\n    while get(0x108) == 0 {}\n    set(0x108, 0);\n    get(0x518) as u8\n",
    write: "\n    set(0x11c, 0);\n    set(0x51c, byte.into());\n    while get(0x11c) == 0 {}\n",
};

/// Arm's CMSDK UART (technical reference manual DDI 0479): state at 4, of which 1 is that nothing can be sent
/// yet and 2 that a byte has come.
const fn cmsdk(address: &'static str) -> Port {
    Port {
        address,
        register: "u32",
        start: with_ticks!("set(0x10, 217);\n    set(8, 3);"),
        read: "\n    while get(4) & 2 == 0 {}\n    get(0) as u8\n",
        write: "\n    while get(4) & 1 != 0 {}\n    set(0, byte.into());\n",
    }
}

/// The 16550: the line's state at 5, of which 1 is that a byte has come and 0x20 that one can be sent.
const NS16550: Port = Port {
    address: "0x1000_0000",
    register: "u8",
    // QEMU takes no more from its line until something is read.
    start: "\n    set(3, 3);\n    set(2, 1);\n    get(0);\n",
    read: "\n    while get(5) & 1 == 0 {}\n    get(0)\n",
    write: "\n    while get(5) & 0x20 == 0 {}\n    set(0, byte);\n",
};

/// The port of a machine, if it is known.
pub(super) fn of(machine: &Board) -> Option<Port> {
    Some(match &*machine.name {
        "lm3s6965evb" => PL011,
        "microbit" => NRF51,
        "mps2-an386" => cmsdk("0x4000_4000"),
        "mps2-an505" => cmsdk("0x5020_0000"),
        "riscv32-virt" => NS16550,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::board;

    #[test]
    fn every_machine_that_runs_programs_has_a_port() {
        let targets = board::emulated().into_iter().filter(|board| board.emulator.is_qemu());
        for Board { target, .. } in targets {
            let machine = board::machine(&target).unwrap();
            assert!(of(&machine).is_some(), "{target}: {}", machine.name);
        }
    }
}
