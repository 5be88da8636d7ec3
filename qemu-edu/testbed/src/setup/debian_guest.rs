//! The Debian guest: a real Debian system with systemd and udev, as the image of a disk.
//!
//! It holds nothing of the testbed and nothing of irqcast. What a boot adds to it comes with the
//! initramfs, and what a guest writes goes to a layer above the image.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

use super::{
    apt,
    debian_tree::{self, Contents},
    mirror, mke2fs,
    packages::KernelPackages,
    run, space,
};
use crate::{
    cache::{Cache, Facts, Key, remove_tree},
    cli::{KernelChoice, Options},
    namespace,
    ui::{Step, Ui},
};

/// Packages beside the kernel's modules and those that every Debian system has.
const PACKAGES: [&str; 10] = [
    "apt",
    "dbus",
    "init-system-helpers",
    "kmod",
    "less",
    "passwd",
    "procps",
    "systemd",
    "systemd-sysv",
    "udev",
];

/// Units that are of no use in a machine without a network, a screen or a person in front of it, and
/// take time in each boot.
const MASKED: [&str; 27] = [
    "apt-daily-upgrade.timer",
    "apt-daily.timer",
    "console-getty.service",
    "dev-hugepages.mount",
    "dev-mqueue.mount",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty-static.service",
    "getty@tty1.service",
    "kmod-static-nodes.service",
    "ldconfig.service",
    "modprobe@configfs.service",
    "modprobe@fuse.service",
    "proc-sys-fs-binfmt_misc.automount",
    "serial-getty@ttyS0.service",
    "sys-fs-fuse-connections.mount",
    "sys-kernel-config.mount",
    "sys-kernel-tracing.mount",
    "systemd-binfmt.service",
    "systemd-firstboot.service",
    "systemd-hwdb-update.service",
    "systemd-logind.service",
    "systemd-networkd-wait-online.service",
    "systemd-pstore.service",
    "systemd-tmpfiles-clean.timer",
];

/// Programs that look for disks, consoles and the like before the boot begins, and find none. Each takes
/// about as long as a service.
const MASKED_GENERATORS: [&str; 12] = [
    "rc-local-generator",
    "systemd-bless-boot-generator",
    "systemd-cryptsetup-generator",
    "systemd-getty-generator",
    "systemd-gpt-auto-generator",
    "systemd-hibernate-resume-generator",
    "systemd-integritysetup-generator",
    "systemd-ssh-generator",
    "systemd-sysv-generator",
    "systemd-system-update-generator",
    "systemd-tpm2-generator",
    "systemd-veritysetup-generator",
];

/// Files of the system, beside those of its packages.
const FILES: [(&str, &str); 4] = [
    ("etc/hostname", "debian\n"),
    ("etc/hosts", "127.0.0.1 localhost\n127.0.1.1 debian\n"),
    // Otherwise systemd takes each boot for the first one.
    ("etc/machine-id", "5b6a3c7f3d1c4f0e9a57d2a1c6e0b845\n"),
    ("etc/fstab", "# The root is mounted by the testbed.\n"),
];

/// What mmdebstrap leaves: where the packages came from, and what was left out of them. Packages that
/// are installed in the guest are to be whole.
const REMOVED: [&str; 3] = [
    "etc/apt/sources.list",
    "etc/apt/apt.conf.d/99mmdebstrap",
    "etc/dpkg/dpkg.cfg.d/99mmdebstrap",
];

/// Times by which systemd knows that caches are as new as `/usr`.
const UP_TO_DATE: [&str; 2] = ["etc/.updated", "var/.updated"];

/// Name of the image in the cache entry.
const IMAGE: &str = "debian.ext4";

/// Size of the file system, in bytes. The image is sparse.
const SIZE: u64 = 2 << 30;

/// Disk space that tree and image take while they are made, in bytes.
const SPACE: u64 = 1_200_000_000;

/// Raised when [`settle`] does something else.
const VERSION: &str = "1";

/// Fails, and says what to do, for a kernel of another name than the stock one's.
pub fn require_stock(name: &str) -> anyhow::Result<()> {
    anyhow::ensure!(
        name == KernelChoice::Stock.name(),
        "the Debian guest boots Debian's own kernel, which has the drivers and modules that it needs, and \
         the {name} kernel was asked for; leave out --kernel and --kdir"
    );
    Ok(())
}

/// Name of its cache entry, whether it is there or not.
pub fn entry_name(kernel: &KernelPackages) -> String {
    key(kernel).name()
}

/// Returns the image, made if need be.
pub fn get(
    options: &Options,
    cache: &Cache,
    ui: &Ui,
    kernel: &KernelPackages,
) -> anyhow::Result<PathBuf> {
    let entry = cache.get(&key(kernel), ui, |folder| {
        namespace::check_allowed()?;
        space::require(folder, SPACE)?;
        let mke2fs = mke2fs::get(options, cache, ui)?;
        let step = ui.step("Debian guest");
        let tree = folder.join("tree");
        let modules = modules(kernel).map(|name| format!("{name}={}", kernel.version));
        debian_tree::make_with_owners(
            ui,
            &step,
            &mirror::find(options)?,
            &Contents::with_kernel(&PACKAGES, modules),
            &tree,
        )?;
        settle(&tree)?;
        make_image(ui, &step, mke2fs, &tree, &folder.join(IMAGE))?;
        // Everything is in the image.
        remove_tree(&tree)?;
        step.finish(&format!("Debian {} with systemd", apt::RELEASE));
        Ok(Facts::new())
    })?;
    Ok(entry.path().join(IMAGE))
}

fn key(kernel: &KernelPackages) -> Key {
    Key::of("debian")
        .with("release", apt::RELEASE)
        .with("packages", PACKAGES.join(" "))
        .with("modules", modules(kernel).collect::<Vec<_>>().join(" "))
        .with("kernel", &kernel.version)
        .with("masked", MASKED.join(" "))
        .with("generators", MASKED_GENERATORS.join(" "))
        .with("files", format!("{FILES:?}"))
        .with("size", SIZE.to_string())
        .with("version", VERSION)
        .build()
}

/// The kernel's packages that have its modules.
fn modules(kernel: &KernelPackages) -> impl Iterator<Item = &str> {
    let has_modules =
        |name: &&str| name.starts_with("linux-modules-") || name.starts_with("linux-image-");
    kernel.names.iter().map(String::as_str).filter(has_modules)
}

/// Makes of the tree the system that boots quickly and needs no network.
fn settle(tree: &Path) -> anyhow::Result<()> {
    let write = |path: &str, text: &str| {
        let path = tree.join(path);
        fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))
    };
    for (path, text) in FILES {
        write(path, text)?;
    }
    for path in REMOVED {
        let path = tree.join(path);
        fs::remove_file(&path).with_context(|| format!("failed to remove {}", path.display()))?;
    }
    mask(&tree.join("etc/systemd/system"), &MASKED)?;
    mask(
        &tree.join("etc/systemd/system-generators"),
        &MASKED_GENERATORS,
    )?;
    // After all that, since their times count.
    for path in UP_TO_DATE {
        write(path, "")?;
    }
    Ok(())
}

/// Makes links of these names, which say that there is nothing to start.
fn mask(folder: &Path, names: &[&str]) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("failed to create {}", folder.display()))?;
    for name in names {
        let link = folder.join(name);
        symlink("/dev/null", &link)
            .with_context(|| format!("failed to mask what {} stands for", link.display()))?;
    }
    Ok(())
}

/// Makes an ext4 image of the tree, with the owners that its files have there.
fn make_image(
    ui: &Ui,
    step: &Step<'_>,
    mut mke2fs: Command,
    tree: &Path,
    image: &Path,
) -> anyhow::Result<()> {
    step.message("making the image");
    fs::File::create(image)
        .and_then(|file| file.set_len(SIZE))
        .with_context(|| format!("failed to make {}", image.display()))?;
    mke2fs.args(["-q", "-F", "-t", "ext4", "-L", "debian", "-m", "0"]);
    mke2fs.arg("-d").arg(tree).arg(image);
    run::run(ui, step, "mke2fs", namespace::isolate(&mke2fs), |_| {})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_come_with_either_kind_of_kernel_package() {
        let of = |names: &[&str]| {
            let kernel = KernelPackages {
                release: "7.3".to_owned(),
                version: "7.3-1".to_owned(),
                series: "7.3".to_owned(),
                names: names.iter().map(ToString::to_string).collect(),
            };
            modules(&kernel).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(
            of(&["linux-source-7.3", "linux-headers-7", "linux-modules-7"]),
            ["linux-modules-7"]
        );
        assert_eq!(
            of(&["linux-source-7.3", "linux-image-7"]),
            ["linux-image-7"]
        );
    }
}
