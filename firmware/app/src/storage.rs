//! Two slots for models in flash: one is in use while the line brings a model to the other. A journal
//! tells which slot is in use from the next start on.
//!
//! The journal is two sectors with a record each, of which the one with the higher number counts. A
//! new record takes the place of the older one, so that a cut at any moment leaves either what was
//! or what is to be. A record fills a page with copies of itself. One whole copy is enough, so a flipped
//! bit does not bring the older model back.

use inkbit_core::blob::{crc32, stated_length};
use inkbit_core::link::{Refusal, STORE_PAGE};

use crate::clock::Clock;
use crate::engine::can_run;
use crate::machine::App;

/// Where a board keeps models. Addresses and sizes are in bytes; all begin on sectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    /// The slots' addresses. The first is the one that a flasher writes to.
    pub models: [u32; 2],
    /// Bytes of each slot.
    pub bytes: u32,
    /// Addresses of the journal's sectors.
    pub journal: [u32; 2],
    /// Bytes that the flash erases at once.
    pub sector: u32,
}

/// Flash that a running firmware can write.
pub trait Flash {
    /// What lies there.
    fn bytes(&self, address: u32, length: u32) -> &[u8];
    /// Erases the sector at an address: all bytes of it are 0xFF then.
    fn erase(&mut self, address: u32);
    /// Writes a page at its address, which is erased.
    fn program(&mut self, address: u32, page: &[u8; STORE_PAGE]);
    /// Starts the firmware anew, when the host has its answer.
    fn restart(&mut self);
}

/// What takes models that come over the line.
pub trait Storage {
    /// Keeps bytes of a blob, as [`Request::Store`](inkbit_core::link::Request::Store) has it.
    ///
    /// # Errors
    ///
    /// [`Refusal::NoSlot`], [`Refusal::Order`], [`Refusal::NotKept`] or [`Refusal::Unfit`].
    fn store(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Refusal>;

    /// Called once, before the first image: lets the app read its model from elsewhere if that is
    /// faster.
    fn place(&mut self, _: &mut App<'static>, _: &mut impl Clock) {}

    /// If the last bytes of a blob have come: records that its model is in use from the next start on,
    /// and starts anew. A model that the app's board cannot run is forgotten.
    fn adopt(&mut self, _: &App<'_>) {}
}

/// A board whose firmware does not write flash.
#[derive(Clone, Copy, Debug)]
pub struct NoStorage;

impl Storage for NoStorage {
    fn store(&mut self, _: u32, _: &[u8]) -> Result<(), Refusal> {
        Err(Refusal::NoSlot)
    }
}

/// Bytes of a record's copy: a mark, its number and its slot, and their CRC-32.
const COPY: usize = 16;
/// Bytes of a record.
pub const RECORD: usize = STORE_PAGE;
const MARK: [u8; 4] = *b"slot";

/// Reads a record: its number and its slot, of the first copy that is whole.
fn read(record: &[u8]) -> Option<(u32, u32)> {
    let copies = record.get(..RECORD)?.as_chunks::<COPY>().0;
    copies.iter().find_map(|copy| {
        let (words, _) = copy.as_chunks::<4>();
        let [MARK, number, slot, crc] = words else { return None };
        let whole = crc32(copy.get(..COPY - 4)?) == u32::from_le_bytes(*crc);
        whole.then(|| (u32::from_le_bytes(*number), u32::from_le_bytes(*slot)))
    })
}

/// What the journal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Journal {
    /// The slot in use: 0 or 1.
    pub slot: usize,
    /// The number of its record; 0 of none.
    number: u32,
    /// Where the next record goes.
    next: usize,
}

impl Journal {
    /// Reads the journal's sectors, or as much of each as a record takes. Without a record, the first
    /// slot is in use.
    pub fn read(sectors: [&[u8]; 2]) -> Self {
        let mut journal = Self { slot: 0, number: 0, next: 0 };
        for (index, sector) in sectors.into_iter().enumerate() {
            if let Some((number, slot)) = read(sector)
                && number > journal.number
            {
                journal = Self { slot: (slot & 1) as usize, number, next: 1 - index };
            }
        }
        journal
    }

    fn following(self) -> [u8; STORE_PAGE] {
        let mut page = [0xFF; RECORD];
        let other = 1 - self.slot as u32;
        let words = [MARK, (self.number + 1).to_le_bytes(), other.to_le_bytes()];
        let crc = crc32(words.as_flattened()).to_le_bytes();
        let [mark, number, slot] = words;
        for copy in page.as_chunks_mut::<COPY>().0 {
            copy.as_chunks_mut::<4>().0.copy_from_slice(&[mark, number, slot, crc]);
        }
        page
    }
}

/// A second slot in flash that the firmware writes.
#[derive(Debug)]
pub struct Store<F> {
    flash: F,
    ram: &'static mut [u8],
    slots: Slots,
    /// Bytes of the blob that comes.
    length: u32,
    /// Where its next bytes go.
    next: u32,
}

impl<F: Flash> Store<F> {
    /// The store of a firmware that runs the model in the slot which the journal tells, with RAM for a
    /// copy of it.
    pub const fn new(flash: F, slots: Slots, ram: &'static mut [u8]) -> Self {
        Self { flash, ram, slots, length: 0, next: 0 }
    }

    fn journal(&self) -> Journal {
        let [first, second] = self.slots.journal;
        let record = |address| self.flash.bytes(address, RECORD as u32);
        Journal::read([record(first), record(second)])
    }

    /// Address of the slot that is not in use.
    fn spare(&self) -> u32 {
        let [first, second] = self.slots.models;
        if self.journal().slot == 0 { second } else { first }
    }

    /// Writes bytes to the slot that is not in use.
    fn write(&mut self, start: u32, bytes: &[u8]) -> Result<(), Refusal> {
        for (place, piece) in (start..).step_by(STORE_PAGE).zip(bytes.chunks(STORE_PAGE)) {
            if place % self.slots.sector == 0 {
                self.flash.erase(place);
            }
            let mut page = [0xFF; STORE_PAGE];
            page.iter_mut().zip(piece).for_each(|(to, from)| *to = *from);
            self.flash.program(place, &page);
        }
        let kept = self.flash.bytes(start, bytes.len() as u32) == bytes;
        if kept { Ok(()) } else { Err(Refusal::NotKept) }
    }

    /// Records that the other slot is in use.
    fn record(&mut self) {
        let journal = self.journal();
        let [first, second] = self.slots.journal;
        let place = if journal.next == 0 { first } else { second };
        self.flash.erase(place);
        self.flash.program(place, &journal.following());
    }
}

impl<F: Flash> Storage for Store<F> {
    #[inline(never)]
    fn store(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Refusal> {
        let count = bytes.len() as u32;
        let (spare, limit) = (self.spare(), self.slots.bytes);
        if offset == 0 {
            let length = stated_length(bytes).map_err(|_| Refusal::Unfit)?;
            if length > limit as usize {
                return Err(Refusal::Unfit);
            }
            (self.length, self.next) = (length as u32, 0);
        } else if self.next.checked_sub(count) == Some(offset)
            && self.flash.bytes(spare + offset, count) == bytes
        {
            // The host has not got the answer, and asks again.
            return Ok(());
        }
        let is_next = offset == self.next && count <= self.length - self.next;
        // Whatever goes wrong, the host begins anew.
        let length = core::mem::take(&mut self.length);
        self.next = 0;
        if !is_next || !offset.is_multiple_of(STORE_PAGE as u32) {
            return Err(Refusal::Order);
        }
        self.write(spare + offset, bytes)?;
        (self.length, self.next) = (length, offset + count);
        Ok(())
    }

    fn place(&mut self, app: &mut App<'static>, clock: &mut impl Clock) {
        app.prefer_ram(core::mem::take(&mut self.ram), clock);
    }

    fn adopt(&mut self, app: &App<'_>) {
        if self.length == 0 || self.next < self.length {
            return;
        }
        let blob = self.flash.bytes(self.spare(), self.length);
        (self.length, self.next) = (0, 0);
        if can_run(blob, app.engine().cells(), app.board()) {
            self.record();
            self.flash.restart();
        }
    }
}
