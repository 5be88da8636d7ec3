//! Kernel modules: the peers' own, as the distribution packs them, and those of irqcast.

use std::{
    ffi::CString,
    fs::{self, File},
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use nix::{
    errno::Errno,
    kmod::{DeleteModuleFlags, ModuleInitFlags, delete_module, finit_module},
};

/// Where the testbed puts modules that it built.
const OWN: &str = "/lib/irqcast";

/// `MODULE_INIT_COMPRESSED_FILE` of include/uapi/linux/module.h.
const COMPRESSED: u32 = 4;

/// How long a module may stay in use after its last user has gone.
const LIMIT: Duration = Duration::from_secs(20);

/// A module of the testbed's own, loaded. Dropping it unloads it.
pub struct Loaded(&'static str);

impl Loaded {
    /// Loads the module with parameters such as `measure=1`.
    pub fn load(name: &'static str, parameters: &str) -> Result<Self> {
        let path = PathBuf::from(OWN).join(format!("{name}.ko"));
        if !path.exists() {
            bail!("the guest has no {}", path.display());
        }
        insert(&path, parameters)?;
        Ok(Self(name))
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        let Ok(name) = CString::new(self.0) else {
            return;
        };
        let start = Instant::now();
        while let Err(Errno::EAGAIN | Errno::EBUSY) =
            delete_module(&name, DeleteModuleFlags::O_NONBLOCK)
        {
            if start.elapsed() > LIMIT {
                eprintln!("{} cannot be unloaded", self.0);
                return;
            }
            sleep(Duration::from_millis(1));
        }
    }
}

/// Loads a module of the kernel's package and what it depends on, and leaves it loaded.
pub fn load_stock(name: &str) -> Result<()> {
    let release = nix::sys::utsname::uname()?;
    let folder = Path::new("/lib/modules").join(release.release());
    let list = folder.join("modules.dep");
    let list = fs::read_to_string(&list)
        .with_context(|| format!("the guest has no modules of its kernel's package ({name})"))?;
    let file = format!("/{name}.ko");
    let (module, dependencies) = list
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(path, _)| path.contains(&file))
        .with_context(|| format!("the kernel has no module {name}"))?;
    // A module is listed before what its dependencies need.
    for path in dependencies.split_whitespace().rev().chain([module]) {
        insert(&folder.join(path), "")?;
    }
    Ok(())
}

fn insert(path: &Path, parameters: &str) -> Result<()> {
    let file = File::open(path).with_context(|| format!("failed to open {}", path.display()))?;
    let compressed = path.extension().is_some_and(|ending| ending != "ko");
    let flags = match compressed {
        true => ModuleInitFlags::from_bits_retain(COMPRESSED),
        false => ModuleInitFlags::empty(),
    };
    match finit_module(&file, &CString::new(parameters)?, flags) {
        Ok(()) | Err(Errno::EEXIST) => Ok(()),
        Err(error) => {
            Err(error).with_context(|| format!("failed to load {} {parameters}", path.display()))
        }
    }
}
