//! What the daemon itself keeps, and what hooks inherit from that.
//!
//! When it starts, the daemon gives up for good every capability that neither it nor any rule needs. What
//! rules need it keeps without using it, for their second stages. Being root gives none to a program
//! that is started from then on, nor does any other mark of a program's file: a hook has none.

use super::Confinement;
use super::capability::{each, list};
use super::network;
use crate::rule::Rule;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::{Mode, umask};
use nix::unistd::geteuid;
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, CapabilitySets, capabilities, capabilities_secure_bits,
    capability_is_in_bounding_set, clear_ambient_capability_set,
    configure_capability_in_ambient_set, remove_capability_from_bounding_set, set_capabilities,
    set_capabilities_secure_bits, set_no_new_privs,
};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::sync::OnceLock;
use tracing::{debug, warn};

/// What the daemon uses itself: to join the group, and to signal hooks of other users.
const USED: CapabilitySet = CapabilitySet::NET_ADMIN.union(CapabilitySet::KILL);

/// What this process keeps; not there in one that has given nothing up.
static KEPT: OnceLock<Kept> = OnceLock::new();

struct Kept {
    permitted: CapabilitySet,
    /// Whether it can gain no new privileges any more.
    no_new_privileges: bool,
    /// Whether what a child inherits is all that a hook gets by default.
    children_are_confined: bool,
    network: Option<OwnedFd>,
}

/// Why a configuration cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A rule needs what the daemon has not.
    #[error(
        "the rule {rule:?} needs {missing} for `{key}`, which the daemon does not have or gave up when it \
         started; restart it, with these capabilities"
    )]
    Capability {
        /// The rule.
        rule: String,
        /// The key of its confinement.
        key: &'static str,
        /// The names of the capabilities.
        missing: String,
    },
    /// A rule may gain privileges, and the daemon has given that up for all its children.
    #[error(
        "the rule {0:?} has `new-privileges`, which the daemon cannot give any more or was itself started \
         without; restart it, without NoNewPrivileges="
    )]
    NewPrivileges(String),
    /// A system call failed.
    #[error("failed to {0}: {1}")]
    System(&'static str, io::Error),
}

/// Lets nobody else read what the daemon or a hook makes, where it does not say otherwise.
pub fn keep_files_private() {
    umask(Mode::from_bits_truncate(0o077));
}

/// Gives up what neither the daemon nor these rules need.
///
/// # Errors
///
/// When a rule needs what is not there.
pub fn keep_only(rules: &[Rc<Rule>]) -> Result<(), Refused> {
    let system = |action| move |errno: rustix::io::Errno| Refused::System(action, errno.into());
    limit_core().map_err(|errno| Refused::System("limit core files", errno.into()))?;
    let had = capabilities(None).map_err(system("read the capabilities"))?;
    let no_new_privileges = rustix::thread::no_new_privs().unwrap_or(false);
    check(rules, had.permitted, no_new_privileges)?;
    let gives_privileges = rules.iter().any(|rule| rule.program.confine.new_privileges);
    let needed = needed(rules);
    let kept = needed | (had.permitted & CapabilitySet::NET_ADMIN);

    let all = CapabilitySets {
        effective: had.permitted,
        ..had
    };
    set_capabilities(None, all).map_err(system("use the capabilities"))?;
    let network = match needed.contains(CapabilitySet::SYS_ADMIN) {
        true => Some(
            network::make_empty()
                .map_err(|error| Refused::System("make an empty network", error))?,
        ),
        false => None,
    };
    let root_gives_none = match had.permitted.contains(CapabilitySet::SETPCAP) {
        true => {
            close_ways_back(kept, gives_privileges).map_err(system("give up capabilities"))?;
            true
        }
        false => capabilities_secure_bits()
            .is_ok_and(|bits| bits.contains(CapabilitiesSecureBits::NO_ROOT)),
    };
    if !gives_privileges {
        set_no_new_privs(true).map_err(system("give up new privileges"))?;
    }
    clear_ambient_capability_set().map_err(system("give up capabilities"))?;
    set_capabilities(
        None,
        CapabilitySets {
            effective: kept & USED,
            permitted: kept,
            inheritable: CapabilitySet::empty(),
        },
    )
    .map_err(system("give up capabilities"))?;
    let is_root = geteuid().is_root();
    if is_root && !root_gives_none {
        warn!("without CAP_SETPCAP every hook takes a second stage to have no capabilities");
    }
    debug!(capabilities = list(kept), "kept");
    let kept = Kept {
        permitted: kept,
        no_new_privileges: !gives_privileges,
        children_are_confined: !gives_privileges && (!is_root || root_gives_none),
        network,
    };
    // Set once: the daemon starts once.
    let _ = KEPT.set(kept);
    Ok(())
}

/// Whether the rules of a new configuration can be run with what this process kept.
pub fn allows(rules: &[Rc<Rule>]) -> Result<(), Refused> {
    match KEPT.get() {
        Some(kept) => check(rules, kept.permitted, kept.no_new_privileges),
        None => Ok(()),
    }
}

/// Whether a hook of this confinement is started by a second stage.
pub fn takes_stage(confinement: &Confinement) -> bool {
    *confinement != Confinement::default()
        || KEPT.get().is_some_and(|kept| !kept.children_are_confined)
}

/// The empty network namespace, where some rule may need it.
pub fn empty_network() -> Option<BorrowedFd<'static>> {
    KEPT.get()?.network.as_ref().map(|network| network.as_fd())
}

/// Starts a process with what its confinement needs, while no other is started.
pub fn lend<T>(confinement: &Confinement, start: impl FnOnce() -> T) -> rustix::io::Result<T> {
    let needed = union(confinement);
    if needed.is_empty() {
        return Ok(start());
    }
    let own = capabilities(None)?;
    let inheritable = needed;
    set_capabilities(None, CapabilitySets { inheritable, ..own })?;
    let raised: rustix::io::Result<()> = each(needed)
        .try_for_each(|capability| configure_capability_in_ambient_set(capability, true));
    let started = raised.map(|()| start());
    // With this the ambient ones are gone, too.
    set_capabilities(None, own)?;
    started
}

fn union(confinement: &Confinement) -> CapabilitySet {
    let needs = confinement.needs().into_iter();
    needs.fold(CapabilitySet::empty(), |all, (_, needed)| all | needed)
}

fn needed(rules: &[Rc<Rule>]) -> CapabilitySet {
    let each = rules.iter().map(|rule| union(&rule.program.confine));
    each.fold(CapabilitySet::empty(), CapabilitySet::union)
}

fn check(rules: &[Rc<Rule>], has: CapabilitySet, no_new_privileges: bool) -> Result<(), Refused> {
    for rule in rules {
        for (key, needed) in rule.program.confine.needs() {
            if !has.contains(needed) {
                return Err(Refused::Capability {
                    rule: rule.name.clone(),
                    key,
                    missing: list(needed - has),
                });
            }
        }
        if rule.program.confine.new_privileges && no_new_privileges {
            return Err(Refused::NewPrivileges(rule.name.clone()));
        }
    }
    Ok(())
}

/// Being root gives no capabilities to what is started, and no program's mark can give others than these.
fn close_ways_back(kept: CapabilitySet, gives_privileges: bool) -> rustix::io::Result<()> {
    let mut bits = CapabilitiesSecureBits::NO_ROOT;
    if !gives_privileges {
        bits |= CapabilitiesSecureBits::NO_ROOT_LOCKED;
        for capability in each(CapabilitySet::all() - kept) {
            // A kernel that does not know a capability has none of it to give.
            if capability_is_in_bounding_set(capability).unwrap_or(false) {
                remove_capability_from_bounding_set(capability)?;
            }
        }
    }
    set_capabilities_secure_bits(capabilities_secure_bits()? | bits)
}

/// No core files, of hooks neither; a rule may raise this up to the hard limit.
fn limit_core() -> nix::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_CORE)?;
    setrlimit(Resource::RLIMIT_CORE, 0, hard)
}
