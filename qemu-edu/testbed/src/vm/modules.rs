//! Modules of the kernel's own package.

use std::{collections::BTreeSet, fs, io::Write};

use anyhow::Context as _;

use super::initramfs::{Archive, PLAIN};
use crate::prepared::Prepared;

/// Adds the modules and all that they depend on.
pub fn add<W: Write>(
    prepared: &Prepared,
    archive: &mut Archive<W>,
    names: &[&str],
) -> anyhow::Result<()> {
    let folder = format!("usr/lib/modules/{}", prepared.kernel.release);
    let list = prepared.build_root.join(&folder).join("modules.dep");
    if prepared.kernel.name != "stock" {
        return Ok(());
    }
    let text =
        fs::read_to_string(&list).with_context(|| format!("failed to read {}", list.display()))?;
    for path in with_dependencies(&text, names) {
        let file = format!("{folder}/{path}");
        archive.copy(&format!("/{file}"), &prepared.build_root.join(&file), PLAIN)?;
    }
    archive.copy(&format!("/{folder}/modules.dep"), &list, PLAIN)
}

/// Adds the module `nlmon`, from the kernel's package or from the tree that the kernel was
/// built in. Where there is none, the guest has to do without.
pub fn add_nlmon<W: Write>(prepared: &Prepared, archive: &mut Archive<W>) -> anyhow::Result<()> {
    const NLMON: &str = "drivers/net/nlmon.ko";

    if prepared.kernel.name == "stock" {
        return add(prepared, archive, &["nlmon"]);
    }
    // The image is arch/x86/boot/bzImage of that tree.
    let tree = prepared.kernel.image.ancestors().nth(4);
    match tree.map(|tree| tree.join(NLMON)) {
        Some(module) if module.exists() => {
            let path = format!(
                "/usr/lib/modules/{}/kernel/{NLMON}",
                prepared.kernel.release
            );
            archive.copy(&path, &module, PLAIN)
        }
        _ => Ok(()),
    }
}

/// Paths of the modules and of what they depend on, from a `modules.dep`, whose lines say of
/// each module everything that it needs.
fn with_dependencies<'a>(list: &'a str, names: &[&str]) -> BTreeSet<&'a str> {
    let wanted = |path: &str| {
        let file = path.rsplit('/').next().unwrap_or(path);
        names.iter().any(|name| {
            file.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(".ko"))
        })
    };
    list.lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(module, _)| wanted(module))
        .flat_map(|(module, needs)| [module].into_iter().chain(needs.split_whitespace()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::with_dependencies;

    #[test]
    fn dependencies_come_along() {
        let list = "kernel/drivers/uio/uio.ko.xz:\n\
                    kernel/drivers/uio/uio_cif.ko.xz: kernel/drivers/uio/uio.ko.xz\n\
                    kernel/vfio/vfio-pci.ko.xz: kernel/vfio/vfio-pci-core.ko.xz kernel/vfio/vfio.ko.xz\n";
        let of = |names| {
            with_dependencies(list, names)
                .into_iter()
                .collect::<Vec<_>>()
        };
        assert_eq!(of(&["uio"]), ["kernel/drivers/uio/uio.ko.xz"]);
        assert_eq!(
            of(&["vfio-pci", "uio_cif"]),
            [
                "kernel/drivers/uio/uio.ko.xz",
                "kernel/drivers/uio/uio_cif.ko.xz",
                "kernel/vfio/vfio-pci-core.ko.xz",
                "kernel/vfio/vfio-pci.ko.xz",
                "kernel/vfio/vfio.ko.xz"
            ]
        );
    }
}
