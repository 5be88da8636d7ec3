//! What a hook can open: Landlock, which the kernel's documentation describes in
//! Documentation/userspace-api/landlock.rst.
//!
//! Landlock takes away what is not allowed, for everything beneath a folder that is named or for
//! nothing. So a rule lists what may be read and what may be written, and all else is out of reach. It
//! cannot take away a folder beneath one that is allowed: that takes a mount ([`super::mounts`]).
//! Whom Landlock confines cannot look at processes that it does not, either, and so not through
//! `/proc/PID/root` at what is hidden.

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, CompatLevel, Compatible as _, PathBeneath, PathFd,
    PathFdError, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError,
};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// What must be there: since Linux 6.2 nothing that writes is left out, as truncation was before.
const REQUIRED: ABI = ABI::V3;

/// What is used where it is there: ioctls on devices since Linux 6.10, connecting to sockets in the
/// file system since 7.1.
const WANTED: ABI = ABI::V9;

/// Nobody needs to ask for this one.
const ALWAYS_WRITABLE: &str = "/dev/null";

/// All that a hook can open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paths {
    /// Folders and files that it can read and run.
    pub read_only: Vec<PathBuf>,
    /// Folders and files that it can read, run and write.
    pub writable: Vec<PathBuf>,
    /// Whether it runs without this where the kernel has no Landlock.
    pub best_effort: bool,
}

/// Why the paths could not be confined.
#[derive(Debug, thiserror::Error)]
pub enum PathsError {
    /// One that was listed cannot be opened.
    #[error("{0}")]
    Open(#[from] PathFdError),
    /// The kernel refused, or has no Landlock.
    #[error("{0}")]
    Landlock(#[from] RulesetError),
}

impl Paths {
    /// For a hook that may open everything, and must not look at other processes.
    pub fn everything(best_effort: bool) -> Self {
        Self {
            read_only: Vec::new(),
            writable: vec!["/".into()],
            best_effort,
        }
    }

    /// Confines this thread and all that it starts. It can gain no new privileges from then on.
    pub fn confine(&self) -> Result<(), PathsError> {
        let mut rules = self
            .ruleset()?
            .create()?
            .set_compatibility(CompatLevel::BestEffort);
        let all = AccessFs::from_all(WANTED);
        let (read, write) = (AccessFs::from_read(WANTED), all);
        let listed = self.read_only.iter().map(|path| (path.as_path(), read));
        let writable = self.writable.iter().map(|path| (path.as_path(), write));
        let always = Path::new(ALWAYS_WRITABLE);
        let always = always.exists().then_some((always, write));
        for (path, access) in listed.chain(writable).chain(always) {
            rules = rules.add_rule(beneath(path, access)?)?;
        }
        rules.restrict_self()?;
        Ok(())
    }

    fn ruleset(&self) -> Result<Ruleset, RulesetError> {
        let required = match self.best_effort {
            true => CompatLevel::BestEffort,
            false => CompatLevel::HardRequirement,
        };
        Ruleset::default()
            .set_compatibility(required)
            .handle_access(AccessFs::from_all(REQUIRED))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(WANTED))
    }
}

/// Whether the kernel has what is needed.
pub fn kernel_can() -> bool {
    let strict = Paths::everything(false);
    strict.ruleset().and_then(Ruleset::create).is_ok()
}

fn beneath(path: &Path, access: BitFlags<AccessFs>) -> Result<PathBeneath<PathFd>, PathFdError> {
    // A file has no entries, and Landlock refuses rights on them.
    let access = match fs::metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        true => access,
        false => access & AccessFs::from_file(WANTED),
    };
    Ok(PathBeneath::new(PathFd::new(path)?, access))
}
