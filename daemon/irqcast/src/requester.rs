//! Sends a request and collects the answer.

use crate::ack::KernelError;
use crate::decode::DecodeError;
use crate::error::Error;
use crate::message::{self, FLAG_ACK, FLAG_DUMP, Message, TYPE_DONE, TYPE_ERROR, TYPE_MIN};
use crate::socket::{Received, Socket};
use crate::wire::Attribute;
use netlink_packet_core::DefaultNla;
use nix::errno::Errno;
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
    /// The last request was given up half-way: the kernel may still be at it.
    is_spoiled: bool,
}

/// How long to wait before asking again a kernel that had no memory.
const PAUSE: Duration = Duration::from_millis(1);

/// Calls `ask`, which changes nothing, and again within [`ANSWER_LIMIT`] while the kernel has no memory
/// for it.
///
/// # Errors
///
/// What `ask` failed with in the end.
pub(crate) fn patiently<T>(mut ask: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    let deadline = Instant::now() + ANSWER_LIMIT;
    loop {
        match ask() {
            Err(error) if error.is_out_of_memory() && Instant::now() < deadline => {
                std::thread::sleep(PAUSE);
            }
            answered => return answered,
        }
    }
}

impl Requester {
    pub fn open() -> Result<Self, Error> {
        Ok(Self {
            socket: Socket::open()?,
            sequence: 0,
            is_spoiled: false,
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
        object: impl FnMut(u8, &[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), Error> {
        if self.is_spoiled {
            // A dump that has stopped half-way keeps its socket from another.
            self.socket = Socket::open()?;
        }
        let answered = self.ask(request, object);
        self.is_spoiled = !matches!(
            answered,
            Ok(()) | Err(Error::Refused { .. } | Error::NotPermitted(_))
        );
        answered
    }

    fn ask(
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
                // Of a request's own answer nothing is dropped for want of room. There was no memory
                // for it.
                Received::Overrun => return Err(Error::system(action, Errno::ENOBUFS)),
                Received::Empty => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(Error::NoAnswer(action));
                    }
                    let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
                    let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
                    match poll(&mut fds, timeout) {
                        Ok(_) | Err(Errno::EINTR) => {}
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
