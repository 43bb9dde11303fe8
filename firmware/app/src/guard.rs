//! Where a model is read, and whether it is still what was read: memory may lose a bit.

use core::mem::{ManuallyDrop, MaybeUninit, replace};

use inkbit_core::blob::CrcCheck;
use inkbit_core::{Model, ModelError, ScratchError};

/// Bytes of the model that are checked at once. On the slowest board that takes less time than a
/// byte takes on the line, so that none is lost where the serial port holds only one.
const SLICE: usize = 32;

pub(crate) type CoreEngine<'m> = inkbit_core::Engine<'m, &'m mut [i32]>;
pub(crate) type EngineSlot<'m> = MaybeUninit<Result<CoreEngine<'m>, ScratchError>>;
/// What has been read; not dropped, so that it can be read again in place.
pub(crate) type Parsed<'m> = ManuallyDrop<Result<Model<'m>, ModelError>>;

/// Where a model is read and where its engine lies: too large for the stack.
#[derive(Debug)]
pub(crate) struct Slot<'m> {
    pub(crate) parsed: MaybeUninit<Parsed<'m>>,
    pub(crate) engine: EngineSlot<'m>,
}

impl Slot<'_> {
    pub(crate) const fn new() -> Self {
        Self { parsed: MaybeUninit::uninit(), engine: MaybeUninit::uninit() }
    }
}

/// Nothing that has been read yet. Not a constant, of which all bytes would lie in flash.
#[inline(always)]
pub(crate) fn unread<'m>() -> Parsed<'m> {
    ManuallyDrop::new(Err(ModelError::LogitScale))
}

// Not inlined: reading a model takes much of the stack, and only while it is done.
#[inline(never)]
pub(crate) fn parse<'m>(region: &'m [u8], parsed: &mut Parsed<'m>) {
    Model::parse_region_to(region, parsed);
}

/// Checks a model in flash, and its engine in RAM, again and again.
#[derive(Debug)]
pub(crate) struct Guard<'m> {
    check: CrcCheck<'m>,
    parsed: &'m mut Parsed<'m>,
    /// That of the engine at the start.
    fingerprint: u32,
    /// It is no longer that.
    changed: bool,
}

impl<'m> Guard<'m> {
    /// The guard of the model at the start of `region` and of its engine; reads the model to
    /// `parsed` where it has to.
    pub(crate) fn new(
        region: &'m [u8],
        parsed: &'m mut Parsed<'m>,
        engine: &mut CoreEngine<'m>,
    ) -> Option<Self> {
        let check = CrcCheck::new(region).ok()?;
        Some(Self { check, parsed, fingerprint: engine.fingerprint(), changed: false })
    }

    /// The CRC that is stored behind the model.
    pub(crate) const fn crc(&self) -> u32 {
        self.check.stored()
    }

    /// The model's blob.
    pub(crate) const fn blob(&self) -> &'m [u8] {
        self.check.blob()
    }

    /// Guards the same model at another place. Returns whether it can be read there.
    pub(crate) fn move_to(&mut self, region: &'m [u8], engine: &mut CoreEngine<'m>) -> bool {
        let Ok(check) = CrcCheck::new(region) else { return false };
        // One after the other, so that their stacks are not added.
        parse(region, self.parsed);
        if self.parsed.is_err() {
            return false;
        }
        renew(engine, self.parsed);
        (self.check, self.fingerprint) = (check, engine.fingerprint());
        true
    }

    /// Checks the next bytes of the model, and after the last of them the engine. Then returns the
    /// CRC that was computed.
    pub(crate) fn step(&mut self, engine: &mut CoreEngine<'m>) -> Result<Option<u32>, ModelError> {
        let crc = self.check.step(SLICE)?;
        if crc.is_some() {
            self.changed = engine.fingerprint() != self.fingerprint;
        }
        Ok(crc)
    }

    /// Reads the model again if the engine has changed. Returns whether the engine is now sound.
    #[inline(always)]
    pub(crate) fn repair(&mut self, engine: &mut CoreEngine<'m>) -> bool {
        if !self.changed {
            return true;
        }
        self.changed = false;
        // One after the other, so that their stacks are not added.
        parse(self.check.blob(), self.parsed);
        renew(engine, self.parsed);
        engine.fingerprint() == self.fingerprint
    }
}

#[inline(never)]
fn renew<'m>(engine: &mut CoreEngine<'m>, parsed: &mut Parsed<'m>) {
    if let Ok(model) = ManuallyDrop::into_inner(replace(parsed, unread())) {
        // One that needs more cells has another fingerprint.
        let _ = engine.set_model(model);
    }
}
