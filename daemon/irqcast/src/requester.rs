//! Sends a request and collects the answer.

use crate::ack::KernelError;
use crate::decode::DecodeError;
use crate::error::Error;
use crate::message::{self, FLAG_ACK, FLAG_DUMP, Message, TYPE_DONE, TYPE_ERROR, TYPE_MIN};
use crate::socket::{Received, Socket};
use crate::wire::Attribute;
use netlink_packet_core::DefaultNla;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

/// How long the kernel may take to answer. It answers in the system call that asks, so this only ends
/// what would hang otherwise.
pub(crate) const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// What to ask, and of whom.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    /// What is asked for, to follow "failed to".
    pub action: &'static str,
    /// The family's number.
    pub family: u16,
    /// The operation.
    pub command: u8,
    /// Whether to ask for all objects.
    pub dump: bool,
    /// The attributes.
    pub attributes: &'a [DefaultNla],
    /// Their names.
    pub names: &'static [Attribute],
}

/// A socket for requests. It has joined no group, so that what it receives are answers.
pub(crate) struct Requester {
    socket: Socket,
    sequence: u32,
}

impl Requester {
    pub fn open() -> Result<Self, Error> {
        Ok(Self {
            socket: Socket::open()?,
            sequence: 0,
        })
    }

    /// Sends the request. `object` gets command and attributes of each object in the answer.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] and [`Error::NotPermitted`] when the kernel refuses, [`Error::Malformed`]
    /// when the answer or `object` fails, [`Error::NoAnswer`], [`Error::System`].
    pub fn request(
        &mut self,
        request: Request<'_>,
        mut object: impl FnMut(u8, &[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), Error> {
        self.sequence = self.sequence.wrapping_add(1);
        let flags = if request.dump { FLAG_DUMP } else { FLAG_ACK };
        let bytes = message::request(
            request.family,
            flags,
            self.sequence,
            request.command,
            request.attributes,
        );
        self.socket.send(&bytes, request.action)?;
        let deadline = Instant::now() + ANSWER_LIMIT;
        let malformed = |source| Error::Malformed {
            action: request.action,
            source,
        };
        loop {
            self.receive(deadline, request.action)?;
            for message in message::messages(self.socket.datagram()) {
                let message = message.map_err(malformed)?;
                if message.sequence != self.sequence {
                    continue; // the answer to an earlier request that failed half-way
                }
                match answer(&message, &bytes, request.names).map_err(malformed)? {
                    Answer::Object(command, attributes) => {
                        object(command, attributes).map_err(malformed)?;
                    }
                    Answer::End(None) => return Ok(()),
                    Answer::End(Some(error)) => return Err(Error::refused(request.action, error)),
                }
            }
        }
    }

    /// Waits for a datagram.
    fn receive(&mut self, deadline: Instant, action: &'static str) -> Result<(), Error> {
        loop {
            match self.socket.receive()? {
                Received::Datagram => return Ok(()),
                // Of a request's own answer nothing is dropped; the next receive brings it.
                Received::Overrun => {}
                Received::Empty => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(Error::NoAnswer(action));
                    }
                    let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
                    let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
                    match poll(&mut fds, timeout) {
                        Ok(_) | Err(nix::errno::Errno::EINTR) => {}
                        Err(error) => return Err(Error::system("wait for an answer", error)),
                    }
                }
            }
        }
    }
}

/// One message of an answer.
enum Answer<'a> {
    /// An object: command and attributes.
    Object(u8, &'a [u8]),
    /// There is no more, with the reason where it failed.
    End(Option<KernelError>),
}

fn answer<'a>(
    message: &Message<'a>,
    request: &[u8],
    names: &'static [Attribute],
) -> Result<Answer<'a>, DecodeError> {
    match message.kind {
        TYPE_ERROR => {
            let (code, rest) = message.code()?;
            Ok(Answer::End(KernelError::parse(
                message.flags,
                code,
                rest,
                request,
                names,
            )))
        }
        TYPE_DONE => {
            // The end of a dump repeats nothing of the request: only attributes follow the code.
            let (code, _) = message.code()?;
            Ok(Answer::End(KernelError::parse(
                0,
                code,
                &[],
                request,
                names,
            )))
        }
        kind if kind < TYPE_MIN => Err(DecodeError::Layout(format!("a message of type {kind}"))),
        _ => message
            .generic()
            .map(|(command, attributes)| Answer::Object(command, attributes)),
    }
}
