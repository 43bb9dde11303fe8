//! Words to the host that runs the emulator, by Arm's semihosting, which RISC-V has too.
#![allow(unsafe_code)]

use core::arch::asm;

const WRITE0: usize = 0x04;
const EXIT_EXTENDED: usize = 0x20;
/// The program has ended of its own will.
const APPLICATION_EXIT: usize = 0x2_0026;

/// Asks the host for something.
///
/// # Safety
///
/// `block` is what the operation wants.
unsafe fn call(operation: usize, block: usize) {
    // SAFETY: the host reads the block and changes nothing but r0 or a0.
    #[cfg(target_arch = "arm")]
    unsafe {
        asm!("bkpt #0xAB", inout("r0") operation => _, in("r1") block);
    }
    // SAFETY: as above. The three instructions must be of four bytes and on one page.
    #[cfg(target_arch = "riscv32")]
    unsafe {
        asm!(
            ".balign 16",
            ".option push",
            ".option norvc",
            "slli x0, x0, 0x1f",
            "ebreak",
            "srai x0, x0, 7",
            ".option pop",
            inout("a0") operation => _,
            in("a1") block,
        );
    }
}

/// Prints a line of names and numbers.
pub(crate) fn say(pairs: &[(&str, u32)]) {
    let mut text = [0; 128];
    // A zero byte is left to end the text.
    let (_, room) = text.split_last_mut().unwrap_or((&mut 0, &mut []));
    let mut places = room.iter_mut();
    let mut put = |byte| {
        if let Some(place) = places.next() {
            *place = byte;
        }
    };
    for (name, number) in pairs {
        name.bytes().for_each(&mut put);
        put(b' ');
        let mut power = 1_000_000_000;
        while power > 0 {
            if *number >= power || power == 1 {
                put(b'0' + (number / power % 10) as u8);
            }
            power /= 10;
        }
        put(b' ');
    }
    put(b'\n');
    // SAFETY: a text that ends with a zero.
    unsafe { call(WRITE0, text.as_ptr().addr()) }
}

/// Ends the emulator with this status.
pub(crate) fn exit(status: usize) -> ! {
    let block = [APPLICATION_EXIT, status];
    loop {
        // SAFETY: two words, as the operation wants.
        unsafe { call(EXIT_EXTENDED, block.as_ptr().addr()) }
    }
}
