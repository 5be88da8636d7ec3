//! Who may read and who may act. Pure.

use super::peer::Peer;
use irqcast_control::{Refusal, RefusalKind};

/// A group whose members may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readers {
    /// Its name.
    pub name: String,
    /// Its ID.
    pub id: u32,
}

/// Who may do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// ID of the daemon's user, who may do all, as root may.
    pub owner: u32,
    /// The group that may read.
    pub readers: Option<Readers>,
}

/// What somebody may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Nothing.
    Nothing,
    /// Ask for what changes nothing.
    Read,
    /// Everything.
    Act,
}

impl Access {
    /// What `peer` may.
    pub fn right(&self, peer: &Peer) -> Right {
        const ROOT: u32 = 0;
        if peer.user == ROOT || peer.user == self.owner {
            return Right::Act;
        }
        let reads = self
            .readers
            .as_ref()
            .is_some_and(|readers| peer.groups.contains(&readers.id));
        match reads {
            true => Right::Read,
            false => Right::Nothing,
        }
    }

    /// Says to somebody who may not read who may, and what to do.
    pub fn refuse_reading(&self) -> Refusal {
        let message = match &self.readers {
            Some(Readers { name, .. }) => format!(
                "not permitted: root, the daemon's user (ID {}) and the group {name} may; become one of the \
                 group with usermod --append --groups {name} USER",
                self.owner
            ),
            None => format!(
                "not permitted: only root and the daemon's user (ID {}) may; others where the configuration \
                 names a group for them: [control] group = \"GROUP\"",
                self.owner
            ),
        };
        Refusal::new(RefusalKind::NotPermitted, message)
    }

    /// Says to somebody who may only read who may act.
    pub fn refuse_acting(&self) -> Refusal {
        let message = format!(
            "not permitted: you may only read; root and the daemon's user (ID {}) may do this",
            self.owner
        );
        Refusal::new(RefusalKind::NotPermitted, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(user: u32, groups: &[u32], readers: Option<u32>, expected: Right) {
        let access = Access {
            owner: 100,
            readers: readers.map(|id| Readers {
                name: "irq".to_owned(),
                id,
            }),
        };
        let peer = Peer {
            user,
            groups: groups.to_vec(),
        };
        assert_eq!(access.right(&peer), expected, "{peer:?}");
    }

    #[test]
    fn root_and_the_daemons_user_may_all() {
        check(0, &[], None, Right::Act);
        check(100, &[7], Some(5), Right::Act);
    }

    #[test]
    fn others_may_read_only_with_the_group() {
        check(1000, &[1000, 5], Some(5), Right::Read);
        check(1000, &[1000], Some(5), Right::Nothing);
        check(1000, &[0, 100], None, Right::Nothing);
    }

    #[test]
    fn refusals_say_which_group() {
        let mut access = Access {
            owner: 100,
            readers: None,
        };
        let said = access.refuse_reading().message;
        assert!(said.contains("[control] group"), "{said}");
        access.readers = Some(Readers {
            name: "irq".to_owned(),
            id: 5,
        });
        let said = access.refuse_reading().message;
        assert!(said.contains("--groups irq USER"), "{said}");
        assert!(access.refuse_acting().message.contains("ID 100"));
    }
}
