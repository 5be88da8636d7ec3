//! Which version the packages have, and when they were made as far as they say.

use std::{path::Path, process::Command};

use anyhow::Context;

use crate::process;

/// A version and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    text: String,
    /// Seconds since 1970.
    time: u64,
}

impl Version {
    /// The version of what the repository holds: that of the programs, and time and name of the last
    /// commit, so that a later one is an upgrade. `named` takes its place.
    ///
    /// Where there is no commit, in an unpacked archive, the time is that of `SOURCE_DATE_EPOCH`.
    pub fn of(root: &Path, named: Option<&str>) -> anyhow::Result<Self> {
        let (time, commit) = match last_commit(root)? {
            Some(commit) => commit,
            None => (from_environment()?, String::new()),
        };
        let text = match named {
            Some(named) => named.to_owned(),
            None => compose(&date(time, "+%Y%m%d.%H%M%S")?, &commit),
        };
        anyhow::ensure!(
            text.starts_with(|c: char| c.is_ascii_digit())
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || ".+~".contains(c)),
            "{text:?} cannot be the version of a package: a digit has to come first, and then letters, \
             digits, and any of . + ~"
        );
        Ok(Self { text, time })
    }

    /// The version.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A changelog for debhelper, which takes version and time from it.
    pub fn changelog(&self, maintainer: &str) -> anyhow::Result<String> {
        let date = date(self.time, "--rfc-email")?;
        let Self { text, .. } = self;
        Ok(format!(
            "irqcast ({text}) unstable; urgency=medium\n\n  * This is irqcast {text}.\n\n \
             -- {maintainer}  {date}\n"
        ))
    }
}

fn compose(time: &str, commit: &str) -> String {
    let separator = if commit.is_empty() { "" } else { "." };
    format!("{}+{time}{separator}{commit}", env!("CARGO_PKG_VERSION"))
}

/// Time and abbreviated name of the last commit, if `root` is a repository.
fn last_commit(root: &Path) -> anyhow::Result<Option<(u64, String)>> {
    let mut command = Command::new("git");
    command.arg("-C").arg(root);
    command.args(["log", "-1", "--abbrev=12", "--format=%ct %h"]);
    let Ok(output) = process::output(command) else {
        process::check()?;
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let commit = text.trim().split_once(' ').and_then(|(time, name)| {
        let time = time.parse().ok()?;
        Some((time, name.to_owned()))
    });
    Ok(commit.filter(|_| output.status.success()))
}

fn from_environment() -> anyhow::Result<u64> {
    std::env::var("SOURCE_DATE_EPOCH")
        .ok()
        .and_then(|text| text.parse().ok())
        .context(
            "this is no Git repository with a commit, so set SOURCE_DATE_EPOCH to the time that the \
             packages shall have, in seconds since 1970",
        )
}

/// What date(1) says of this time.
fn date(time: u64, format: &str) -> anyhow::Result<String> {
    let mut command = Command::new("date");
    command.args(["--utc", format, &format!("--date=@{time}")]);
    command.env("LC_ALL", "C");
    let output = process::output(command)?;
    anyhow::ensure!(output.status.success(), "date failed: {}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_names_time_and_commit() {
        let version = env!("CARGO_PKG_VERSION");
        let time = date(1_700_000_000, "+%Y%m%d.%H%M%S").unwrap();
        assert_eq!(
            compose(&time, "abc"),
            format!("{version}+20231114.221320.abc")
        );
        assert_eq!(compose(&time, ""), format!("{version}+20231114.221320"));
    }

    #[test]
    fn changelog_has_version_and_time() {
        let version = Version {
            text: "1.2".to_owned(),
            time: 1_700_000_000,
        };
        let text = version.changelog("A B <a@b>").unwrap();
        assert!(text.starts_with("irqcast (1.2) unstable; "), "{text}");
        assert!(
            text.ends_with("\n -- A B <a@b>  Tue, 14 Nov 2023 22:13:20 +0000\n"),
            "{text}"
        );
    }

    #[test]
    fn what_is_no_version_is_refused() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for named in ["", "v1", "1 2", "1-2", "1_2"] {
            let error = Version::of(root, Some(named)).unwrap_err().to_string();
            assert!(
                error.contains("version of a package") || error.contains("SOURCE_DATE_EPOCH"),
                "{error}"
            );
        }
    }
}
