//! What a kernel tree says about itself, and whether the testbed can use it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{super::config, compilers::Compilers};

/// Options that the guest cannot do without, and what for.
const NEEDED: [(&str, &str); 9] = [
    ("CONFIG_MODULES", "to load the driver"),
    ("CONFIG_NET", "for netlink"),
    ("CONFIG_PCI", "for the device"),
    ("CONFIG_BLK_DEV_INITRD", "to start the guest"),
    ("CONFIG_DEVTMPFS", "for device nodes"),
    ("CONFIG_TMPFS", "for the guest's files"),
    ("CONFIG_SERIAL_8250_CONSOLE", "for the kernel log"),
    ("CONFIG_VIRTIO_PCI", "to talk to the guest"),
    ("CONFIG_VIRTIO_CONSOLE", "to talk to the guest"),
];

/// What a kernel tree says about itself.
#[derive(Debug)]
pub(super) struct Tree {
    /// What `uname -r` prints.
    pub(super) release: String,
    /// Compressed kernel image.
    pub(super) image: PathBuf,
    /// Source tree.
    pub(super) source: PathBuf,
    /// What it was built with.
    pub(super) compilers: Compilers,
}

/// Reads what the tree says about itself. Each thing that is wrong has a message of its own.
pub(super) fn inspect(folder: &Path, series: &str) -> anyhow::Result<Tree> {
    let has = |name: &str| folder.join(name).exists();
    // A separate folder for objects has a makefile too, but no Kconfig.
    let is_tree = has("Makefile")
        && (has("Kconfig") || has("source") || has("include/config/auto.conf") || has(".config"));
    anyhow::ensure!(
        is_tree,
        "it is no kernel tree (it has no Makefile and Kconfig); name the folder in which you ran \
         `make`, or its O= folder"
    );
    anyhow::ensure!(
        has(".config"),
        "it is not configured (it has no .config); configure it with CONFIG_RUST=y and run `make`"
    );
    let release = fs::read_to_string(folder.join("include/config/kernel.release"))
        .map(|text| text.trim().to_owned())
        .ok()
        .filter(|release| !release.is_empty())
        .context("it is configured but not prepared or built; run `make` in it")?;
    anyhow::ensure!(
        release
            .strip_prefix(series)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit())),
        "it is Linux {release}, and the driver is for Linux {series}; use a tree of that series \
         (or, as an experiment, name the other with --series)"
    );
    let config = config::read(&folder.join(".config"))?;
    let option = |name| config::value(&config, name);
    anyhow::ensure!(
        option("CONFIG_RUST") == "y",
        "it is configured without Rust; switch CONFIG_RUST on (`make LLVM=1 rustavailable` says \
         what that lacks) and build it again"
    );
    for (name, reason) in NEEDED {
        anyhow::ensure!(
            option(name) == "y",
            "it is configured without {name}=y, which the guest needs {reason}; switch it on and \
             build it again"
        );
    }
    for name in ["rust/libcore.rmeta", "rust/libkernel.rmeta"] {
        anyhow::ensure!(
            has(name),
            "it has no compiled Rust metadata ({name} is missing); run `make` in it (a \
             distribution's headers package lacks this: use the built tree)"
        );
    }
    anyhow::ensure!(
        has("Module.symvers"),
        "it is only prepared: Module.symvers is missing; run `make` in it, with modules"
    );
    let image = folder.join("arch/x86/boot/bzImage");
    anyhow::ensure!(
        image.exists(),
        "it holds no kernel image (arch/x86/boot/bzImage); run `make bzImage` in it"
    );
    let source = match folder.join("source").canonicalize() {
        Ok(source) => source,
        Err(_) => separate_source(folder)?,
    };
    Ok(Tree {
        release,
        image,
        source,
        compilers: Compilers::read(&config)?,
    })
}

/// Finds the source of a tree without a `source` link: the tree itself, or what the makefile of
/// an O= folder includes.
fn separate_source(folder: &Path) -> anyhow::Result<PathBuf> {
    if folder.join("Kconfig").exists() {
        return Ok(folder.to_owned());
    }
    let path = folder.join("Makefile");
    let makefile =
        fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    let source = makefile
        .lines()
        .find_map(|line| line.strip_prefix("include ")?.strip_suffix("/Makefile"))
        .map(PathBuf::from)
        .context("its Makefile does not say where the source is")?;
    anyhow::ensure!(
        source.join("Kconfig").exists(),
        "its source folder {} is gone; a module cannot be built without it",
        source.display()
    );
    Ok(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "\
CONFIG_CC_VERSION_TEXT=\"gcc-14 (Debian 14.2.0-19) 14.2.0\"
CONFIG_RUSTC_VERSION_TEXT=\"rustc 1.85.1\"
CONFIG_RUST=y
";

    /// A tree with everything that the checks ask for.
    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let needed: String = NEEDED
            .iter()
            .map(|(name, _)| format!("{name}=y\n"))
            .collect();
        for (name, text) in [
            ("Makefile", "VERSION = 7\n"),
            ("Kconfig", ""),
            (".config", &(CONFIG.to_owned() + &needed)),
            ("include/config/kernel.release", "7.3.2-mine\n"),
            ("rust/libcore.rmeta", ""),
            ("rust/libkernel.rmeta", ""),
            ("Module.symvers", ""),
            ("arch/x86/boot/bzImage", ""),
        ] {
            write(folder.path(), name, text);
        }
        folder
    }

    fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn whole_tree_is_accepted() {
        let folder = tree();
        let tree = inspect(folder.path(), "7.3").unwrap();
        assert_eq!(tree.release, "7.3.2-mine");
        assert_eq!(tree.source, folder.path());
        assert_eq!(tree.compilers.tool, "CC=gcc-14");
        assert_eq!(tree.compilers.rust, "rustc 1.85.1");
    }

    #[test]
    fn each_fault_has_its_message() {
        let cases = [
            ("Makefile", "no kernel tree"),
            (".config", "not configured"),
            ("include/config/kernel.release", "not prepared"),
            ("rust/libkernel.rmeta", "no compiled Rust metadata"),
            ("Module.symvers", "only prepared"),
            ("arch/x86/boot/bzImage", "no kernel image"),
        ];
        for (name, words) in cases {
            let folder = tree();
            fs::remove_file(folder.path().join(name)).unwrap();
            let error = inspect(folder.path(), "7.3").unwrap_err().to_string();
            assert!(error.contains(words), "without {name}: {error}");
        }
    }

    #[test]
    fn other_versions_and_configurations_are_refused() {
        let folder = tree();
        for release in ["7.4.0", "7.30.1", "6.12.1"] {
            write(folder.path(), "include/config/kernel.release", release);
            let error = inspect(folder.path(), "7.3").unwrap_err().to_string();
            assert!(error.contains(&format!("Linux {release}")), "{error}");
        }
        let folder = tree();
        let config = fs::read_to_string(folder.path().join(".config")).unwrap();
        for option in ["CONFIG_RUST", "CONFIG_VIRTIO_CONSOLE"] {
            let without = config.replace(&format!("{option}=y"), &format!("{option}=m"));
            write(folder.path(), ".config", &without);
            let error = inspect(folder.path(), "7.3").unwrap_err().to_string();
            assert!(error.contains(option), "{error}");
        }
    }

    #[test]
    fn source_of_a_separate_object_folder_is_found() {
        let source = tree();
        let objects = tree();
        fs::remove_file(objects.path().join("Kconfig")).unwrap();
        let makefile = format!("include {}/Makefile\n", source.path().display());
        write(objects.path(), "Makefile", &makefile);
        assert_eq!(
            inspect(objects.path(), "7.3").unwrap().source,
            source.path()
        );
        write(objects.path(), "Makefile", "include /nowhere/Makefile\n");
        let error = inspect(objects.path(), "7.3").unwrap_err().to_string();
        assert!(error.contains("/nowhere"), "{error}");
    }
}
