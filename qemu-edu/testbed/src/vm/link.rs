//! The host's end of the link: a thread that reads frames, and a writer.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    sync::mpsc::SyncSender,
    thread,
    time::Duration,
};

use anyhow::Context as _;
use irqcast_link::{Decoder, ToGuest, ToHost, encode};

use super::console::Finding;

/// How long a frame may take to leave. QEMU takes frames while it lives, and more than the
/// sockets hold is never under way.
const WRITE_LIMIT: Duration = Duration::from_secs(20);

/// What the one who waits for a guest may be woken by.
#[derive(Debug)]
pub enum Event {
    /// The guest says something.
    Frame(ToHost),
    /// The guest cannot be understood any more.
    Garbage(String),
    /// QEMU has closed the link: it has ended.
    LinkClosed,
    /// The console shows the end of the guest.
    Console(Finding),
    /// The person, or a pipe, has input for the command; empty at its end.
    Input(Vec<u8>),
    /// The terminal has another size.
    Resized,
}

/// Which of a command's outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output, or the terminal.
    Stdout,
    /// Standard error.
    Stderr,
}

/// The end that sends.
pub struct Link(UnixStream);

impl Link {
    /// Starts to read frames into `events`.
    pub fn start(stream: UnixStream, events: SyncSender<Event>) -> anyhow::Result<Self> {
        let reader = stream
            .try_clone()
            .context("failed to open the link twice")?;
        stream
            .set_write_timeout(Some(WRITE_LIMIT))
            .context("failed to set a time limit on the link")?;
        thread::Builder::new()
            .name("link".to_owned())
            .spawn(move || read_frames(reader, &events))
            .context("failed to start the thread that reads the link")?;
        Ok(Self(stream))
    }

    /// Sends a frame. When QEMU is gone nothing is sent, and the reader reports it.
    pub fn send(&mut self, frame: &ToGuest) -> anyhow::Result<()> {
        let bytes = encode(frame).context("failed to encode a command for the guest")?;
        let _ = self.0.write_all(&bytes);
        Ok(())
    }
}

fn read_frames(mut stream: UnixStream, events: &SyncSender<Event>) {
    let mut decoder = Decoder::default();
    let mut bytes = vec![0; 64 * 1024];
    let last = 'reading: loop {
        match stream.read(&mut bytes) {
            Ok(count) if count > 0 => decoder.extend(&bytes[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            _ => break Event::LinkClosed,
        }
        loop {
            let event = match decoder.decode() {
                Ok(Some(frame)) => Event::Frame(frame),
                Ok(None) => break,
                Err(error) => break 'reading Event::Garbage(format!("{error}")),
            };
            // The channel is bounded: a host that does not listen makes the guest wait.
            if events.send(event).is_err() {
                return;
            }
        }
    };
    let _ = events.send(last);
}
