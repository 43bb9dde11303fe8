//! Models that come over the line, with the power cut at every byte of flash.

use inkbit_app::{App, Flash, Journal, NoStorage, RECORD, Slots, Storage, Store};
use inkbit_core::link::{Refusal, STORE_BYTES, STORE_PAGE};

use super::rig::{app, likeness, write};

const SECTOR: u32 = 512;
const BYTES: u32 = 32 * SECTOR;
const START: u32 = 0x1000;
const SLOTS: Slots = Slots {
    models: [START, START + BYTES],
    bytes: BYTES,
    journal: [START + 2 * BYTES, START + 2 * BYTES + SECTOR],
    sector: SECTOR,
};

/// Flash whose power is cut when it has written `power` bytes.
#[derive(Debug)]
struct Chip<'m> {
    /// On a boundary of 8 bytes.
    memory: &'m mut [u64],
    power: usize,
    /// Keeps a bit at 0, as a worn one does.
    worn: bool,
    restarts: u32,
}

fn erased() -> Vec<u64> {
    vec![u64::MAX; (2 * BYTES + 2 * SECTOR) as usize / 8]
}

impl Chip<'_> {
    fn change(&mut self, address: u32, bytes: &[u8], change: impl Fn(u8, u8) -> u8) {
        let memory: &mut [u8] = bytemuck::cast_slice_mut(self.memory);
        let places = &mut memory[(address - START) as usize..][..bytes.len()];
        for (place, byte) in places.iter_mut().zip(bytes) {
            match self.power {
                0 => return,
                // The last one is half done.
                1 => *place ^= 0x5A,
                _ => *place = change(*place, *byte),
            }
            self.power -= 1;
        }
    }
}

impl Flash for Chip<'_> {
    fn bytes(&self, address: u32, length: u32) -> &[u8] {
        let memory: &[u8] = bytemuck::cast_slice(self.memory);
        &memory[(address - START) as usize..][..length as usize]
    }

    fn erase(&mut self, address: u32) {
        assert_eq!((address - START) % SECTOR, 0);
        self.change(address, &[0xFF; SECTOR as usize], |_, byte| byte);
    }

    fn program(&mut self, address: u32, page: &[u8; STORE_PAGE]) {
        assert_eq!((address - START) % STORE_PAGE as u32, 0);
        let worn = u8::from(self.worn);
        self.change(address, page, |old, byte| old & byte & !worn);
    }

    fn restart(&mut self) {
        self.restarts += 1;
    }
}

fn store(memory: &mut [u64], power: usize) -> Store<Chip<'_>> {
    Store::new(Chip { memory, power, worn: false, restarts: 0 }, SLOTS, &mut [])
}

/// Sends a model to the device of an app.
fn send(store: &mut Store<Chip<'_>>, blob: &[u8], app: &App<'_>) -> Result<(), Refusal> {
    for (offset, bytes) in (0..).step_by(STORE_BYTES).zip(blob.chunks(STORE_BYTES)) {
        store.store(offset, bytes)?;
    }
    store.adopt(app);
    Ok(())
}

/// What the next start would run.
fn in_use(memory: &[u64]) -> &[u8] {
    let memory: &[u8] = bytemuck::cast_slice(memory);
    let at = |address: u32, length: usize| &memory[(address - START) as usize..][..length];
    let journal = Journal::read(SLOTS.journal.map(|address| at(address, RECORD)));
    at(SLOTS.models[journal.slot], BYTES as usize)
}

/// Three models of one length: it makes no difference which slot they are in.
fn models() -> [Vec<u8>; 3] {
    [1, 2, 3].map(|weight| write(20, &vec![vec![weight; 400]; 3]))
}

#[test]
fn wherever_the_power_is_cut_the_model_in_use_is_whole() {
    let (models, app) = (models(), app(&likeness()));
    let mut memory = erased();
    // From an empty journal on, so that each slot and each sector of the journal has its turn.
    for turn in 0..5 {
        let (old, new) = (&models[turn % 3], &models[(turn + 1) % 3]);
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut memory);
        if turn == 0 {
            bytes[..old.len()].copy_from_slice(old);
        }
        let mut cuts = 0;
        for power in 1.. {
            let mut cut = memory.clone();
            if send(&mut store(&mut cut, power), new, &app).is_ok() && in_use(&cut).starts_with(new)
            {
                break;
            }
            assert!(in_use(&cut).starts_with(old), "turn {turn}, cut at byte {power}");
            cuts += 1;
        }
        assert!(cuts > 2 * new.len(), "erased, written, and then the journal");
        let mut store = store(&mut memory, usize::MAX);
        send(&mut store, new, &app).unwrap();
    }
    assert!(in_use(&memory).starts_with(&models[2]));
}

#[test]
fn a_flipped_bit_of_the_journal_brings_no_older_model_back() {
    let models = models();
    let app = app(&models[0]);
    let mut memory = erased();
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut memory);
    bytes[..models[0].len()].copy_from_slice(&models[0]);
    send(&mut store(&mut memory, usize::MAX), &models[1], &app).unwrap();
    for address in SLOTS.journal {
        for bit in 0..RECORD * 8 {
            let mut damaged = memory.clone();
            let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut damaged);
            bytes[(address - START) as usize + bit / 8] ^= 1 << (bit % 8);
            assert!(in_use(&damaged).starts_with(&models[1]), "bit {bit} at {address:#x}");
        }
    }
}

#[test]
fn a_device_starts_anew_once_the_model_is_there_and_not_before() {
    let mut memory = erased();
    let mut store = store(&mut memory, usize::MAX);
    let (blob, app) = (likeness(), app(&likeness()));
    let restarts = |store: &Store<Chip<'_>>| format!("{store:?}").contains("restarts: 1");
    store.adopt(&app);
    store.store(0, &blob[..STORE_BYTES]).unwrap();
    store.adopt(&app);
    let last = blob.len() / STORE_BYTES * STORE_BYTES;
    for (offset, bytes) in (0..).step_by(STORE_BYTES).zip(blob.chunks(STORE_BYTES)) {
        store.store(offset, bytes).unwrap();
        // A host that has not got the answer asks again.
        store.store(offset, bytes).unwrap();
        assert!(!restarts(&store));
        store.adopt(&app);
        assert_eq!(restarts(&store), offset as usize == last);
    }
    assert!(in_use(&memory).starts_with(&blob));
}

#[test]
fn bytes_that_come_twice_are_taken_once_and_others_out_of_order_are_refused() {
    let mut memory = erased();
    let mut store = store(&mut memory, usize::MAX);
    let blob = likeness();
    let mut put = |index: usize| {
        let at = index * STORE_BYTES;
        store.store(at as u32, &blob[at..][..STORE_BYTES])
    };
    assert_eq!(put(1), Err(Refusal::Order));
    for (index, expected) in [(0, Ok(())), (1, Ok(())), (1, Ok(())), (3, Err(Refusal::Order))] {
        assert_eq!(put(index), expected, "{index}");
    }
    assert_eq!(put(2), Err(Refusal::Order), "after a refusal it begins anew");
    assert_eq!(put(0), Ok(()));
    assert_eq!(put(0), Ok(()));
    let part = &blob[STORE_BYTES..][..STORE_BYTES - 1];
    assert_eq!(store.store(STORE_BYTES as u32, part), Ok(()));
    let odd = 2 * STORE_BYTES as u32 - 1;
    assert_eq!(store.store(odd, &[0; 7]), Err(Refusal::Order), "within a page");
    assert_eq!(store.store(0, &blob), Ok(()));
}

#[test]
fn what_is_too_long_damaged_or_of_no_use_leaves_the_old_model_in_use() {
    let old = likeness();
    let app = app(&old);
    let mut memory = erased();
    bytemuck::cast_slice_mut::<u64, u8>(&mut memory)[..old.len()].copy_from_slice(&old);
    let mut long = old.clone();
    long[8..12].copy_from_slice(&(BYTES + 1).to_le_bytes());
    let mut damaged = old.clone();
    damaged[100] ^= 1;
    let wide = write(4, &vec![vec![1; 16]; 65]);
    for (blob, expected) in [
        (&long[..], Err(Refusal::Unfit)),
        (b"no model, but long enough", Err(Refusal::Unfit)),
        (b"short", Err(Refusal::Unfit)),
        (&[&old[..], &[0]].concat(), Err(Refusal::Order)),
        (&damaged, Ok(())),
        (&wide, Ok(())),
    ] {
        assert_eq!(send(&mut store(&mut memory, usize::MAX), blob, &app), expected);
        assert!(in_use(&memory).starts_with(&old));
    }
    for (offset, length) in [(BYTES, 256), (u32::MAX, 2), (u32::MAX - 255, 1024), (256, 0)] {
        let refused = store(&mut memory, usize::MAX).store(offset, &vec![0; length]);
        assert_eq!(refused, Err(Refusal::Order), "{offset}");
    }
    let mut worn = Store::new(
        Chip { memory: &mut memory, power: usize::MAX, worn: true, restarts: 0 },
        SLOTS,
        &mut [],
    );
    assert_eq!(send(&mut worn, &old, &app), Err(Refusal::NotKept));
    assert!(in_use(&memory).starts_with(&old));
}

#[test]
fn a_board_that_does_not_write_flash_refuses_a_model() {
    assert_eq!(NoStorage.store(0, &[0; 256]), Err(Refusal::NoSlot));
}
