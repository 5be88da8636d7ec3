//! apt, used beside the machine's own package lists: what a Debian archive has on offer.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use super::run;
use crate::ui::{Step, Ui};

/// Debian release of the build root.
pub const RELEASE: &str = "trixie";

/// Suite that the kernel comes from.
pub const KERNEL_SUITE: &str = "trixie-backports";

/// The keys that a Debian archive may be signed with, by where Debian 12 and 13 keep them.
const KEYRINGS: [&str; 2] = [
    "/usr/share/keyrings/debian-archive-keyring.pgp",
    "/usr/share/keyrings/debian-archive-keyring.gpg",
];

/// Settings of this machine's apt that its private runs keep: how the mirror is reached.
const KEPT_SETTINGS: [&str; 9] = [
    "Acquire::http",
    "Acquire::https",
    "Acquire::mirror",
    "Acquire::Retries",
    "Acquire::ForceIPv4",
    "Acquire::ForceIPv6",
    "Acquire::Check-Valid-Until",
    "Acquire::Check-Date",
    "Acquire::Queue-Mode",
];

/// Settings that are off whatever the machine's configuration says: signatures are checked.
pub const NEVER: [&str; 4] = [
    "APT::Get::AllowUnauthenticated",
    "Acquire::AllowInsecureRepositories",
    "Acquire::AllowWeakRepositories",
    "Acquire::AllowDowngradeToInsecureRepositories",
];

/// Path of Debian's archive keys, if they are installed.
pub fn keyring() -> Option<&'static Path> {
    KEYRINGS.iter().map(Path::new).find(|path| path.exists())
}

/// A line of a sources list for `suite` on `mirror`, signed by Debian's own keys.
pub fn source_line(mirror: &str, suite: &str) -> anyhow::Result<String> {
    let keyring = keyring().context("the package debian-archive-keyring is missing")?;
    Ok(format!(
        "deb [arch=amd64 signed-by={}] {mirror} {suite} main",
        keyring.display()
    ))
}

/// Returns how this machine's apt reaches mirrors (proxies and the like), as lines of
/// configuration.
pub fn kept_settings() -> anyhow::Result<Vec<String>> {
    let mut command = Command::new("apt-config");
    command.arg("dump");
    Ok(select_settings(&run::text("apt-config dump", command)?))
}

fn select_settings(dump: &str) -> Vec<String> {
    dump.lines()
        .filter_map(|line| line.strip_suffix(';'))
        .filter(|line| {
            let Some((name, value)) = line.split_once(' ') else {
                return false;
            };
            let kept = KEPT_SETTINGS.iter().any(|kept| {
                name.strip_prefix(kept)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            });
            kept && value != "\"\""
        })
        .map(str::to_owned)
        .collect()
}

/// Fetches the package list of the kernel's suite into `folder` and returns it as text in
/// Debian's control format.
pub fn fetch_packages(
    ui: &Ui,
    step: &Step<'_>,
    mirror: &str,
    folder: &Path,
) -> anyhow::Result<String> {
    let private = Private::create(mirror, folder)?;
    let mut update = private.command("apt-get");
    update.args(["update", "-q", "--error-on=any"]);
    run::run(ui, step, "apt-get update", update, |_| {})?;
    let mut dump = private.command("apt-cache");
    dump.arg("dumpavail");
    run::text("apt-cache dumpavail", dump)
}

/// An apt with lists of its own, which needs no root.
struct Private {
    settings: Vec<String>,
}

impl Private {
    fn create(mirror: &str, folder: &Path) -> anyhow::Result<Self> {
        let path = |name: &str| -> PathBuf { folder.join(name) };
        for name in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(path(name))
                .with_context(|| format!("failed to create {}", path(name).display()))?;
        }
        let sources = source_line(mirror, KERNEL_SUITE)?;
        for (name, text) in [("sources.list", sources.as_str()), ("status", "")] {
            fs::write(path(name), text)
                .with_context(|| format!("failed to write {}", path(name).display()))?;
        }
        let mut settings: Vec<_> = [
            ("Dir::Etc::SourceList", path("sources.list")),
            ("Dir::Etc::SourceParts", "/dev/null".into()),
            ("Dir::State", folder.to_owned()),
            ("Dir::State::Lists", path("lists")),
            ("Dir::State::Status", path("status")),
            ("Dir::Cache", path("cache")),
        ]
        .iter()
        .map(|(name, value)| format!("{name}={}", value.display()))
        .collect();
        // The sandbox user cannot enter a folder below somebody's home, and apt's hooks are for
        // the machine's own lists.
        settings.extend(
            [
                "APT::Architecture=amd64",
                "APT::Architectures::=amd64",
                "APT::Sandbox::User=root",
                "APT::Update::Post-Invoke::=",
                "Acquire::Languages=none",
                "Acquire::Retries=2",
            ]
            .map(str::to_owned),
        );
        settings.extend(NEVER.iter().map(|name| format!("{name}=false")));
        Ok(Self { settings })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for setting in &self.settings {
            command.arg("-o").arg(setting);
        }
        command.env("LC_ALL", "C.UTF-8");
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_settings_about_reaching_mirrors_are_kept() {
        let dump = "\
APT \"\";
Acquire \"\";
Acquire::AllowInsecureRepositories \"1\";
Acquire::http \"\";
Acquire::http::Proxy \"http://proxy.example:3128\";
Acquire::http::Proxy::m.example \"DIRECT\";
Acquire::https::Verify-Peer \"true\";
Acquire::httpx \"no\";
Acquire::Retries \"3\";
DPkg::Post-Invoke:: \"rm -f /var/cache/apt/*.bin || true\";
";
        assert_eq!(
            select_settings(dump),
            [
                "Acquire::http::Proxy \"http://proxy.example:3128\"",
                "Acquire::http::Proxy::m.example \"DIRECT\"",
                "Acquire::https::Verify-Peer \"true\"",
                "Acquire::Retries \"3\"",
            ]
        );
    }
}
