//! Who is found, and that nobody is missed.

use super::*;
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Uid, chown};
use proptest::prelude::*;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use tempfile::TempDir;

/// A folder for files that nobody else can write, whatever mask the tests are started with.
pub(crate) fn folder() -> TempDir {
    umask(Mode::from_bits_truncate(0o022));
    let folder = TempDir::new().unwrap();
    assert_eq!(findings(folder.path()), [], "the tests' folder is safe");
    folder
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The paths that are found, by the commands that mend them.
fn mends(path: &Path) -> Vec<String> {
    findings(path).into_iter().map(|found| found.mend).collect()
}

proptest! {
    /// Whoever the kernel would let write is found, and nobody else.
    #[test]
    fn exactly_who_can_write_is_found(
        owner in prop_oneof![Just(0u32), Just(7), 0u32..20],
        mode in 0u32..0o10000,
        is_folder: bool,
    ) {
        let me = 7;
        let kind = if is_folder { Kind::Folder } else { Kind::Other };
        let keeps_entries = is_folder && mode & 0o1000 != 0;
        let others_write = mode & 0o022 != 0 && !keeps_entries;
        let is_safe = (owner == 0 || owner == me) && !others_write;
        prop_assert_eq!(stranger(kind, owner, mode, me).is_none(), is_safe);
    }
}

#[test]
fn file_that_others_can_write_is_found() {
    let folder = folder();
    let file = folder.path().join("it's");
    fs::write(&file, "").unwrap();
    for (mode, change) in [
        (0o755, None),
        (0o775, Some("g-w")),
        (0o757, Some("o-w")),
        (0o777, Some("go-w")),
    ] {
        set_mode(&file, mode);
        let expected =
            change.map(|change| format!("chmod {change} '{}/it'\\''s'", folder.path().display()));
        assert_eq!(mends(&file), Vec::from_iter(expected), "{mode:o}");
    }
}

#[test]
fn every_folder_above_is_looked_at() {
    let folder = folder();
    let inner = folder.path().join("a/b");
    fs::create_dir_all(&inner).unwrap();
    let file = inner.join("file");
    fs::write(&file, "").unwrap();
    set_mode(&folder.path().join("a"), 0o777);
    let found = findings(&file);
    let name = folder.path().join("a");
    assert_eq!(
        found,
        [Unsafe {
            what: format!("the folder {} can be written by everybody", name.display()),
            mend: format!("chmod go-w {}", name.display()),
        }]
    );
    set_mode(&name, 0o1777);
    assert_eq!(findings(&file), []);
}

#[test]
fn folders_of_a_links_target_are_looked_at() {
    let folder = folder();
    let open = folder.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::write(open.join("file"), "").unwrap();
    let safe = folder.path().join("safe");
    fs::create_dir(&safe).unwrap();
    let absolute = safe.join("absolute");
    symlink(open.join("file"), &absolute).unwrap();
    let relative = safe.join("relative");
    symlink("../open/file", &relative).unwrap();
    set_mode(&open, 0o777);
    for link in [absolute, relative] {
        assert_eq!(mends(&link), [format!("chmod go-w {}", open.display())]);
    }
}

#[test]
fn link_to_itself_ends() {
    let folder = folder();
    let link = folder.path().join("link");
    symlink(&link, &link).unwrap();
    assert_eq!(findings(&link), []);
}

#[test]
fn file_of_somebody_else_is_found() {
    // Only root can give a file away.
    if !geteuid().is_root() {
        return;
    }
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    chown(&file, Some(Uid::from_raw(12_345)), None).unwrap();
    assert_eq!(mends(&file), [format!("chown root {}", file.display())]);
}
