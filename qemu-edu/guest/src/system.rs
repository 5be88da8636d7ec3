//! Handing the machine over to the system on a disk, as the initramfs of a distribution does.
//!
//! What the testbed adds to that system is in the folder [`ADDED`] of the initramfs. It is copied
//! over it first, so that the disk's image needs to know nothing of the testbed.

use std::{
    ffi::CString,
    fs,
    io::{self, ErrorKind},
    os::unix::fs::symlink,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use nix::{
    mount::{MsFlags, mount},
    unistd::{chdir, chroot, execv},
};

/// Word of the kernel's command line that names the disk.
const PARAMETER: &str = "irqcast.root=";

/// Folder of what is added to the system.
const ADDED: &str = "/added";

/// Where the disk is mounted.
const SYSTEM: &str = "/system";

/// What is moved to the system as it is; it mounts the rest itself.
const MOVED: [&str; 3] = ["dev", "proc", "sys"];

/// How long the kernel may take to find the disk.
const LIMIT: Duration = Duration::from_secs(60);

/// How long to sleep between two looks; only the boot waits like this.
const STEP: Duration = Duration::from_millis(2);

/// The disk that the kernel's command line names, if it names one.
pub fn disk() -> Result<Option<String>> {
    let line = fs::read_to_string("/proc/cmdline").context("failed to read /proc/cmdline")?;
    Ok(named_in(&line))
}

fn named_in(line: &str) -> Option<String> {
    line.split_whitespace()
        .find_map(|word| word.strip_prefix(PARAMETER))
        .map(str::to_owned)
}

/// Becomes PID 1 of the system on the disk. Returns only where that fails.
pub fn enter(disk: &str) -> Result<()> {
    wait_for(Path::new(disk))?;
    fs::create_dir_all(SYSTEM).context("failed to make a folder")?;
    // The image was made without initialising what nobody has used; the kernel need not do it
    // beside everything else.
    let options = MsFlags::MS_NOATIME;
    mount(
        Some(disk),
        SYSTEM,
        Some("ext4"),
        options,
        Some("noinit_itable"),
    )
    .with_context(|| format!("failed to mount {disk}"))?;
    let system = Path::new(SYSTEM);
    let of_run = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(
        Some("tmpfs"),
        &system.join("run"),
        Some("tmpfs"),
        of_run,
        Some("mode=0755"),
    )
    .context("failed to mount the system's /run")?;
    add(Path::new(ADDED), system).context("failed to add the testbed's files to the system")?;
    // It would take memory as long as the machine runs.
    fs::remove_dir_all(ADDED).context("failed to free the memory of what was added")?;
    for name in MOVED {
        move_mount(&Path::new("/").join(name), &system.join(name))?;
    }
    chdir(system).context("failed to enter the system")?;
    move_mount(Path::new("."), Path::new("/"))?;
    chroot(".").context("failed to make the system's folder the root")?;
    chdir("/").context("failed to enter the new root")?;
    let program = CString::new("/sbin/init")?;
    execv(&program, std::slice::from_ref(&program)).context("failed to start /sbin/init")?;
    Ok(())
}

fn wait_for(disk: &Path) -> Result<()> {
    let start = Instant::now();
    while !disk.exists() {
        if start.elapsed() > LIMIT {
            bail!("no {} after {} s", disk.display(), LIMIT.as_secs());
        }
        thread::sleep(STEP);
    }
    Ok(())
}

fn move_mount(from: &Path, to: &Path) -> Result<()> {
    let none: Option<&str> = None;
    mount(Some(from), to, none, MsFlags::MS_MOVE, none)
        .with_context(|| format!("failed to move the mount {}", from.display()))
}

/// Copies the tree `from` over `to`. What is there is replaced, but for folders, which stay.
fn add(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            if !target.is_dir() {
                fs::create_dir(&target)?;
                fs::set_permissions(&target, entry.metadata()?.permissions())?;
            }
            add(&entry.path(), &target)?;
            continue;
        }
        match fs::remove_file(&target) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        if kind.is_symlink() {
            symlink(fs::read_link(entry.path())?, &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::named_in;

    #[test]
    fn disk_is_named_on_the_command_line() {
        let line = "console=ttyS0 irqcast.root=/dev/nvme0n1 quiet\n";
        assert_eq!(named_in(line).as_deref(), Some("/dev/nvme0n1"));
        assert_eq!(named_in("console=ttyS0 root=/dev/sda\n"), None);
    }
}
