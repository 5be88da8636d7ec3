//! Accepts clients and knows them apart. Nothing here waits.

use super::Place;
use super::access::{Access, Right};
use super::connection::Connection;
use super::peer::peer;
use irqcast_control::{Answer, BadRequest, Request};
use nix::poll::PollFlags;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use tracing::{debug, info, warn};

/// Clients at one time. When one more comes, the one that has been silent for longest goes.
const CLIENTS: usize = 16;

/// Clients that are accepted before other wake-ups get their turn.
const BATCH: usize = 16;

/// Tells clients apart; the younger one has the greater number.
pub type ClientId = u64;

/// A request, or why it is none, who sent it, and what they may.
pub type Asked = (ClientId, Right, Result<Request, BadRequest>);

/// Why there is no control socket.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Another daemon listens there.
    #[error("another irqcastd listens at {}; name another path with --control-socket", .0.display())]
    InUse(PathBuf),
    /// A system call failed.
    #[error("failed to {action} {}: {source}", path.display())]
    System {
        /// What was to be done.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

/// The socket and its clients.
pub struct Server {
    listener: UnixListener,
    path: PathBuf,
    access: Access,
    clients: BTreeMap<ClientId, Connection>,
    next: ClientId,
}

impl Server {
    /// Listens, or goes on without where nobody asked for it.
    ///
    /// # Errors
    ///
    /// When it was asked for and cannot be had.
    pub fn start(place: &Place, access: Access) -> Result<Option<Self>, ControlError> {
        match Self::listen(&place.path, access) {
            Ok(server) => {
                info!(socket = %place.path.display(), "answering irqcastctl");
                Ok(Some(server))
            }
            Err(reason) if !place.asked_for => {
                warn!(%reason, "going on without a control socket");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn listen(path: &Path, access: Access) -> Result<Self, ControlError> {
        let failed = |action| {
            move |source| ControlError::System {
                action,
                path: path.to_owned(),
                source,
            }
        };
        if let Some(folder) = path.parent() {
            make_folder(folder).map_err(failed("create the folder of"))?;
        }
        match UnixStream::connect(path) {
            Ok(_) => return Err(ControlError::InUse(path.to_owned())),
            // A daemon that was killed left it.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                fs::remove_file(path).map_err(failed("remove the old"))?;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed("look at")(error)),
        }
        let listener = UnixListener::bind(path).map_err(failed("listen at"))?;
        // Everybody may connect, and whoever may not ask is told so.
        fs::set_permissions(path, Permissions::from_mode(0o666))
            .map_err(failed("let others connect to"))?;
        listener
            .set_nonblocking(true)
            .map_err(failed("listen at"))?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            access,
            clients: BTreeMap::new(),
            next: 0,
        })
    }

    /// Lets others read from now on. Who has connected keeps the right that it has.
    pub fn set_access(&mut self, access: Access) {
        self.access = access;
    }

    /// Where new clients are told of.
    pub fn listener(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }

    /// The clients, and what to wait for.
    pub fn clients(&self) -> impl Iterator<Item = (ClientId, BorrowedFd<'_>, PollFlags)> {
        self.clients
            .iter()
            .map(|(&id, client)| (id, client.as_fd(), client.interest()))
    }

    /// Accepts those who came.
    pub fn accept(&mut self) {
        for _ in 0..BATCH {
            match self.listener.accept() {
                Ok((stream, _)) => self.welcome(stream),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(reason) => {
                    // Such as too many open files. To be told again at once helps nobody.
                    self.drop_oldest();
                    debug!(%reason, "failed to accept a client of the control socket");
                    return;
                }
            }
        }
    }

    fn welcome(&mut self, mut stream: UnixStream) {
        let right = stream
            .set_nonblocking(true)
            .and_then(|()| peer(&stream).map_err(io::Error::from))
            .map(|peer| self.access.right(&peer));
        match right {
            Ok(Right::Nothing) => {
                let line = Answer::Refused(self.access.refuse_reading()).to_line();
                // A new connection has room for it; if not, closing it says enough.
                let _ = stream.write(line.as_bytes());
            }
            Ok(right) => {
                if self.clients.len() >= CLIENTS {
                    self.drop_oldest();
                }
                self.clients
                    .insert(self.next, Connection::new(stream, right));
                self.next += 1;
            }
            Err(reason) => debug!(%reason, "failed to learn who connected"),
        }
    }

    fn drop_oldest(&mut self) {
        self.clients.pop_first();
    }

    /// Does what the poll says is possible for a client.
    pub fn ready(&mut self, id: ClientId) {
        if let Some(mut client) = self.clients.remove(&id) {
            client.ready();
            if !client.is_over() {
                // Its number says how long it has been silent.
                self.clients.insert(self.next, client);
                self.next += 1;
            }
        }
    }

    /// A request that is to be answered now, and what its client may. `may_wait` says of a request that
    /// it is not.
    pub fn next_request(&self, may_wait: impl Fn(&Request) -> bool) -> Option<Asked> {
        self.clients.iter().find_map(|(&id, client)| {
            let request = client.request()?;
            let waits = request.as_ref().is_ok_and(&may_wait);
            (!waits).then_some((id, client.right, request))
        })
    }

    /// Answers it.
    pub fn answer(&mut self, id: ClientId, answer: &Answer) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.answer(answer);
            if client.is_over() {
                self.clients.remove(&id);
            }
        }
    }
}

/// Makes the folder if it is not there. Others have to get to the socket, whatever the daemon's file mode
/// mask is.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.exists() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(0o755))
}

impl Drop for Server {
    fn drop(&mut self) {
        // What stays is replaced by the next daemon.
        let _ = fs::remove_file(&self.path);
    }
}
