//! The stream of events, which outlives the driver.
//!
//! One socket is a member of two groups: the events of irqcast, and the controller's announcements of
//! families. So both arrive in the order in which they happened, and what the driver sent before it was
//! removed is read before the news of its removal.
//!
//! Events that are missing are fetched from the driver's history, by requests on a socket of their own.

use crate::client::Client;
use crate::decode::{DecodeError, decode_event};
use crate::error::Error;
use crate::event::{Event, Lost};
use crate::message::{self, Message};
use crate::nlctrl::{self, Family, News};
use crate::repair::{History, Position, Range, Repair, Told};
use crate::requester::Requester;
use crate::socket::{ReceiveBuffer, Received, Socket};
use crate::wire::{self, command};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

/// What a subscription tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A device interrupted.
    Event(Event),
    /// A device interrupted, and the event was not received but fetched from the driver's history. It
    /// comes where it belongs: after the event before it, and before the one after it.
    Replayed(Event),
    /// Events that were not received and that the driver no longer holds, told where they belong.
    Lost(Lost),
    /// The queue was full and the kernel dropped messages. They are fetched when the queue is empty.
    Overrun,
    /// The driver is there, and its events are received from now on.
    Joined {
        /// Number of the family.
        family: u16,
        /// Number of the multicast group.
        group: u32,
        /// Where the devices stand that had begun before the stream did. What they did up to here is
        /// not told. Every other life of a device is told from its first event.
        begins: Vec<Position>,
    },
    /// The driver was removed. Its devices count from 1 when it comes back, and are told from there.
    Left,
    /// The kernel sent something that the protocol does not describe. It is skipped.
    Malformed(DecodeError),
}

/// A listener. It receives from the moment that it is open, if the driver is loaded, or else from the
/// moment that it is.
pub struct Subscription {
    socket: Socket,
    receive_buffer: ReceiveBuffer,
    joined: Option<Joined>,
    repair: Repair,
    /// Asks for what is missing; opened when something is.
    history: Option<Client>,
    /// The kernel dropped messages, and what they were has not been asked for yet.
    is_behind: bool,
    /// What there is to tell beside events.
    items: VecDeque<Item>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Joined {
    family: u16,
    group: u32,
}

const JOIN: &str = "join the multicast group of the events";

impl Subscription {
    /// Opens a socket with a queue of `receive_buffer` bytes and joins the group, if the driver is
    /// loaded. Otherwise the first item is [`Item::Joined`], when it is.
    ///
    /// # Errors
    ///
    /// [`Error::NotPermitted`] without `CAP_NET_ADMIN` when the driver is loaded.
    pub fn open(receive_buffer: usize) -> Result<Self, Error> {
        Self::open_with(receive_buffer, Repair::new())
    }

    /// Opens a listener that goes on where another one ended: it was told everything up to the positions
    /// `told`, and is to be told `again` of these. All that came since is fetched, as far as the driver
    /// still holds it, also of devices that are not in `told`.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn resume(
        receive_buffer: usize,
        told: impl IntoIterator<Item = Position>,
        again: impl IntoIterator<Item = Range>,
    ) -> Result<Self, Error> {
        let mut repair = Repair::new();
        repair.resume(told, again);
        Self::open_with(receive_buffer, repair)
    }

    fn open_with(receive_buffer: usize, repair: Repair) -> Result<Self, Error> {
        let socket = Socket::open()?;
        let receive_buffer = socket.set_receive_buffer(receive_buffer)?;
        let mut subscription = Self {
            socket,
            receive_buffer,
            joined: None,
            repair,
            history: None,
            is_behind: false,
            items: VecDeque::new(),
        };
        // Events first: who sees in /proc/net/netlink that a loaded driver has this listener may raise.
        subscription.look_up()?;
        let mut requester = Requester::open()?;
        let notify = nlctrl::resolve(&mut requester, nlctrl::FAMILY)?
            .and_then(|controller| controller.group(nlctrl::GROUP_NOTIFY))
            .ok_or(Error::NoGroup(nlctrl::GROUP_NOTIFY))?;
        subscription
            .socket
            .join(notify, "join the group that announces families")?;
        // Once more, for the family that came before its announcement could be heard.
        subscription.look_up()?;
        if subscription.joined.is_none() {
            // Whatever device comes, its life begins after this.
            subscription.repair.begin([]);
        }
        Ok(subscription)
    }

    /// Number of the family and of the group that are received, or `None` while the driver is not
    /// loaded.
    #[must_use]
    pub fn joined(&self) -> Option<(u16, u32)> {
        self.joined.map(|joined| (joined.family, joined.group))
    }

    /// How much the queue may hold.
    #[must_use]
    pub fn receive_buffer(&self) -> ReceiveBuffer {
        self.receive_buffer
    }

    /// The next item, or `None` when there is none at the moment. Does not wait; poll the file
    /// descriptor for that, after this returned `None`.
    pub fn try_next(&mut self) -> Result<Option<Item>, Error> {
        loop {
            // Events first: what a datagram says of the family happened after what it says of events.
            if let Some(told) = self.next_told()? {
                return Ok(Some(told));
            }
            if let Some(item) = self.items.pop_front() {
                return Ok(Some(item));
            }
            match self.socket.receive() {
                Ok(Received::Empty) if self.is_behind => self.catch_up()?,
                Ok(Received::Empty) => return Ok(None),
                Ok(Received::Datagram) => self.take_datagram()?,
                Ok(Received::Overrun) => {
                    self.is_behind = true;
                    self.items.push_back(Item::Overrun);
                    // News of the family may be among what was dropped.
                    self.look_up()?;
                }
                Err(Error::Malformed { source, .. }) => {
                    self.items.push_back(Item::Malformed(source));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits for the next item, until `deadline` where there is one: `None` when it has passed.
    pub fn wait(&mut self, deadline: Option<Instant>) -> Result<Option<Item>, Error> {
        loop {
            if let Some(item) = self.try_next()? {
                return Ok(Some(item));
            }
            let timeout = match deadline {
                None => PollTimeout::NONE,
                Some(deadline) => match deadline.checked_duration_since(Instant::now()) {
                    // Rounded up, so that the last millisecond is not spent in a busy loop.
                    Some(left) => PollTimeout::try_from(left.as_millis().saturating_add(1))
                        .unwrap_or(PollTimeout::MAX),
                    None => return Ok(None),
                },
            };
            let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, timeout) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(Error::system("wait for events", error)),
            }
        }
    }

    fn take_datagram(&mut self) -> Result<(), Error> {
        let mut news = Vec::new();
        for message in message::messages(self.socket.datagram()) {
            match message.and_then(|message| decode(&message, self.joined)) {
                Ok(Some(Decoded::Event(event))) => self.repair.received(event),
                Ok(Some(Decoded::News(item))) => news.push(item),
                Ok(None) => {}
                Err(error) => self.items.push_back(Item::Malformed(error)),
            }
        }
        for item in news {
            match item {
                News::Registered(family) if family.name == wire::FAMILY => self.join(&family)?,
                News::Unregistered(family)
                    if self.joined.is_some_and(|joined| joined.family == family.id) =>
                {
                    self.leave();
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Asks whether the family is there, and joins or leaves accordingly.
    fn look_up(&mut self) -> Result<(), Error> {
        match nlctrl::resolve(&mut Requester::open()?, wire::FAMILY)? {
            Some(family) => self.join(&family),
            None => {
                self.leave();
                Ok(())
            }
        }
    }

    fn join(&mut self, family: &Family) -> Result<(), Error> {
        let group = family
            .group(wire::GROUP_EVENTS)
            .ok_or(Error::NoGroup(wire::GROUP_EVENTS))?;
        let joined = Joined {
            family: family.id,
            group,
        };
        match self.socket.join(group, JOIN) {
            Ok(()) => {}
            // The group is gone already; the news of that is on its way.
            Err(Error::System { source, .. })
                if source.raw_os_error() == Some(Errno::ENOENT as i32) =>
            {
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        if self.joined == Some(joined) {
            return Ok(());
        }
        self.leave();
        self.joined = Some(joined);
        let begins = self.note_starts();
        self.items.push_back(Item::Joined {
            family: family.id,
            group,
            begins,
        });
        Ok(())
    }

    /// Asks where each device's numbers stand, so that a loss before its first event is noticed. Returns
    /// what is not told.
    fn note_starts(&mut self) -> Vec<Position> {
        // Where the driver has gone again, the news of that is on its way.
        let Ok(positions) = self.positions() else {
            return Vec::new();
        };
        let begins = match self.repair.has_begun() {
            true => Vec::new(),
            false => positions.clone(),
        };
        self.repair.begin(positions);
        begins
    }

    /// Notes that the driver is gone. The kernel ended the membership together with the group.
    fn leave(&mut self) {
        if self.joined.take().is_some() {
            self.repair.end();
            self.is_behind = false;
            self.items.push_back(Item::Left);
        }
    }

    /// The next event or loss, fetched if need be.
    fn next_told(&mut self) -> Result<Option<Item>, Error> {
        loop {
            match self.repair.next(&mut Fetcher(&mut self.history)) {
                Ok(told) => return Ok(told.map(Item::from)),
                // With the driver or the device, what it held is gone.
                Err(Error::DriverNotLoaded) => self.repair.give_up(),
                Err(Error::NoSuchDevice(device)) => self.repair.give_up_device(device),
                Err(error) => return Err(error),
            }
        }
    }

    /// Asks for what was dropped, after all that was not has been read.
    ///
    /// The kernel sends nothing to a socket that overran until its queue is empty. So what happened
    /// before this moment is in the history, and what happens from now on is received.
    fn catch_up(&mut self) -> Result<(), Error> {
        match self.positions() {
            Ok(positions) => self.repair.caught_up(positions),
            // The news of that is on its way.
            Err(Error::DriverNotLoaded) => {}
            Err(error) => return Err(error),
        }
        self.is_behind = false;
        Ok(())
    }

    fn positions(&mut self) -> Result<Vec<Position>, Error> {
        let devices = opened(&mut self.history)?.devices()?;
        Ok(devices
            .iter()
            .map(|device| Position {
                device: device.device,
                incarnation: device.incarnation,
                last: device.interrupts,
            })
            .collect())
    }
}

/// The client in `place`, opened if there is none yet.
fn opened(place: &mut Option<Client>) -> Result<&mut Client, Error> {
    match place {
        Some(client) => Ok(client),
        None => Ok(place.insert(Client::open()?)),
    }
}

/// Fetches what is missing from the driver.
struct Fetcher<'a>(&'a mut Option<Client>);

impl History for Fetcher<'_> {
    type Error = Error;

    fn fetch(&mut self, range: Range) -> Result<Vec<Event>, Error> {
        /// Most events at once, so that a large gap takes little memory.
        const MOST: u64 = 1024;

        let count = (range.to - range.from).saturating_add(1).min(MOST);
        opened(self.0)?.history(range.device, range.from, count as u32)
    }
}

impl From<Told> for Item {
    fn from(told: Told) -> Self {
        match told {
            Told::Event(event) => Self::Event(event),
            Told::Replayed(event) => Self::Replayed(event),
            Told::Lost(lost) => Self::Lost(lost),
        }
    }
}

impl AsFd for Subscription {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// What a message says.
enum Decoded {
    Event(Event),
    News(News),
}

fn decode(message: &Message<'_>, joined: Option<Joined>) -> Result<Option<Decoded>, DecodeError> {
    if message.kind == nlctrl::FAMILY_ID {
        let (command, attributes) = message.generic()?;
        return Ok(nlctrl::decode_news(command, attributes)?.map(Decoded::News));
    }
    if joined.is_some_and(|joined| joined.family == message.kind) {
        let (command, attributes) = message.generic()?;
        if command == command::EVENT_NTF {
            return decode_event(attributes).map(Decoded::Event).map(Some);
        }
    }
    Ok(None) // of another family, or of a kind that a newer driver sends
}
