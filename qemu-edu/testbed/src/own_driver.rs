//! A person's own driver on irqcast's core: a folder as `new` makes it, or one like it.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use irqcast_ynl::Spec;

/// How the line of a `Kbuild` begins that names the module, as `irqcast/Kbuild.include` wants it.
const MODULE: &str = "irqcast-module :=";

/// A driver's folder, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnDriver {
    /// The folder, as an absolute path.
    pub folder: PathBuf,
    /// Name of the module.
    pub module: String,
    /// Name of its netlink family.
    pub family: String,
    /// Name of the file in `spec/` that describes the family.
    spec: String,
}

/// A file of the driver that a guest has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestFile {
    /// Its path in the guest.
    pub path: String,
    /// Where it is on this machine.
    pub from: PathBuf,
    /// Its permissions.
    pub mode: u32,
}

impl OwnDriver {
    /// Looks at the driver in a folder. Fails, and says what is missing, if there is none.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let folder = folder
            .canonicalize()
            .with_context(|| format!("there is no driver in {}", folder.display()))?;
        let kbuild = folder.join("Kbuild");
        let text = fs::read_to_string(&kbuild).with_context(|| {
            format!(
                "failed to read {}; is this the folder of a driver, as `cargo testbed new` makes it?",
                kbuild.display()
            )
        })?;
        let module = module_of(&text).with_context(|| {
            format!(
                "{} has no line `{MODULE} NAME`, which names a module on irqcast's core",
                kbuild.display()
            )
        })?;
        let (spec, family) = family_of(&folder.join("spec"))?;
        Ok(Self {
            module: module.to_owned(),
            folder,
            family,
            spec,
        })
    }

    /// Names of the tests, which are scripts in the folder `tests`, in order.
    pub fn tests(&self) -> anyhow::Result<Vec<String>> {
        let folder = self.folder.join("tests");
        let names = files_below(&folder)?.into_iter().map(|file| {
            file.into_os_string()
                .into_string()
                .map_err(|name| anyhow::anyhow!("{name:?} in {} is no text", folder.display()))
        });
        let mut names: Vec<String> = names.collect::<Result<_, _>>()?;
        names.retain(|name| name.ends_with(".sh"));
        Ok(names)
    }

    /// Where the guest has a file of the driver's folder that is to be run there.
    pub fn script(&self, name: &str) -> String {
        format!("/usr/share/irqcast/{}/{name}", self.module)
    }

    /// Where the guest has the daemon's sample configuration.
    pub fn configuration(&self) -> String {
        format!("/etc/irqcast/{}/irqcastd.toml", self.module)
    }

    /// What a guest has of it beside the module: specification, sample configuration, scripts.
    pub fn guest_files(&self) -> anyhow::Result<Vec<GuestFile>> {
        let mut files = Vec::new();
        let mut add = |path: String, from: PathBuf| -> anyhow::Result<()> {
            let metadata = fs::metadata(&from)
                .with_context(|| format!("failed to read {}", from.display()))?;
            let mode = metadata.permissions().mode() & 0o777;
            files.push(GuestFile { path, from, mode });
            Ok(())
        };
        add(
            format!("/usr/share/irqcast/specs/{}", self.spec),
            self.folder.join("spec").join(&self.spec),
        )?;
        let raise = self.folder.join("raise.sh");
        if raise.exists() {
            add(self.script("raise.sh"), raise)?;
        }
        for (below, to) in [
            ("tests", self.script("tests")),
            ("sample", format!("/etc/irqcast/{}", self.module)),
        ] {
            for file in files_below(&self.folder.join(below))? {
                let from = self.folder.join(below).join(&file);
                add(format!("{to}/{}", file.display()), from)?;
            }
        }
        Ok(files)
    }
}

/// Name of the module that a `Kbuild` builds.
fn module_of(kbuild: &str) -> Option<&str> {
    let mut lines = kbuild.lines();
    let name = lines
        .find_map(|line| line.trim().strip_prefix(MODULE))?
        .trim();
    let well_formed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(well_formed)).then_some(name)
}

/// The specification in a folder, and the name of its family.
fn family_of(folder: &Path) -> anyhow::Result<(String, String)> {
    let mut files = files_below(folder)?;
    files.retain(|file| file.extension().is_some_and(|end| end == "yaml"));
    ensure!(
        files.len() == 1,
        "{} holds {} specifications (*.yaml), and a driver has one, of its netlink family",
        folder.display(),
        files.len()
    );
    let path = folder.join(&files[0]);
    let spec =
        Spec::load(&path).with_context(|| format!("{} is no specification", path.display()))?;
    Ok((files[0].display().to_string(), spec.name))
}

/// Files below a folder, relative to it and in order, but for hidden ones. None where there is no folder.
fn files_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    match folder.exists() {
        true => crate::setup::driver_files(folder),
        false => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{commands::new, setup::Workspace};

    #[test]
    fn new_driver_is_known() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("sample");
        new::write_sample(&Workspace::find().unwrap(), &folder).unwrap();
        let own = OwnDriver::open(&folder).unwrap();
        assert_eq!(
            (own.module.as_str(), own.family.as_str()),
            ("sample", "sample")
        );
        assert_eq!(own.tests().unwrap(), ["event.sh", "probe.sh"]);
        let files = own.guest_files().unwrap();
        for (path, mode) in [
            ("/usr/share/irqcast/specs/sample.yaml", 0o644),
            ("/etc/irqcast/sample/irqcastd.toml", 0o644),
            ("/etc/irqcast/sample/hooks/interrupted", 0o755),
            ("/usr/share/irqcast/sample/raise.sh", 0o755),
            ("/usr/share/irqcast/sample/tests/probe.sh", 0o755),
        ] {
            let file = files.iter().find(|file| file.path == path);
            assert_eq!(file.map(|file| file.mode), Some(mode), "{path}");
        }
    }

    #[test]
    fn driver_without_tests_and_sample_is_one() {
        let e1000 = Workspace::find().unwrap().root.join("tests/e1000");
        let own = OwnDriver::open(&e1000).unwrap();
        assert_eq!(own.family, "irqcast-e1000");
        assert_eq!(own.tests().unwrap(), Vec::<String>::new());
        assert_eq!(own.guest_files().unwrap().len(), 1);
    }

    #[test]
    fn other_folders_are_refused_for_their_reason() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |reason: &str| {
            let error = OwnDriver::open(folder.path()).unwrap_err();
            assert!(format!("{error:#}").contains(reason), "{error:#}");
        };
        refused("is this the folder of a driver");
        fs::write(folder.path().join("Kbuild"), "obj-m := x.o\n").unwrap();
        refused("has no line `irqcast-module := NAME`");
        fs::write(folder.path().join("Kbuild"), "irqcast-module := x y\n").unwrap();
        refused("has no line `irqcast-module := NAME`");
        fs::write(folder.path().join("Kbuild"), "irqcast-module := x\n").unwrap();
        refused("holds 0 specifications");
        let error = OwnDriver::open(&folder.path().join("none")).unwrap_err();
        assert!(
            error.to_string().contains("there is no driver in"),
            "{error:#}"
        );
    }
}
