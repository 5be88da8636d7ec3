//! Writing a driver's folder, whole or not at all.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use anyhow::{Context as _, bail, ensure};
use nix::{
    errno::Errno,
    fcntl::{AT_FDCWD, RenameFlags, renameat2},
};

use super::{Core, template::File};

/// Writes the files, and a copy of the core, to the new folder `to`.
pub fn whole(to: &Path, files: &[File], core: &Core) -> anyhow::Result<()> {
    ensure!(
        fs::symlink_metadata(to).is_err(),
        "{} is there already; choose another name or folder",
        to.display()
    );
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    ensure!(
        parent.is_dir(),
        "there is no folder {} to put the driver into; make it first",
        parent.display()
    );
    let partial = tempfile::Builder::new()
        .prefix(".irqcast-new-")
        .permissions(Permissions::from_mode(0o755))
        .tempdir_in(parent)
        .with_context(|| format!("failed to make a folder in {}", parent.display()))?;
    for file in files {
        let path = partial.path().join(&file.path);
        make_parent(&path)?;
        fs::write(&path, &file.text)
            .and_then(|()| fs::set_permissions(&path, Permissions::from_mode(file.mode)))
            .with_context(|| format!("failed to write {}", path.display()))?;
    }
    for file in &core.files {
        let path = partial.path().join(file);
        make_parent(&path)?;
        fs::copy(core.folder.join(file), &path)
            .with_context(|| format!("failed to copy {}", file.display()))?;
    }
    match renameat2(
        AT_FDCWD,
        partial.path(),
        AT_FDCWD,
        to,
        RenameFlags::RENAME_NOREPLACE,
    ) {
        Ok(()) => {
            // It is not there any more under this name.
            let _ = partial.keep();
            Ok(())
        }
        Err(Errno::EEXIST) => bail!("{} has just been made by somebody else", to.display()),
        Err(error) => Err(error).with_context(|| format!("failed to make {}", to.display())),
    }
}

fn make_parent(path: &Path) -> anyhow::Result<()> {
    let parent = path.parent().context("a file is in a folder")?;
    fs::create_dir_all(parent).with_context(|| format!("failed to make {}", parent.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::Workspace;

    fn files() -> Vec<File> {
        vec![File {
            path: "tests/run.sh".into(),
            text: "#!/bin/sh\n".to_owned(),
            mode: 0o755,
        }]
    }

    #[test]
    fn folder_has_files_and_core() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("card");
        let core = Core::of(&Workspace::find().unwrap()).unwrap();
        whole(&to, &files(), &core).unwrap();
        let mode = fs::metadata(to.join("tests/run.sh"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o755);
        for file in [
            "irqcast.rs",
            "irqcast/notify/device.rs",
            "irqcast/Kbuild.include",
        ] {
            assert!(to.join(file).is_file(), "{file}");
        }
        assert!(!to.join("irqcast_edu.rs").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_there_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let core = Core::of(&Workspace::find().unwrap()).unwrap();
        let (file, missing) = (folder.path().join("file"), folder.path().join("no/card"));
        fs::write(&file, "mine").unwrap();
        for (to, reason) in [
            (&file, "is there already"),
            (&missing, "there is no folder"),
        ] {
            let error = whole(to, &files(), &core).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
