//! The frames that the testbed (host) and PID 1 of its guest exchange.
//!
//! They travel over one virtio-serial port, so that results never mix with the
//! kernel's log. A frame is a length, then a [`ToGuest`] or [`ToHost`] in the
//! [postcard](https://postcard.jamesmunns.com/wire-format) format. The guest
//! speaks first, with [`ToHost::Hello`].

mod codec;
mod frame;

pub use codec::{Decoder, Error, MAX_FRAME, encode};
pub use frame::{DATA, Exec, ExecId, Exit, STDIN_WINDOW, TerminalSize, ToGuest, ToHost, VERSION};

/// Name of the virtio-serial port that carries the frames, as the guest reads it in
/// `/sys/class/virtio-ports/*/name`.
pub const PORT: &str = "irqcast.link";
