//! What is said over the control socket of irqcastd.
//!
//! The socket is a Unix stream socket. A client writes a [`Request`] as one line of JSON and reads an
//! [`Answer`] as one line of JSON; it may then ask again. [`Request::read`] and [`Answer::read`] are
//! pure and total: whatever the bytes are, they return. [`Client`] asks.
//!
//! ```no_run
//! use irqcast_control::{Answer, Client, Request, SOCKET};
//!
//! let mut client = Client::connect(SOCKET.as_ref())?;
//! if let Answer::Status(status) = client.ask(&Request::Status)? {
//!     println!("{} rules", status.rules);
//! }
//! # Ok::<(), irqcast_control::ClientError>(())
//! ```

mod answer;
mod client;
mod explanation;
mod occurrence;
mod request;
mod status;

pub use answer::{Answer, Problem, Refusal, RefusalKind};
pub use client::{Client, ClientError};
pub use explanation::{Explanation, RuleExplained, Unmet};
pub use occurrence::{NotAnOccurrence, Occurrence};
pub use request::{BadRequest, REQUEST_MAX, Request};
pub use status::{Counters, Failure, Queue, Running, Status};

/// Where the socket is, unless the daemon is told otherwise.
pub const SOCKET: &str = "/run/irqcast/control";
