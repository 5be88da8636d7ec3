//! Modules of the kernel's own package.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use nix::errno::Errno;
use nix::kmod::{DeleteModuleFlags, delete_module};
use nix::libc;

/// A module that is loaded. Dropping it unloads it, where nothing uses it.
pub struct Module(&'static CStr);

impl Module {
    /// Loads the module of that name, which is in this folder of the kernel's drivers. The kernel
    /// unpacks it itself where its package packs modules.
    pub fn load(folder: &Path, name: &'static CStr) -> Result<Self> {
        const COMPRESSED: i32 = 4;

        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
        let path = |ending: &str| {
            PathBuf::from(format!("/lib/modules/{}/kernel", release.trim()))
                .join(folder)
                .join(format!("{}.ko{ending}", name.to_string_lossy()))
        };
        let (file, flags) = match File::open(path("")) {
            Ok(file) => (file, 0),
            Err(_) => {
                let packed = path(".xz");
                let file = File::open(&packed)
                    .with_context(|| format!("failed to open {}", packed.display()))?;
                (file, COMPRESSED)
            }
        };
        let parameters = CString::default();
        // SAFETY: the descriptor is open, and the parameters end with a NUL.
        let loaded = unsafe {
            libc::syscall(
                libc::SYS_finit_module,
                file.as_raw_fd(),
                parameters.as_ptr(),
                flags,
            )
        };
        match Errno::result(loaded) {
            Ok(_) | Err(Errno::EEXIST) => Ok(Self(name)),
            Err(error) => Err(error).with_context(|| format!("failed to load {name:?}")),
        }
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        let _ = delete_module(self.0, DeleteModuleFlags::O_NONBLOCK);
    }
}
