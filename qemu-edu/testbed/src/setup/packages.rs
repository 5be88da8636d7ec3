//! Which packages make the stock kernel: chosen once, then kept in the cache.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::{apt, mirror};
use crate::{
    cache::{Cache, remove_tree},
    cli::Options,
    ui::Ui,
};

/// Flavour of Debian's kernel that is used: the smallest, and quick to boot.
const FLAVOUR: &str = "cloud-amd64";

/// Packages of one build of Debian's kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelPackages {
    /// What `uname -r` prints, such as `7.3.4+deb13-cloud-amd64`.
    pub release: String,
    /// Version of all these packages, such as `7.3.4-1~bpo13+1`.
    pub version: String,
    /// Series, such as `7.3`.
    pub series: String,
    /// Names of the packages to install: source, headers, image and modules.
    pub names: Vec<String>,
}

/// Returns the packages that were chosen before, or with `update` (or the first time) looks on
/// the mirror for the newest kernel of the series.
pub fn choose(
    options: &Options,
    cache: &Cache,
    ui: &Ui,
    update: bool,
) -> anyhow::Result<KernelPackages> {
    let file = record(options, cache);
    if !update && let Some(known) = read(&file) {
        return Ok(known);
    }
    let _lock = cache.lock("packages", ui)?;
    if !update && let Some(known) = read(&file) {
        return Ok(known);
    }
    let step = ui.step("kernel packages");
    let mirror = mirror::find(options)?;
    step.message(&mirror);
    let lists = cache.folder().join("lists");
    remove_tree(&lists)?;
    let text = apt::fetch_packages(ui, &step, &mirror, &lists)?;
    let found = newest(&text, &options.series).with_context(|| {
        format!(
            "{mirror} has no complete set of Linux {} packages for {FLAVOUR} in {}; \
             name another mirror with --mirror, or (as an experiment) another series with \
             --series",
            options.series,
            apt::KERNEL_SUITE
        )
    })?;
    let json = serde_json::to_vec_pretty(&found).context("failed to describe the packages")?;
    let temporary = file.with_extension("new");
    fs::write(&temporary, json)
        .and_then(|()| fs::rename(&temporary, &file))
        .with_context(|| format!("failed to write {}", file.display()))?;
    step.finish(&format!("Linux {} ({})", found.release, found.version));
    Ok(found)
}

fn record(options: &Options, cache: &Cache) -> PathBuf {
    cache
        .folder()
        .join(format!("packages-{}.json", options.series))
}

fn read(file: &PathBuf) -> Option<KernelPackages> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

/// Returns the newest kernel of `series` in a package list of which all packages are there, in
/// one version. Debian builds signed and unsigned images; they differ in nothing but the
/// signature, and in which packages they come.
fn newest(list: &str, series: &str) -> Option<KernelPackages> {
    let versions: BTreeMap<_, _> = list.split("\n\n").filter_map(name_and_version).collect();
    let source = format!("linux-source-{series}");
    let mut found: Vec<_> = versions
        .iter()
        .filter_map(|(name, version)| {
            let release = name.strip_prefix("linux-headers-")?;
            let abi = release.strip_suffix(FLAVOUR)?.strip_suffix('-')?;
            let in_series = abi.strip_prefix(series)?.starts_with(['.', '+', '-', '~']);
            let has = |name: &String| versions.get(name.as_str()) == Some(version);
            let images = [
                vec![
                    format!("linux-binary-unsigned-{release}"),
                    format!("linux-modules-{release}"),
                ],
                vec![
                    format!("linux-binary-{release}"),
                    format!("linux-modules-{release}"),
                ],
                vec![format!("linux-image-{release}-unsigned")],
                vec![format!("linux-image-{release}")],
            ];
            let image = images.into_iter().find(|names| names.iter().all(has))?;
            let complete = in_series && has(&source) && has(&format!("linux-kbuild-{abi}"));
            complete.then(|| KernelPackages {
                release: release.to_owned(),
                version: (*version).to_owned(),
                series: series.to_owned(),
                names: [source.clone(), (*name).to_owned()]
                    .into_iter()
                    .chain(image)
                    .collect(),
            })
        })
        .collect();
    found.sort_by_key(|kernel| numbers(&kernel.version));
    found.pop()
}

fn name_and_version(stanza: &str) -> Option<(&str, &str)> {
    let field = |name| {
        stanza
            .lines()
            .find_map(|line: &str| line.strip_prefix(name))
    };
    let name = field("Package: ")?;
    // The list holds thousands of other packages.
    name.starts_with("linux-").then_some(())?;
    Some((name, field("Version: ")?))
}

/// The numbers in a version, which order versions of one package of one suite.
fn numbers(version: &str) -> Vec<u64> {
    version
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(packages: &[(&str, &str)]) -> String {
        packages
            .iter()
            .map(|(name, version)| format!("Package: {name}\nVersion: {version}\nSize: 1\n\n"))
            .collect()
    }

    fn kernel(patch: u32, image: &[&str]) -> Vec<(String, String)> {
        let version = format!("7.3.{patch}-1~bpo13+1");
        let abi = format!("7.3.{patch}+deb13");
        [
            "linux-headers-@-cloud-amd64",
            "linux-headers-@-amd64",
            "linux-kbuild-@",
        ]
        .iter()
        .chain(image)
        .map(|name| (name.replace('@', &abi), version.clone()))
        .collect()
    }

    fn newest_of(packages: &[(String, String)]) -> Option<KernelPackages> {
        let borrowed: Vec<_> = packages
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        newest(&list(&borrowed), "7.3")
    }

    const UNSIGNED: [&str; 2] = [
        "linux-binary-unsigned-@-cloud-amd64",
        "linux-modules-@-cloud-amd64",
    ];

    #[test]
    fn newest_complete_kernel_is_taken() {
        let source = |patch: u32| {
            (
                "linux-source-7.3".to_owned(),
                format!("7.3.{patch}-1~bpo13+1"),
            )
        };
        let ten = [kernel(9, &UNSIGNED), kernel(10, &UNSIGNED)].concat();
        let with_source = [ten.clone(), vec![source(10)]].concat();
        let found = newest_of(&with_source).unwrap();
        assert_eq!(found.release, "7.3.10+deb13-cloud-amd64");
        assert_eq!(
            found.names,
            [
                "linux-source-7.3",
                "linux-headers-7.3.10+deb13-cloud-amd64",
                "linux-binary-unsigned-7.3.10+deb13-cloud-amd64",
                "linux-modules-7.3.10+deb13-cloud-amd64",
            ]
        );
        // The source of another version is of no use.
        let older = [ten.clone(), vec![source(9)]].concat();
        assert_eq!(
            newest_of(&older).unwrap().release,
            "7.3.9+deb13-cloud-amd64"
        );
        assert_eq!(newest_of(&ten), None);
    }

    #[test]
    fn image_packages_go_by_several_names() {
        let source = ("linux-source-7.3".to_owned(), "7.3.4-1~bpo13+1".to_owned());
        let cases: [(&[&str], Option<usize>); 4] = [
            (&["linux-image-@-cloud-amd64"], Some(3)),
            (
                &["linux-binary-@-cloud-amd64", "linux-modules-@-cloud-amd64"],
                Some(4),
            ),
            (&["linux-binary-@-cloud-amd64"], None),
            (&[], None),
        ];
        for (image, count) in cases {
            let packages = [kernel(4, image), vec![source.clone()]].concat();
            let found = newest_of(&packages).map(|kernel| kernel.names.len());
            assert_eq!(found, count, "{image:?}");
        }
    }

    #[test]
    fn other_series_do_not_count() {
        let packages = [
            kernel(4, &UNSIGNED),
            vec![("linux-source-7.3".into(), "7.3.4-1~bpo13+1".into())],
        ]
        .concat();
        let borrowed: Vec<_> = packages
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        for (series, found) in [("7.3", true), ("7", false), ("7.4", false), ("7.30", false)] {
            assert_eq!(
                newest(&list(&borrowed), series).is_some(),
                found,
                "{series}"
            );
        }
    }
}
