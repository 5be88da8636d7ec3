//! One client's connection: what is half read and what is half written, both bounded.

use super::access::Right;
use irqcast_control::{Answer, BadRequest, REQUEST_MAX, Request};
use nix::poll::PollFlags;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

/// A client. It has at most one answer that it has not read, and is not read from until it did.
pub struct Connection {
    stream: UnixStream,
    /// What it may.
    pub right: Right,
    /// What was read and not answered, at most one request and a bit.
    input: Vec<u8>,
    output: Vec<u8>,
    written: usize,
    /// It says nothing more.
    ended: bool,
    /// The connection is of no use any more.
    broken: bool,
}

impl Connection {
    /// `stream` does not block.
    pub fn new(stream: UnixStream, right: Right) -> Self {
        Self {
            stream,
            right,
            input: Vec::new(),
            output: Vec::new(),
            written: 0,
            ended: false,
            broken: false,
        }
    }

    /// What to wait for. Nothing while its request waits: then only its going is told.
    pub fn interest(&self) -> PollFlags {
        if !self.output.is_empty() {
            PollFlags::POLLOUT
        } else if self.has_request() {
            PollFlags::empty()
        } else {
            PollFlags::POLLIN
        }
    }

    /// Whether there is nothing more to do for it.
    pub fn is_over(&self) -> bool {
        self.broken || (self.ended && self.output.is_empty() && !self.has_request())
    }

    /// Does what the poll says is possible.
    pub fn ready(&mut self) {
        if !self.output.is_empty() {
            self.write();
        } else if self.has_request() {
            // Nothing was asked for, so this is the news that it went.
            self.broken = true;
        } else {
            self.read();
        }
    }

    /// The request that is to be answered next, if it is whole and the answer before has been read.
    pub fn request(&self) -> Option<Result<Request, BadRequest>> {
        if !self.output.is_empty() || self.broken {
            return None;
        }
        Some(Request::read(self.line()?))
    }

    /// Answers that request.
    pub fn answer(&mut self, answer: &Answer) {
        let taken = self.line().map_or(0, <[u8]>::len);
        if self.is_too_long() {
            // Where its next request begins cannot be known.
            self.ended = true;
            self.input.clear();
        } else {
            self.input.drain(..taken);
        }
        self.output = answer.to_line().into_bytes();
        self.written = 0;
        self.write();
    }

    fn has_request(&self) -> bool {
        self.line().is_some()
    }

    /// The first line, or all there is where it is longer than a request can be, or the last one without
    /// its newline.
    fn line(&self) -> Option<&[u8]> {
        let end = self.input.iter().position(|&byte| byte == b'\n');
        match end {
            Some(end) => Some(&self.input[..=end]),
            None if self.is_too_long() => Some(&self.input),
            None if self.ended && !self.input.is_empty() => Some(&self.input),
            None => None,
        }
    }

    fn is_too_long(&self) -> bool {
        self.input.len() > REQUEST_MAX && !self.input.contains(&b'\n')
    }

    fn read(&mut self) {
        let mut buffer = [0; REQUEST_MAX];
        match self.stream.read(&mut buffer) {
            Ok(0) => self.ended = true,
            Ok(length) => self.input.extend_from_slice(&buffer[..length]),
            Err(error) if is_for_later(&error) => {}
            Err(_) => self.broken = true,
        }
    }

    fn write(&mut self) {
        while self.written < self.output.len() {
            match self.stream.write(&self.output[self.written..]) {
                Ok(0) => {
                    self.broken = true;
                    return;
                }
                Ok(length) => self.written += length,
                Err(error) if is_for_later(&error) => return,
                Err(_) => {
                    self.broken = true;
                    return;
                }
            }
        }
        self.output = Vec::new();
    }
}

fn is_for_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Shutdown;

    fn connected() -> (Connection, UnixStream) {
        let (server, client) = UnixStream::pair().unwrap();
        server.set_nonblocking(true).unwrap();
        (Connection::new(server, Right::Act), client)
    }

    fn answer(length: usize) -> Answer {
        let text = "x".repeat(length);
        Answer::Metrics { text }
    }

    #[test]
    fn requests_come_in_pieces_and_in_a_row() {
        let (mut connection, mut client) = connected();
        let line = Request::Status.to_line();
        let (begin, rest) = line.split_at(5);
        client.write_all(begin.as_bytes()).unwrap();
        connection.ready();
        assert_eq!(connection.request(), None);
        let more = format!("{rest}{}", Request::Reload.to_line());
        client.write_all(more.as_bytes()).unwrap();
        connection.ready();
        for request in [Request::Status, Request::Reload] {
            assert_eq!(connection.request(), Some(Ok(request)));
            connection.answer(&answer(1));
        }
        assert_eq!(connection.request(), None);
        assert!(!connection.is_over());
    }

    #[test]
    fn last_request_needs_no_newline() {
        let (mut connection, mut client) = connected();
        client
            .write_all(Request::Status.to_line().trim().as_bytes())
            .unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        connection.ready();
        connection.ready();
        assert_eq!(connection.request(), Some(Ok(Request::Status)));
        connection.answer(&answer(1));
        assert!(connection.is_over());
    }

    #[test]
    fn too_long_a_line_is_answered_and_the_last() {
        let (mut connection, mut client) = connected();
        client.write_all(&[b'x'; 3 * REQUEST_MAX]).unwrap();
        connection.ready();
        connection.ready();
        assert!(matches!(connection.request(), Some(Err(_))));
        connection.answer(&answer(1));
        assert!(connection.is_over());
        let mut said = String::new();
        drop(connection);
        // What it has not read resets the connection, but the answer comes first.
        let _ = client.read_to_string(&mut said);
        assert!(said.ends_with('\n'), "{said}");
    }

    #[test]
    fn answer_that_is_not_read_holds_up_the_next_request_only() {
        let (mut connection, mut client) = connected();
        let two = format!("{0}{0}", Request::Status.to_line());
        client.write_all(two.as_bytes()).unwrap();
        connection.ready();
        let length = 4 << 20;
        connection.answer(&answer(length));
        assert_eq!(connection.interest(), PollFlags::POLLOUT);
        assert_eq!(connection.request(), None);
        let mut left = answer(length).to_line().len();
        let mut buffer = vec![0; 1 << 16];
        while left > 0 {
            left -= client.read(&mut buffer).unwrap();
            if connection.interest() == PollFlags::POLLOUT {
                connection.ready();
            }
        }
        assert_eq!(connection.request(), Some(Ok(Request::Status)));
    }

    #[test]
    fn client_that_goes_is_over() {
        let (mut connection, client) = connected();
        drop(client);
        connection.ready();
        assert!(connection.is_over());
    }
}
