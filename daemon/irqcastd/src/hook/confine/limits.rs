//! Limits of a hook's processes, as setrlimit(2) has them.

use nix::errno::Errno;
use nix::sys::resource::{Resource, rlim_t, setrlimit};
use serde::{Deserialize, Serialize};

/// Limits of each process; without one the daemon's holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of address space.
    pub memory: Option<u64>,
    /// Open files.
    pub open_files: Option<u64>,
    /// Processes and threads of the hook's user, of all programs together.
    pub processes: Option<u64>,
    /// Bytes of a file that it writes.
    pub file_size: Option<u64>,
    /// Seconds of processor time: then it gets SIGXCPU, and SIGKILL a second later.
    pub cpu_time: Option<u64>,
    /// Bytes of a core file.
    pub core: Option<u64>,
}

impl Limits {
    /// Sets them for this process.
    ///
    /// # Errors
    ///
    /// The key of the limit that could not be set, and why.
    pub fn set(&self) -> Result<(), (&'static str, Errno)> {
        let limits = [
            ("memory", Resource::RLIMIT_AS, self.memory),
            ("open-files", Resource::RLIMIT_NOFILE, self.open_files),
            ("processes", Resource::RLIMIT_NPROC, self.processes),
            ("file-size", Resource::RLIMIT_FSIZE, self.file_size),
            ("core", Resource::RLIMIT_CORE, self.core),
        ];
        for (key, resource, limit) in limits {
            if let Some(limit) = limit {
                let limit: rlim_t = limit;
                setrlimit(resource, limit, limit).map_err(|errno| (key, errno))?;
            }
        }
        if let Some(seconds) = self.cpu_time {
            setrlimit(Resource::RLIMIT_CPU, seconds, seconds + 1)
                .map_err(|errno| ("cpu-time", errno))?;
        }
        Ok(())
    }
}
