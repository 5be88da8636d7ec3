//! The messages that other generic netlink families multicast, as bytes.
//!
//! One socket is a member of the groups of all of them, and of the controller's announcements: so a family
//! is joined when it comes, also for the second time. Such messages have no sequence numbers and nobody
//! keeps them. What came before the group was joined, or while the queue was full, is gone.

mod item;

use crate::error::Error;
use crate::message;
use crate::nlctrl::{self, Family, News};
use crate::requester::Requester;
use crate::socket::{ReceiveBuffer, Received, Socket};
pub use item::{FamilyItem, NotJoined, Wanted};
use nix::errno::Errno;
use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};

/// A listener to families.
pub struct Families {
    socket: Socket,
    receive_buffer: ReceiveBuffer,
    members: Vec<Member>,
    items: VecDeque<FamilyItem>,
}

/// A family that is wanted, and where it is.
struct Member {
    wanted: Wanted,
    /// Its number and those of its groups that were joined.
    joined: Option<(u16, Vec<u32>)>,
}

impl Families {
    /// Opens a socket with a queue of `receive_buffer` bytes, and joins the groups of those families that
    /// are there.
    ///
    /// # Errors
    ///
    /// When the controller cannot be asked or listened to.
    pub fn open(
        receive_buffer: usize,
        wanted: impl IntoIterator<Item = Wanted>,
    ) -> Result<Self, Error> {
        let socket = Socket::open()?;
        let receive_buffer = socket.set_receive_buffer(receive_buffer)?;
        let mut requester = Requester::open()?;
        let notify = nlctrl::resolve(&mut requester, nlctrl::FAMILY)?
            .and_then(|controller| controller.group(nlctrl::GROUP_NOTIFY))
            .ok_or_else(|| Error::NoGroup {
                family: nlctrl::FAMILY.to_owned(),
                group: nlctrl::GROUP_NOTIFY,
            })?;
        socket.join(notify, "join the group that announces families")?;
        let mut families = Self {
            socket,
            receive_buffer,
            members: Vec::new(),
            items: VecDeque::new(),
        };
        families.set_wanted(wanted)?;
        Ok(families)
    }

    /// Takes these families instead. Those that stay with the same groups miss nothing.
    pub fn set_wanted(&mut self, wanted: impl IntoIterator<Item = Wanted>) -> Result<(), Error> {
        let mut old = std::mem::take(&mut self.members);
        for wanted in wanted {
            let same = old.iter().position(|member| member.wanted == wanted);
            self.members.push(match same {
                Some(index) => old.swap_remove(index),
                None => Member {
                    wanted,
                    joined: None,
                },
            });
        }
        // Another family's groups have other numbers, but one family may be in both with other groups.
        for (id, groups) in old.into_iter().filter_map(|member| member.joined) {
            // Announcements are needed in any case.
            for group in groups.into_iter().filter(|_| id != nlctrl::FAMILY_ID) {
                self.socket.leave(group);
            }
        }
        self.look_up(false)
    }

    /// How much the queue may hold.
    #[must_use]
    pub fn receive_buffer(&self) -> ReceiveBuffer {
        self.receive_buffer
    }

    /// The next item, or `None` when there is none at the moment. Does not wait; poll the file
    /// descriptor for that, after this returned `None`.
    pub fn try_next(&mut self) -> Result<Option<FamilyItem>, Error> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Ok(Some(item));
            }
            match self.socket.receive() {
                Ok(Received::Empty) => return Ok(None),
                Ok(Received::Datagram) => self.take_datagram(),
                Ok(Received::Overrun) => {
                    self.items.push_back(FamilyItem::Overrun);
                    // Announcements may be among what was dropped.
                    self.look_up(true)?;
                }
                Err(Error::Malformed { source, .. }) => {
                    self.items.push_back(FamilyItem::Malformed(source));
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn take_datagram(&mut self) {
        let mut news = Vec::new();
        for message in message::messages(self.socket.datagram()) {
            let taken = message.and_then(|message| {
                let of = |member: &&Member| {
                    let joined = member.joined.as_ref();
                    joined.is_some_and(|&(id, _)| id == message.kind)
                };
                let member = self.members.iter().find(of);
                if member.is_none() && message.kind != nlctrl::FAMILY_ID {
                    return Ok(());
                }
                let (command, payload) = message.generic()?;
                if let Some(member) = member {
                    self.items.push_back(FamilyItem::Message {
                        family: member.wanted.family.clone(),
                        command,
                        payload: payload.to_vec(),
                    });
                }
                if message.kind == nlctrl::FAMILY_ID {
                    news.extend(nlctrl::decode_news(command, payload)?);
                }
                Ok(())
            });
            if let Err(error) = taken {
                self.items.push_back(FamilyItem::Malformed(error));
            }
        }
        for item in news {
            match item {
                News::Registered(family) => self.registered(&family),
                News::Unregistered(family) => self.unregistered(&family.name),
            }
        }
    }

    /// Asks which of the families are there: of all, or of those that have not been joined.
    fn look_up(&mut self, all: bool) -> Result<(), Error> {
        let mut requester = Requester::open()?;
        let asked: Vec<String> = self
            .members
            .iter()
            .filter(|member| all || member.joined.is_none())
            .map(|member| member.wanted.family.clone())
            .collect();
        for name in asked {
            match nlctrl::resolve(&mut requester, &name)? {
                Some(family) => self.registered(&family),
                None => self.unregistered(&name),
            }
        }
        Ok(())
    }

    fn registered(&mut self, family: &Family) {
        let mut members = self.members.iter_mut();
        let Some(member) = members.find(|member| member.wanted.family == family.name) else {
            return;
        };
        if member
            .joined
            .as_ref()
            .is_some_and(|&(id, _)| id == family.id)
        {
            return;
        }
        let name = || family.name.clone();
        let mut groups = Vec::new();
        for group in &member.wanted.groups {
            let reason = match family.group(group) {
                None => {
                    let known = family.groups.iter().map(|(name, _)| name.clone());
                    NotJoined::NoGroup(known.collect())
                }
                Some(number) => match self.socket.join(number, "join the group") {
                    Ok(()) => {
                        groups.push(number);
                        continue;
                    }
                    // The group is gone already; the news of that is on its way.
                    Err(Error::System { source, .. })
                        if source.raw_os_error() == Some(Errno::ENOENT as i32) =>
                    {
                        return;
                    }
                    Err(error) => NotJoined::Refused(error.to_string()),
                },
            };
            self.items.push_back(FamilyItem::NotJoined {
                family: name(),
                group: group.clone(),
                reason,
            });
        }
        if !groups.is_empty() {
            self.items.push_back(FamilyItem::Joined { family: name() });
        }
        member.joined = Some((family.id, groups));
    }

    fn unregistered(&mut self, name: &str) {
        let mut members = self.members.iter_mut();
        let member = members.find(|member| member.wanted.family == name);
        // The kernel ended the membership together with the groups.
        if member.is_some_and(|member| member.joined.take().is_some()) {
            self.items.push_back(FamilyItem::Left {
                family: name.to_owned(),
            });
        }
    }
}

impl AsFd for Families {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(family: &str, group: &str) -> Wanted {
        Wanted {
            family: family.to_owned(),
            groups: vec![group.to_owned()],
        }
    }

    /// What is told at once of these; each kernel has the controller, and others may announce.
    fn told(families: &mut Families) -> Vec<FamilyItem> {
        let next = || families.try_next().unwrap();
        std::iter::from_fn(next)
            .filter(|item| !matches!(item, FamilyItem::Message { .. }))
            .collect()
    }

    #[test]
    fn family_that_is_there_is_joined_and_others_are_waited_for() {
        let all = [wanted("nlctrl", "notify"), wanted("no-such-family", "x")];
        let mut families = Families::open(65_536, all).unwrap();
        let joined = FamilyItem::Joined {
            family: "nlctrl".to_owned(),
        };
        assert_eq!(told(&mut families), std::slice::from_ref(&joined));
        families.set_wanted([wanted("nlctrl", "notify")]).unwrap();
        assert_eq!(told(&mut families), []);
        families.set_wanted([]).unwrap();
        families.set_wanted([wanted("nlctrl", "notify")]).unwrap();
        assert_eq!(told(&mut families), [joined]);
    }

    #[test]
    fn group_that_a_family_has_not_is_told() {
        let mut families = Families::open(65_536, [wanted("nlctrl", "notifi")]).unwrap();
        let told = told(&mut families);
        let reason = match &told[0] {
            FamilyItem::NotJoined { reason, .. } => reason.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(reason, "the family has no such group, but notify");
    }
}
