//! Asks a daemon.

use crate::answer::{Answer, Refusal};
use crate::request::Request;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// A connection to a daemon.
pub struct Client {
    stream: BufReader<UnixStream>,
    path: PathBuf,
}

/// Why there is no answer, or not the wanted one.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("no irqcastd listens at {}", .0.display())]
    NotRunning(PathBuf),
    /// The socket cannot be used.
    #[error("failed to talk to irqcastd at {}: {source}", path.display())]
    System {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The daemon ended, or closed the connection.
    #[error("irqcastd at {} closed the connection without an answer", .0.display())]
    Closed(PathBuf),
    /// The answer cannot be read.
    #[error("irqcastd answers what this program does not know ({0}); are both of one version?")]
    Unknown(String),
    /// The daemon refused.
    #[error("{0}")]
    Refused(Refusal),
}

impl Client {
    /// Connects to the daemon that listens at `path`.
    ///
    /// # Errors
    ///
    /// [`ClientError::NotRunning`] when nobody does.
    pub fn connect(path: &Path) -> Result<Self, ClientError> {
        match UnixStream::connect(path) {
            Ok(stream) => Ok(Self {
                stream: BufReader::new(stream),
                path: path.to_owned(),
            }),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
                ) =>
            {
                Err(ClientError::NotRunning(path.to_owned()))
            }
            Err(source) => Err(ClientError::System {
                path: path.to_owned(),
                source,
            }),
        }
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    ///
    /// [`ClientError::Refused`] when the daemon does not do it.
    pub fn ask(&mut self, request: &Request) -> Result<Answer, ClientError> {
        let written = self
            .stream
            .get_mut()
            .write_all(request.to_line().as_bytes());
        // A daemon that refuses whoever connects says so before it is asked, and closes.
        if let Err(source) = written
            && source.kind() != io::ErrorKind::BrokenPipe
        {
            return Err(self.failed(source));
        }
        let mut line = Vec::new();
        match self.stream.read_until(b'\n', &mut line) {
            Ok(_) => {}
            Err(source) if source.kind() == io::ErrorKind::ConnectionReset => {}
            Err(source) => return Err(self.failed(source)),
        }
        if line.is_empty() {
            return Err(ClientError::Closed(self.path.clone()));
        }
        match Answer::read(&line) {
            Ok(Answer::Refused(refusal)) => Err(ClientError::Refused(refusal)),
            Ok(answer) => Ok(answer),
            Err(error) => Err(ClientError::Unknown(error.to_string())),
        }
    }

    fn failed(&self, source: io::Error) -> ClientError {
        ClientError::System {
            path: self.path.clone(),
            source,
        }
    }
}
