//! Why a device does not do what it is asked for.

use super::PROTOCOL;
use crate::wire::wire;

wire! {
    /// Why the device did not do what was asked.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
    pub enum Refusal [] [] [] {
        /// The frame is not COBS, or its CRC is wrong.
        #[error("a frame arrived damaged; send it again")]
        Damaged,
        /// The frame is longer than the receiver's buffer.
        #[error(
            "a frame is longer than the receiver's {limit} bytes; send a smaller image, or a zero byte and \
             the frame again"
        )]
        Oversized {
            /// Bytes of the buffer.
            limit: u32,
        },
        /// The CRC is right but the message is none of this protocol version.
        #[error(
            "a frame holds no message of protocol version {PROTOCOL}; use firmware and inkbit of the same \
             version"
        )]
        Unknown,
        /// There was no model that can be run when the device started; [`Hello::model`](super::Hello::model) says why.
        #[error("the device has no model that it can run; flash one")]
        NoModel,
        /// The image is not as large as the model's.
        #[error("the image has {found} pixels, the device's model takes {expected}")]
        Pixels {
            /// Pixels in the request.
            found: u32,
            /// Pixels that the model takes.
            expected: u32,
        },
        /// The model has changed in the device's memory since the start: a bit of it was lost, or
        /// it was overwritten. Some answers before this one may be wrong.
        #[error(
            "the model in the device's memory has changed since the device started, and the last \
             answers may be wrong; reset the device, and flash the model again if this comes back"
        )]
        ModelChanged,
        /// The board has no boot loader that a firmware can start.
        #[error("the board has no boot loader that its firmware can start; flash it with its flasher")]
        NoBootLoader,
        /// The board has no second slot for a model that its firmware can write.
        #[error("the board's firmware cannot write its flash; flash the model, with `inkbit image`")]
        NoSlot,
        /// Bytes of a blob do not follow those before.
        #[error("bytes of a model came out of order; send it from its beginning")]
        Order,
        /// The flash does not hold what was written.
        #[error("the board's flash does not keep what is written; it may be worn out")]
        NotKept,
        /// What is sent does not begin as a model of this version, or is longer than the slot.
        #[error("what was sent is no model that this firmware reads, or longer than its slot; use firmware and inkbit of the same version")]
        Unfit,
    } [Write]
}
