//! Where a model comes from, as bytes that no device looks into.

use crate::error::ModelError;
use crate::wire::wire;

const MAX_TOOL: usize = 64;
/// The longest command in [`Provenance`], in bytes.
pub const MAX_COMMAND: usize = 512;
/// The most bytes of a [`Provenance`] in a blob.
pub const MAX_PROVENANCE: usize = 1 + MAX_TOOL + 2 + MAX_COMMAND + 32 + 10 + 5 + 5;

wire! {
    /// Where a model comes from and how good it was found to be.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Provenance [<'a>] {
        /// Program and version that wrote the blob.
        pub tool: &'a str,
        /// Command that trained it.
        pub command: &'a str,
        /// SHA-256 of the data it was trained and tested on.
        pub digest: [u8; 32],
        /// Seed of the training run.
        pub seed: u64,
        /// Test images that it classifies correctly.
        pub correct: u32,
        /// Test images tried; 0 if it was not measured.
        pub tested: u32,
    } [Neither]
}

impl<'a> Provenance<'a> {
    /// What stands for the provenance of a model that has none.
    pub const UNKNOWN: Self =
        Self { tool: "", command: "", digest: [0; 32], seed: 0, correct: 0, tested: 0 };

    /// Writes it into `out` as a [`Header`](crate::Header) has it.
    ///
    /// # Errors
    ///
    /// [`ModelError::Text`] or [`ModelError::Accuracy`] if a limit is passed.
    pub fn write<'o>(&self, out: &'o mut [u8; MAX_PROVENANCE]) -> Result<&'o [u8], ModelError> {
        self.check()?;
        // Within these limits there is room.
        Ok(postcard::to_slice(self, out).map_or(&[], |bytes| bytes))
    }

    /// Reads what [`write`](Self::write) has written.
    ///
    /// # Errors
    ///
    /// [`ModelError::Provenance`], [`ModelError::Text`] or [`ModelError::Accuracy`].
    pub fn read(bytes: &'a [u8]) -> Result<Self, ModelError> {
        let unreadable = ModelError::Provenance { length: bytes.len() };
        let found = postcard::from_bytes::<Self>(bytes).map_err(|_| unreadable)?;
        // Nothing after it, and every number in its shortest form.
        if found.write(&mut [0; MAX_PROVENANCE])? != bytes {
            return Err(unreadable);
        }
        Ok(found)
    }

    fn check(&self) -> Result<(), ModelError> {
        let Self { tool, command, correct, tested, .. } = *self;
        for (field, found, limit) in
            [("tool", tool.len(), MAX_TOOL), ("command", command.len(), MAX_COMMAND)]
        {
            if found > limit {
                return Err(ModelError::Text { field, found, limit });
            }
        }
        if correct > tested {
            return Err(ModelError::Accuracy { correct, tested });
        }
        Ok(())
    }
}
