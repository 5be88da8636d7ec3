//! The second stage: what runs between the daemon and a confined hook, in the process that becomes it.
//!
//! It is the daemon's own program with [`ARGUMENT`] as first argument, then its instructions, then the
//! hook's program and arguments. It has only the capabilities that the instructions need.

use super::capability::each;
use super::{Confinement, Identity, mounts, network};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Gid, Uid, chdir, execv, setgroups, setresgid, setresuid, write};
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, CapabilitySets, capabilities_secure_bits,
    clear_ambient_capability_set, configure_capability_in_ambient_set, set_capabilities,
    set_capabilities_secure_bits, set_keep_capabilities, set_no_new_privs,
};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::env;
use std::ffi::{CString, OsString};
use std::fmt::Display;
use std::os::fd::{BorrowedFd, RawFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// What the daemon's program is told by its first argument to be this.
pub const ARGUMENT: &str = "start-confined";

/// What it is to do.
#[derive(Debug, Serialize, Deserialize)]
pub struct Instructions {
    /// Where to tell what failed.
    pub trouble: RawFd,
    /// The network namespace to go to.
    pub network: Option<RawFd>,
    /// What to set up.
    pub confinement: Confinement,
    /// The working folder, if it is another one than `/`.
    pub folder: Option<PathBuf>,
}

/// What failed, as it is told.
#[derive(Debug, thiserror::Error)]
#[error("failed to {step}: {reason}")]
struct Failed {
    step: String,
    reason: String,
}

fn failed<E: Display>(step: impl Into<String>) -> impl FnOnce(E) -> Failed {
    move |error| Failed {
        step: step.into(),
        reason: error.to_string(),
    }
}

/// The same for an error number, without the number.
fn refused(step: impl Into<String>) -> impl FnOnce(Errno) -> Failed {
    move |errno| failed(step)(errno.desc())
}

/// Becomes the hook, if the command line says so. Returns only if it does not, or if that failed.
pub fn run_if_asked() -> Option<ExitCode> {
    let mut arguments = env::args_os().skip(1);
    if arguments.next()?.to_str() != Some(ARGUMENT) {
        return None;
    }
    let instructions = arguments
        .next()
        .and_then(|text| serde_json::from_str::<Instructions>(text.to_str()?).ok());
    let Some(instructions) = instructions else {
        eprintln!("irqcastd {ARGUMENT} is for irqcastd itself");
        return Some(ExitCode::from(2));
    };
    let Err(error) = become_hook(&instructions, arguments.collect());
    // SAFETY: The daemon keeps it open for this process, and nothing here closes it.
    let trouble = unsafe { BorrowedFd::borrow_raw(instructions.trouble) };
    // There is nobody else to tell.
    let _ = write(trouble, error.to_string().as_bytes());
    Some(ExitCode::FAILURE)
}

fn become_hook(instructions: &Instructions, command: Vec<OsString>) -> Result<Infallible, Failed> {
    let Instructions {
        trouble,
        network,
        ref confinement,
        ref folder,
    } = *instructions;
    for raw in [Some(trouble), network].into_iter().flatten() {
        // SAFETY: The daemon opened it for this process, and nothing here closes it.
        let fd = unsafe { BorrowedFd::borrow_raw(raw) };
        fcntl(fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))
            .map_err(refused("keep the daemon's files from the hook"))?;
    }
    default_pipe_signal().map_err(refused("set the signals to their defaults"))?;
    if confinement.no_network && network.is_none() {
        return Err(failed("leave the network")("there is no empty one"));
    }
    if let Some(raw) = network {
        // SAFETY: As above.
        let fd = unsafe { BorrowedFd::borrow_raw(raw) };
        network::enter(fd).map_err(refused("leave the network"))?;
    }
    set_up_mounts(confinement)?;
    if let Some(folder) = folder {
        let step = format!("change to the folder {}", folder.display());
        chdir(folder).map_err(refused(step))?;
    }
    confine_paths(confinement)?;
    if let Some(identity) = &confinement.identity {
        become_user(identity)?;
    }
    if confinement.new_privileges {
        let step = "let programs give privileges";
        let bits = capabilities_secure_bits().map_err(failed(step))?;
        raise(CapabilitySet::SETPCAP).map_err(failed(step))?;
        set_capabilities_secure_bits(bits - CapabilitiesSecureBits::NO_ROOT)
            .map_err(failed(step))?;
    } else {
        set_no_new_privs(true).map_err(failed("give up new privileges"))?;
    }
    keep_capabilities(confinement.capabilities.0).map_err(failed("set the capabilities"))?;
    if let Some(mask) = confinement.umask {
        umask(Mode::from_bits_truncate(mask));
    }
    confinement
        .limits
        .set()
        .map_err(|(key, errno)| refused(format!("set the limit `{key}`"))(errno))?;
    let command: Vec<CString> = command
        .into_iter()
        .map(|argument| CString::new(argument.into_vec()))
        .collect::<Result<_, _>>()
        .map_err(failed("read the arguments"))?;
    let program = command.first().ok_or("none was named");
    let program = program.map_err(failed("start the program"))?;
    execv(program, &command).map_err(refused("start the program"))
}

/// Undoes what Rust's own start does to a signal.
fn default_pipe_signal() -> Result<(), Errno> {
    // SAFETY: Nothing here has a handler, and nobody relies on it being ignored.
    unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) }.map(drop)
}

fn set_up_mounts(confinement: &Confinement) -> Result<(), Failed> {
    if confinement.hidden.is_empty() && !confinement.private_tmp {
        return Ok(());
    }
    mounts::leave().map_err(refused("make mounts of its own"))?;
    for path in &confinement.hidden {
        mounts::hide(path).map_err(refused(format!("hide {}", path.display())))?;
    }
    if confinement.private_tmp {
        mounts::own_tmp().map_err(refused("make a private /tmp"))?;
    }
    Ok(())
}

fn confine_paths(confinement: &Confinement) -> Result<(), Failed> {
    match &confinement.paths {
        Some(paths) => paths.confine().map_err(failed("confine the paths")),
        None => Ok(()),
    }
}

fn become_user(identity: &Identity) -> Result<(), Failed> {
    let groups: Vec<Gid> = identity
        .groups
        .iter()
        .map(|&group| Gid::from_raw(group))
        .collect();
    setgroups(&groups).map_err(refused("set the groups"))?;
    let group = Gid::from_raw(identity.group);
    setresgid(group, group, group).map_err(refused("set the group"))?;
    if let Some(user) = identity.user {
        let step = "set the user";
        set_keep_capabilities(true).map_err(failed(step))?;
        let user = Uid::from_raw(user);
        setresuid(user, user, user).map_err(refused(step))?;
    }
    Ok(())
}

/// Makes a capability effective that the process may use and does not.
fn raise(capability: CapabilitySet) -> rustix::io::Result<()> {
    let mut sets = rustix::thread::capabilities(None)?;
    sets.effective |= capability;
    set_capabilities(None, sets)
}

/// Keeps these and no others, also for the program that is started.
fn keep_capabilities(kept: CapabilitySet) -> rustix::io::Result<()> {
    clear_ambient_capability_set()?;
    set_capabilities(
        None,
        CapabilitySets {
            effective: kept,
            permitted: kept,
            inheritable: kept,
        },
    )?;
    for capability in each(kept) {
        configure_capability_in_ambient_set(capability, true)?;
    }
    Ok(())
}
