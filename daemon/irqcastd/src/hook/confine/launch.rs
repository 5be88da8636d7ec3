//! How the daemon starts a confined hook: what the second stage ([`super::stage`]) is given.

use super::own;
use super::stage::{ARGUMENT, Instructions};
use super::trouble::{self, Trouble};
use crate::rule::Program;
use nix::errno::Errno;
use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd, RawFd};

/// The daemon's own program, also after another one was installed in its place.
pub const PROGRAM: &CStr = c"/proc/self/exe";

/// An argument as the system takes it.
pub fn argument(text: impl AsRef<str>) -> CString {
    CString::new(text.as_ref()).expect("arguments with a NUL are refused when read")
}

/// The second stage of a confined hook.
pub struct Stage {
    trouble: Trouble,
    told: OwnedFd,
    network: Option<BorrowedFd<'static>>,
    instructions: String,
}

impl Stage {
    /// Prepares it. The files that it gets stay open as long as this.
    pub fn prepare(program: &Program) -> Result<Self, Errno> {
        let confinement = &program.confine;
        let (trouble, told) = trouble::pipe()?;
        let network = match confinement.no_network {
            true => Some(own::empty_network().ok_or(Errno::ENOTSUP)?),
            false => None,
        };
        let instructions = Instructions {
            trouble: told.as_raw_fd(),
            network: network.map(|network| network.as_raw_fd()),
            folder: program.folder.clone(),
            confinement: confinement.clone(),
        };
        let instructions = serde_json::to_string(&instructions).map_err(|_| Errno::EINVAL)?;
        Ok(Self {
            trouble,
            told,
            network,
            instructions,
        })
    }

    /// What it is called with, before the hook's own command.
    pub fn arguments(&self) -> [CString; 3] {
        ["irqcastd", ARGUMENT, &self.instructions].map(argument)
    }

    /// What it inherits besides the standard files.
    pub fn files(&self) -> impl Iterator<Item = RawFd> {
        let network = self.network.map(|network| network.as_raw_fd());
        [Some(self.told.as_raw_fd()), network].into_iter().flatten()
    }

    /// Where it tells that it failed, once it was started.
    pub fn into_trouble(self) -> Trouble {
        self.trouble
    }
}
