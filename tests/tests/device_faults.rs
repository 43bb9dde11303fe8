//! Emulated boards whose memory loses bits, and whose loop stands still.
//!
//! For each board a plain run changes 4 bits of the model, 50 of what is known of it and 25 of working
//! memory; with INKBIT_LONG they are 200, 2,000 and 2,000.

use std::env;
use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use inkbit::device::{Board, Client, DeviceError, Emulator, Firmware};
use inkbit::model::HostEngine;
use inkbit_core::link::{Mode, Refusal, Request, Reset, encode};
use inkbit_tests::debugger::{Debugger, Stub, symbol};
use inkbit_tests::devices::{classic, digits, emulated, start, start_with_stub};

/// The whole model is checked within this time of the device's clock, as firmware/README.md says.
const PROMISED: Duration = Duration::from_secs(2);

/// Cycles of an instruction at the most: a processor that fetches from flash without waiting takes
/// less on average.
const CYCLES: u64 = 2;

fn count(short: u32, long: u32) -> u32 {
    if env::var_os("INKBIT_LONG").is_some() { long } else { short }
}

fn boards() -> Vec<(Board, Firmware)> {
    // Where a debugger can change a bit; the Pico has tests of its own.
    let boards = inkbit::device::board::all().into_iter();
    let boards = boards.filter(|board| board.emulator.is_qemu());
    boards.filter_map(|board| emulated(&board.name)).collect()
}

fn connect(emulator: &mut Emulator) -> Client {
    let client = Client::new(emulator.connect().unwrap(), 1);
    client.with_timeout(Duration::from_secs(10))
}

/// How often the device has to be asked until it says that its model has changed, by images if
/// `busy` and else by waiting.
fn noticed(client: &mut Client, image: &[u8], busy: bool) -> u32 {
    for asked in 1..=10_000 {
        let error = if busy {
            client.classify(image).err()
        } else {
            thread::sleep(Duration::from_millis(20));
            client.hello().unwrap().model.err().map(DeviceError::NoModel)
        };
        match error {
            None => {}
            Some(DeviceError::Refused(Refusal::ModelChanged)) => return asked,
            Some(DeviceError::NoModel(why)) if why.contains("has changed") => {
                return asked;
            }
            Some(error) => panic!("{error:?}"),
        }
    }
    panic!("the device has not noticed that its model has changed");
}

#[test]
#[ignore = "run by cargo xtask trust"]
fn a_bit_of_the_model_that_changes_is_reported_on_every_board_and_ends_its_answers() {
    let flips = count(4, 200);
    let mut tried = 0;
    let blob = classic();
    let images = digits(1);
    let image = images.image(0);
    // After each answer the device checks 256 bytes, however busy it is.
    let bound = blob.bytes().len().div_ceil(256) as u32 + 1;
    for (board, firmware) in boards() {
        let mut chance = fastrand::Rng::with_seed(12);
        for flip in 0..flips {
            let (mut emulator, stub) = start_with_stub(&board, &firmware, blob.bytes());
            let mut client = connect(&mut emulator);
            client.hello().unwrap().expect_model(blob.crc()).unwrap();
            client.classify(image).unwrap();
            // The first and the last bit, too.
            let bit = match flip {
                0 => 0,
                1 => blob.bytes().len() as u32 * 8 - 1,
                _ => chance.u32(..blob.bytes().len() as u32 * 8),
            };
            let address = board.memory.model.address + bit / 8;
            stub.stopped(|debugger| debugger.flip(address, bit % 8)).unwrap();
            let asked = noticed(&mut client, image, flip % 2 == 0);
            // Two passes, for the bit may lie behind the one that is going on.
            assert!(asked <= 2 * bound, "{}: after {asked} answers", board.name);
            let error = client.classify(image).unwrap_err();
            assert!(matches!(error, DeviceError::Refused(Refusal::ModelChanged)), "{error}");
            assert_eq!(client.status().unwrap().class, None);
            // It lives on, and shows its screens.
            client.show(Mode::Draw).unwrap();
            client.pen(3, 3, true).unwrap();
            tried += 1;
        }
    }
    println!("tried: {tried} flips of a bit of the model of a running board");
}

#[test]
fn the_whole_model_is_checked_within_the_promised_time_on_the_slowest_board() {
    for (board, firmware) in boards() {
        let Some(clock) = board.clock else { continue };
        // Every instruction takes a nanosecond.
        let blob = classic();
        let arguments = ["-icount", "shift=0"].map(str::to_owned);
        let screen = inkbit::device::emulator::Screen::Headless;
        let emulator =
            Emulator::start(&board, &firmware, blob.bytes(), &screen, &arguments).unwrap();
        let mut client = emulator.into_client().unwrap().with_timeout(Duration::from_secs(10));
        client.hello().unwrap();
        let start = Instant::now();
        let ticks = loop {
            thread::sleep(Duration::from_millis(100));
            match client.status().unwrap().check {
                0 => assert!(start.elapsed() < Duration::from_secs(60), "no check has ended"),
                ticks => break ticks,
            }
        };
        let instructions = u64::from(ticks + 1) << 20;
        // The largest model that the board has room for takes as much longer as it is longer, and the
        // bytes that the tests have room for are those of the classic one.
        let largest =
            u64::from(board.memory.model.bytes) * instructions / blob.bytes().len() as u64;
        let time = Duration::from_nanos(largest * CYCLES * 1_000_000_000 / u64::from(clock));
        println!("{}: {instructions} instructions, {time:?} for a full region", board.name);
        assert!(time <= PROMISED, "{}: {time:?}", board.name);
    }
}

/// Waits until a device answers again, and returns why it has started.
fn back(client: &mut Client, patience: Duration) -> Reset {
    let start = Instant::now();
    loop {
        match client.hello() {
            Ok(hello) => return hello.reset,
            Err(error) => assert!(start.elapsed() < patience, "{error}"),
        }
    }
}

/// Lets a board's processor go on in an endless loop in RAM, and returns the loop's address.
fn stick(board: &Board, stub: &Stub) -> u32 {
    // Far below the stack, in the middle of what the program does not use.
    let ram = board.memory.ram;
    let address = ram.address + ram.bytes / 2 + ram.bytes / 8;
    stub.stopped(|debugger| {
        debugger.write(address, &[0xFE, 0xE7])?; // b .
        debugger.jump(15, address)
    })
    .unwrap();
    address
}

#[test]
#[ignore = "run by cargo xtask trust"]
fn a_loop_that_stands_still_is_reset_by_the_watchdog_which_tells_where_and_why() {
    let mut tried = 0;
    for (board, firmware) in boards() {
        if !board.watchdog {
            println!("not tried: {} has no watchdog", board.name);
            continue;
        }
        let blob = classic();
        let (mut emulator, stub) = start_with_stub(&board, &firmware, blob.bytes());
        let mut client = connect(&mut emulator).with_timeout(Duration::from_secs(1));
        assert_eq!(client.hello().unwrap().reset, Reset::Ordinary, "{}", board.name);
        // It feeds the watchdog: four seconds later it has not been reset.
        thread::sleep(Duration::from_secs(4));
        assert_eq!(client.hello().unwrap().reset, Reset::Ordinary, "{}", board.name);
        let at = stick(&board, &stub);
        let reset = back(&mut client, Duration::from_secs(20));
        assert_eq!(reset, Reset::Stuck { at }, "{}", board.name);
        client.classify(digits(1).image(0)).unwrap();
        tried += 1;
    }
    println!("tried: {tried} loops that stood still on a board with a watchdog");
}

#[test]
#[ignore = "run by cargo xtask trust"]
fn a_host_that_reads_nothing_for_nine_seconds_does_not_make_the_watchdog_fire() {
    let watched: Vec<_> = boards().into_iter().filter(|(board, _)| board.watchdog).collect();
    thread::scope(|scope| {
        for (board, firmware) in &watched {
            scope.spawn(move || {
                let mut emulator = start(board, firmware, classic().bytes());
                let mut line = emulator.connect().unwrap();
                let hello = encode(&Request::Hello, &mut [0; 64]).unwrap().repeat(100);
                // Until the device takes nothing more, since nobody takes its answers.
                line.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
                while line.write_all(&hello).is_ok() {}
                thread::sleep(Duration::from_secs(9));
                // Whoever connects finds the device as it was.
                drop(line);
                let reset = back(&mut connect(&mut emulator), Duration::from_secs(20));
                assert_eq!(reset, Reset::Ordinary, "{}", board.name);
            });
        }
    });
    println!("tried: {} boards with a watchdog, whose answers nobody reads", watched.len());
}

#[test]
#[ignore = "run by cargo xtask trust"]
fn a_bit_of_working_memory_that_changes_costs_one_answer_at_the_most_and_no_board() {
    let flips = count(25, 2_000);
    let (mut tried, mut wrong, mut starts, mut images_sent) = (0, 0, 0, 0);
    let blob = classic();
    let model = blob.model().unwrap();
    let mut engine = HostEngine::new(&model);
    let images = digits(16);
    let expected: Vec<_> = images.iter().map(|(pixels, _)| engine.infer(pixels).to_vec()).collect();
    for (board, firmware) in boards() {
        // It begins with the cells.
        let memory = symbol(firmware.elf(), "MEMORY").unwrap();
        let (mut emulator, stub) = start_with_stub(&board, &firmware, blob.bytes());
        let mut client = Client::new(emulator.connect().unwrap(), 8);
        client.hello().unwrap();
        let over = AtomicBool::new(false);
        let (over, stub, cells) = (&over, &stub, model.scratch_cells() as u32);
        let wrong_here = thread::scope(|scope| {
            scope.spawn(move || {
                let mut chance = fastrand::Rng::with_seed(34);
                for _ in 0..flips {
                    // Somewhere in an inference, or between two.
                    thread::sleep(Duration::from_micros(chance.u64(2_000..20_000)));
                    let (cell, bit) = (chance.u32(..cells), chance.u32(..32));
                    let address = memory + 4 * cell + bit / 8;
                    stub.stopped(|debugger| debugger.flip(address, bit % 8)).unwrap();
                }
                over.store(true, Ordering::Relaxed);
            });
            let mut wrong = 0;
            while !over.load(Ordering::Relaxed) {
                let all = images.iter().map(|(pixels, _)| pixels);
                let answers = client.classify_all(all, |index, answer| {
                    wrong += u32::from(answer.logits != expected[index]);
                    images_sent += 1;
                    ControlFlow::Continue(())
                });
                answers.unwrap_or_else(|error| panic!("{}: {error}", board.name));
            }
            wrong
        });
        assert!(wrong_here <= flips, "{}: {wrong_here} wrong answers", board.name);
        // A flip that sent the processor astray has made it start anew.
        starts += u32::from(client.hello().unwrap().reset != Reset::Ordinary);
        for (index, expected) in expected.iter().enumerate() {
            assert_eq!(client.classify(images.image(index)).unwrap().logits, *expected);
        }
        (tried, wrong) = (tried + flips, wrong + wrong_here);
    }
    println!("tried: {tried} flips of a bit of working memory while images are classified");
    println!("{images_sent} images, {wrong} wrong answers, {starts} boards started anew");
}

/// Where a running board has what it has read of its model: the words that point into the blob, which
/// are the first and the last, too.
fn parsed(board: &Board, firmware: &Firmware, stub: &Stub, client: &mut Client) -> Vec<u32> {
    // Right behind the cells, twice at the most.
    let memory = symbol(firmware.elf(), "MEMORY").unwrap();
    let start = memory + 4 * client.hello().unwrap().limits.cells;
    let model = board.memory.model;
    let words = stub.stopped(|debugger| {
        let word = |debugger: &mut Debugger, at: u32| -> io::Result<u32> {
            let mut bytes = [0; 4];
            for (place, byte) in bytes.iter_mut().enumerate() {
                *byte = debugger.read(at + place as u32)?;
            }
            Ok(u32::from_le_bytes(bytes))
        };
        (start..start + 900).step_by(4).map(|at| Ok((at, word(debugger, at)?))).collect()
    });
    let words: Vec<(u32, u32)> = words.unwrap();
    let region = model.address..model.address + model.bytes;
    let pointers: Vec<u32> =
        words.iter().filter(|(_, word)| region.contains(word)).map(|(at, _)| *at).collect();
    assert!(pointers.len() > 9, "{}: {} pointers", board.name, pointers.len());
    pointers
}

#[test]
#[ignore = "run by cargo xtask trust"]
fn a_bit_of_what_is_known_of_the_model_that_changes_costs_only_the_answers_until_the_next_check() {
    let flips = count(50, 2_000);
    let (mut tried, mut wrong, mut refused, mut starts, mut halts) = (0, 0, 0, 0, 0);
    let blob = classic();
    let model = blob.model().unwrap();
    let mut engine = HostEngine::new(&model);
    let images = digits(1);
    let image = images.image(0);
    let expected = engine.infer(image).to_vec();
    // After each answer the device checks 256 bytes, however busy it is.
    let bound = blob.bytes().len().div_ceil(256) as u32 + 1;
    for (board, firmware) in boards() {
        let start = || {
            let (mut emulator, stub) = start_with_stub(&board, &firmware, blob.bytes());
            let client = connect(&mut emulator).with_timeout(Duration::from_secs(1));
            (emulator, stub, client)
        };
        let (mut emulator, mut stub, mut client) = start();
        let pointers = parsed(&board, &firmware, &stub, &mut client);
        let mut chance = fastrand::Rng::with_seed(56);
        for flip in 0..flips {
            let pointer = *chance.choice(&pointers).unwrap();
            // Any bit, one of a pointer or the length behind it, or one that moves a pointer by a
            // few words: that stays in the blob.
            let (address, bit) = match flip % 3 {
                0 => (chance.u32(pointers[0]..pointers.last().unwrap() + 8), chance.u32(..8)),
                1 => (pointer + chance.u32(..8), chance.u32(..8)),
                _ => (pointer, chance.u32(2..8)),
            };
            stub.stopped(|debugger| debugger.flip(address, bit)).unwrap();
            tried += 1;
            for asked in 1.. {
                match client.classify(image) {
                    Ok(answer) if answer.logits == expected => break,
                    Ok(_) => wrong += 1,
                    Err(DeviceError::Refused(Refusal::ModelChanged)) => {
                        refused += 1;
                        (emulator, stub, client) = start();
                    }
                    // The size of an image, for one, is what has changed.
                    Err(DeviceError::Refused(_)) => refused += 1,
                    // Read where there is nothing, or a loop of billions.
                    Err(_) if board.watchdog => drop(back(&mut client, Duration::from_secs(20))),
                    Err(_) => {
                        halts += 1;
                        (emulator, stub, client) = start();
                    }
                }
                let name = &board.name;
                assert!(asked <= bound, "{name}: {asked} wrong answers after {address:#x}.{bit}");
            }
            // The name of the model may have been hit, and is no text until the next check.
            let hello = client.hello();
            starts += u32::from(hello.is_ok_and(|hello| hello.reset != Reset::Ordinary));
        }
        drop(emulator);
    }
    println!("tried: {tried} flips of a bit of what a running board knows of its model");
    println!(
        "{wrong} wrong answers, {refused} refusals, {starts} times on a board that has started \
         anew, {halts} halts of a board without a watchdog"
    );
}
