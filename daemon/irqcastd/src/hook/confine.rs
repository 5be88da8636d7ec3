//! Whom a hook runs as, and what it may use.
//!
//! What every hook gets is a property of the daemon's own process ([`own`]), which a child inherits, so
//! that it costs nothing: no capabilities, no new privileges, a private file mode mask, no core files.
//! What a rule asks for beyond that is set up by a second stage ([`stage`]): the daemon's own program is
//! started in the hook's place, confines itself and becomes the hook. So the daemon need not fork, and
//! what fails is told with its reason ([`trouble`]).

pub mod capability;
pub mod launch;
mod limits;
mod mounts;
pub mod network;
pub mod own;
pub mod paths;
pub mod stage;
pub mod trouble;

pub use limits::Limits;
pub use paths::Paths;

use capability::Capabilities;
use rustix::thread::CapabilitySet;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Folders that `private-tmp` replaces.
pub fn private_tmp_folders() -> Vec<PathBuf> {
    mounts::TMP.map(PathBuf::from).to_vec()
}

/// What a rule asks for. The default is what every hook gets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// Whom it runs as, where not as the daemon's user.
    pub identity: Option<Identity>,
    /// Whether it may gain privileges by programs that are marked to give them.
    pub new_privileges: bool,
    /// Capabilities that it has.
    pub capabilities: Capabilities,
    /// File mode mask, of the bits 0o777, where not the daemon's.
    pub umask: Option<u32>,
    /// Limits of its processes.
    pub limits: Limits,
    /// All that it can open, where there is a limit to that.
    pub paths: Option<Paths>,
    /// Folders that look empty to it, and files that do.
    pub hidden: Vec<PathBuf>,
    /// Whether it has a `/tmp` of its own, which goes when it ends.
    pub private_tmp: bool,
    /// Whether it sees no network.
    pub no_network: bool,
}

/// Whom a hook runs as, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The user, where not the daemon's.
    pub user: Option<u32>,
    /// The group.
    pub group: u32,
    /// All further groups.
    pub groups: Vec<u32>,
}

impl Confinement {
    /// Capabilities that the daemon must have to give the hook what it asks for, with the key that needs
    /// them.
    pub fn needs(&self) -> Vec<(&'static str, CapabilitySet)> {
        // A folder that is named may lie in one that only its owner can enter.
        let search = CapabilitySet::DAC_READ_SEARCH;
        let mount = CapabilitySet::SYS_ADMIN;
        // To be able to end the hook the daemon may have to signal another user's processes.
        let identity = CapabilitySet::SETUID | CapabilitySet::SETGID | CapabilitySet::KILL;
        [
            (self.identity.is_some(), "user", identity),
            (
                self.new_privileges,
                "new-privileges",
                CapabilitySet::SETPCAP,
            ),
            (true, "capabilities", self.capabilities.0),
            (!self.hidden.is_empty(), "hidden", mount | search),
            (self.paths.is_some(), "writable", search),
            (self.private_tmp, "private-tmp", mount),
            (self.no_network, "network", mount),
        ]
        .into_iter()
        .filter(|(asked, _, needed)| *asked && !needed.is_empty())
        .map(|(_, key, needed)| (key, needed))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_needs_nothing() {
        assert_eq!(Confinement::default().needs(), []);
    }

    #[test]
    fn needs_are_those_of_the_keys() {
        let confinement = Confinement {
            private_tmp: true,
            capabilities: Capabilities(CapabilitySet::SYS_TIME),
            ..Confinement::default()
        };
        assert_eq!(
            confinement.needs(),
            [
                ("capabilities", CapabilitySet::SYS_TIME),
                ("private-tmp", CapabilitySet::SYS_ADMIN)
            ]
        );
    }

    #[test]
    fn arrives_as_it_was_sent() {
        let confinement = Confinement {
            identity: Some(Identity {
                user: Some(1),
                group: 2,
                groups: vec![3],
            }),
            capabilities: Capabilities(CapabilitySet::SYS_TIME),
            umask: Some(0o27),
            hidden: vec!["/a b".into()],
            ..Confinement::default()
        };
        let text = serde_json::to_string(&confinement).unwrap();
        assert_eq!(
            serde_json::from_str::<Confinement>(&text).unwrap(),
            confinement
        );
    }
}
