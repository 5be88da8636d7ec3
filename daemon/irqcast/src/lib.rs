//! Speaks the irqcast generic netlink family from user space, and those of other drivers on its core.
//!
//! - [`Subscription`] receives what the driver multicasts, as a stream of [`Item`]s. It waits for the
//!   driver when it is not loaded, and goes on when it was removed and came back.
//! - [`Client`] asks: which [`Device`]s are there, and make one of them interrupt.
//! - [`FamilyName`] says whose driver both speak to, where it is not that of the edu device.
//! - [`Families`] receives what other families multicast, as bytes.
//! - [`wire`] holds every number of the protocol. A test checks it against `driver/spec/irqcast.yaml`.
//!
//! Both need the driver, and the subscription needs `CAP_NET_ADMIN`:
//!
//! ```no_run
//! use irqcast::{Item, ReceiveBuffer, Subscription};
//!
//! let mut subscription = Subscription::open(ReceiveBuffer::DEFAULT)?;
//! loop {
//!     match subscription.wait(None)? {
//!         Some(Item::Event(event) | Item::Replayed(event)) => println!("{}", event.to_json()),
//!         Some(Item::Lost(lost)) => println!("{}", lost.to_json()),
//!         other => eprintln!("{other:?}"),
//!     }
//! }
//! # #[expect(unreachable_code, reason = "the loop above never ends")]
//! # Ok::<(), irqcast::Error>(())
//! ```

mod ack;
mod client;
mod context;
mod decode;
mod device;
mod error;
mod event;
mod families;
mod family_name;
mod glob;
mod message;
mod nlctrl;
mod paths;
mod repair;
mod requester;
mod socket;
mod subscription;
pub mod wire;

pub use ack::KernelError;
pub use client::Client;
pub use context::{Context, UnknownContext};
pub use decode::{DecodeError, decode_common_event, decode_device, decode_event};
pub use device::{Device, InterruptMode};
pub use error::Error;
pub use event::{Event, Lost};
pub use families::{Families, FamilyItem, NotJoined, Wanted};
pub use family_name::{FamilyName, WrongFamilyName};
pub use glob::Glob;
pub use nlctrl::Family;
pub use paths::{Paths, UnknownPath};
pub use repair::{History, Position, Range, Repair, Told};
pub use socket::ReceiveBuffer;
pub use subscription::{Item, Subscription};
