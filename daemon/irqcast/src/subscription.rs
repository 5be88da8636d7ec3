//! The stream of events, which outlives the driver.
//!
//! One socket is a member of two groups: the events of a driver, and the controller's announcements of
//! families. So both arrive in the order in which they happened, and what the driver sent before it was
//! removed is read before the news of its removal.
//!
//! Events that are missing are fetched from the driver's history, by requests on a socket of their own.

mod driver;
mod item;

use crate::decode::{DecodeError, decode_event_of};
use crate::error::Error;
use crate::event::Event;
use crate::family_name::FamilyName;
use crate::message::{self, Message};
use crate::nlctrl::{self, Family, News};
use crate::repair::{Position, Range, Repair};
use crate::requester::Requester;
use crate::socket::{ReceiveBuffer, Received, Socket};
use crate::wire::{self, command};
use driver::Driver;
pub use item::Item;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

/// A listener. It receives from the moment that it is open, if the driver is loaded, or else from the
/// moment that it is.
pub struct Subscription {
    family: FamilyName,
    socket: Socket,
    receive_buffer: ReceiveBuffer,
    joined: Option<Joined>,
    repair: Repair,
    history: Driver,
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
        Self::open_family(FamilyName::default(), receive_buffer)
    }

    /// The same for the driver whose family has this name, which has to be one on irqcast's core.
    ///
    /// # Errors
    ///
    /// As [`Self::open`], and [`Error::NoGroup`] when the family is not one of those.
    pub fn open_family(family: FamilyName, receive_buffer: usize) -> Result<Self, Error> {
        Self::open_with(family, receive_buffer, Repair::new())
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
        Self::open_with(FamilyName::default(), receive_buffer, repair)
    }

    fn open_with(family: FamilyName, receive_buffer: usize, repair: Repair) -> Result<Self, Error> {
        let socket = Socket::open()?;
        let receive_buffer = socket.set_receive_buffer(receive_buffer)?;
        let mut subscription = Self {
            socket,
            receive_buffer,
            joined: None,
            repair,
            history: Driver::new(family.clone()),
            family,
            is_behind: false,
            items: VecDeque::new(),
        };
        // Events first: who sees in /proc/net/netlink that a loaded driver has this listener may raise.
        subscription.look_up()?;
        let mut requester = Requester::open()?;
        let notify = nlctrl::resolve(&mut requester, nlctrl::FAMILY)?
            .and_then(|controller| controller.group(nlctrl::GROUP_NOTIFY))
            .ok_or_else(|| Error::NoGroup {
                family: nlctrl::FAMILY.to_owned(),
                group: nlctrl::GROUP_NOTIFY,
            })?;
        subscription
            .socket
            .join(notify, "join the group that announces families")?;
        // Once more, for the family that came before its announcement could be heard.
        subscription.look_up()?;
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
            match message.and_then(|message| self.decode(&message)) {
                Ok(Some(Decoded::Event(event))) => self.repair.received(event),
                Ok(Some(Decoded::News(item))) => news.push(item),
                Ok(None) => {}
                Err(error) => self.items.push_back(Item::Malformed(error)),
            }
        }
        for item in news {
            match item {
                News::Registered(family) if family.name == self.family.as_str() => {
                    self.join(&family)?
                }
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

    fn decode(&self, message: &Message<'_>) -> Result<Option<Decoded>, DecodeError> {
        if message.kind == nlctrl::FAMILY_ID {
            let (command, attributes) = message.generic()?;
            return Ok(nlctrl::decode_news(command, attributes)?.map(Decoded::News));
        }
        if self
            .joined
            .is_some_and(|joined| joined.family == message.kind)
        {
            let (command, attributes) = message.generic()?;
            if command == command::EVENT_NTF {
                let event = decode_event_of(self.family.is_edu(), attributes)?;
                return Ok(Some(Decoded::Event(event)));
            }
        }
        Ok(None) // of another family, or of a kind that a newer driver sends
    }

    /// Asks whether the family is there, and joins or leaves accordingly.
    fn look_up(&mut self) -> Result<(), Error> {
        match nlctrl::resolve(&mut Requester::open()?, self.family.as_str())? {
            Some(family) => self.join(&family),
            None => {
                // Whatever device comes, its life begins after this.
                self.repair.begin([]);
                self.leave();
                Ok(())
            }
        }
    }

    fn join(&mut self, family: &Family) -> Result<(), Error> {
        let group = family
            .group(wire::GROUP_EVENTS)
            .ok_or_else(|| Error::NoGroup {
                family: family.name.clone(),
                group: wire::GROUP_EVENTS,
            })?;
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
    /// what is not told. A driver that came while this was open may have had events before its group
    /// could be joined. They are fetched.
    fn note_starts(&mut self) -> Vec<Position> {
        // Where the driver has gone again, the news of that is on its way.
        let Ok(positions) = self.history.positions() else {
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
            match self.repair.next(&mut self.history) {
                Ok(told) => return Ok(told.map(Item::from)),
                // With the driver or the device, what it held is gone.
                Err(Error::DriverNotLoaded(_)) => self.repair.give_up(),
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
        match self.history.positions() {
            Ok(positions) => self.repair.caught_up(positions),
            // The news of that is on its way.
            Err(Error::DriverNotLoaded(_)) => {}
            Err(error) => return Err(error),
        }
        self.is_behind = false;
        Ok(())
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
