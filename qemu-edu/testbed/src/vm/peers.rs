//! The daemons that irqcastd is compared with, of unmodified Debian packages, with what they need.
//! busybox, for mdev, is in each guest.

use std::{io::Write, path::Path};

use super::{borrowed::Borrowed, initramfs::Archive};

/// Adds them from a tree of the packages.
pub fn add<W: Write>(tree: &Path, archive: &mut Archive<W>) -> anyhow::Result<()> {
    let mut borrowed = Borrowed::of(tree, archive);
    borrowed.program("usr/sbin/acpid")?;
    borrowed.program("usr/bin/udevadm")?;
    borrowed.files("usr/lib/udev/rules.d")?;
    // The shell that acpid and mdev run hooks with; on Debian `sh` is this one.
    borrowed.program("usr/bin/dash")?;
    // The program looks at its name.
    archive.link("/usr/lib/systemd/systemd-udevd", "../../bin/udevadm")
}
