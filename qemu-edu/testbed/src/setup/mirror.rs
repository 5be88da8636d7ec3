//! Which Debian mirror to fetch from: the one that apt on this machine uses.

use std::process::Command;

use anyhow::Context;

use super::run;
use crate::cli::Options;

/// Fields of an index target, as apt is asked to print them.
const FORMAT: &str =
    "$(CREATED_BY)|$(COMPONENT)|$(RELEASE)|$(CODENAME)|$(ORIGIN)|$(LABEL)|$(REPO_URI)";

/// Returns the URL of the mirror: what the person named, or else what apt's configuration names.
pub fn find(options: &Options) -> anyhow::Result<String> {
    if let Some(mirror) = &options.mirror {
        let known = ["http://", "https://", "file:/", "copy:/", "mirror+"];
        anyhow::ensure!(
            known.iter().any(|scheme| mirror.starts_with(scheme))
                && !mirror.contains(char::is_whitespace),
            "--mirror {mirror}: a URL such as http://HOST/debian is wanted"
        );
        return Ok(mirror.trim_end_matches('/').to_owned());
    }
    let codename = host_codename();
    // Origin and label are known only once `apt-get update` ran; without them, a second look
    // goes by the names in the configuration alone.
    for extra in [&[][..], &["--no-release-info"]] {
        let mut command = Command::new("apt-get");
        command
            .arg("indextargets")
            .args(extra)
            .args(["--format", FORMAT]);
        let targets = run::text("apt-get indextargets", command)
            .context("apt's configuration cannot be read; name a mirror with --mirror URL")?;
        if let Some(mirror) = choose(&targets, codename.as_deref()) {
            return Ok(mirror);
        }
    }
    anyhow::bail!(
        "apt's configuration on this machine names no Debian mirror; name one with --mirror URL"
    )
}

/// Codename of the release that runs here, such as `bookworm`.
fn host_codename() -> Option<String> {
    let text = std::fs::read_to_string("/etc/os-release").ok()?;
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))?;
    Some(value.trim_matches('"').to_owned())
}

/// Picks the mirror of the Debian archive from lines in [`FORMAT`]: that of this machine's own
/// release if it is among them, in the order of the configuration. Security and other archives
/// beside the main one do not hold whole releases, and discs do not hold backports.
fn choose(targets: &str, codename: Option<&str>) -> Option<String> {
    let candidates: Vec<_> = targets.lines().filter_map(Target::parse).collect();
    let own = |target: &&Target<'_>| {
        codename.is_some_and(|name| target.release == name || target.codename == Some(name))
    };
    let target = candidates.iter().find(own).or_else(|| {
        // Without the archive's own word for it, a foreign release is not taken for Debian.
        candidates.iter().find(|target| target.origin.is_some())
    })?;
    Some(target.uri.trim_end_matches('/').to_owned())
}

#[derive(Debug)]
struct Target<'a> {
    release: &'a str,
    codename: Option<&'a str>,
    origin: Option<&'a str>,
    uri: &'a str,
}

impl<'a> Target<'a> {
    /// Returns the target if it may be one of the Debian archive.
    fn parse(line: &'a str) -> Option<Self> {
        let fields: Vec<_> = line.split('|').collect();
        let &[created_by, component, release, codename, origin, label, uri] = fields.as_slice()
        else {
            return None;
        };
        // apt leaves the name of a field in place where it does not know the value.
        let known = |value: &'a str| (!value.starts_with("$(")).then_some(value);
        let (origin, label) = (known(origin), known(label));
        let fits = created_by == "Packages"
            && component == "main"
            && origin.is_none_or(|origin| origin == "Debian")
            && label.is_none_or(|label| label == "Debian")
            && !(label.is_none() && uri.contains("security"))
            && !uri.starts_with("cdrom:");
        fits.then_some(Self {
            release,
            codename: known(codename),
            origin,
            uri,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHERS: &str = "\
Packages|main|nodistro|$(CODENAME)|. nodistro|. nodistro|https://node.example/
Packages|main|bookworm-security|bookworm-security|Debian|Debian-Security|http://m.example/debian-security/
DEP-11|main|bookworm|bookworm|Debian|Debian|http://dep.example/debian/
Packages|main|bookworm|bookworm|Debian|Debian|cdrom:[Debian GNU/Linux 12]/
";

    #[test]
    fn mirror_of_the_own_release_is_chosen() {
        let archive = "Packages|main|bookworm|bookworm|Debian|Debian|http://m.example/debian/\n";
        let backports =
            "Packages|main|sid|sid|Debian|Debian|https://other.example/debian/\n".to_owned();
        let stable = "Packages|main|stable|bookworm|Debian|Debian|mirror+file:/etc/apt/m.list/\n";
        let unknown =
            "Packages|main|bookworm|$(CODENAME)|$(ORIGIN)|$(LABEL)|http://m.example/debian/\n";
        let unknown_security =
            "Packages|main|bookworm|$(CODENAME)|$(ORIGIN)|$(LABEL)|http://security.example/\n";
        let ubuntu = "Packages|main|noble|noble|Ubuntu|Ubuntu|http://u.example/ubuntu/\n";
        let unknown_ubuntu =
            "Packages|main|noble|$(CODENAME)|$(ORIGIN)|$(LABEL)|http://u.example/ubuntu/\n";
        let cases = [
            (backports.clone() + archive, Some("http://m.example/debian")),
            (backports.clone(), Some("https://other.example/debian")),
            (stable.to_owned(), Some("mirror+file:/etc/apt/m.list")),
            (
                unknown_security.to_owned() + unknown,
                Some("http://m.example/debian"),
            ),
            (ubuntu.to_owned(), None),
            (unknown_ubuntu.to_owned(), None),
            (String::new(), None),
        ];
        for (targets, expected) in cases {
            let targets = OTHERS.to_owned() + &targets;
            assert_eq!(
                choose(&targets, Some("bookworm")).as_deref(),
                expected,
                "{targets}"
            );
        }
    }

    #[test]
    fn mirror_option_is_checked() {
        use clap::Parser;
        let find = |mirror: &str| {
            let cli = crate::cli::Cli::try_parse_from(["t", "setup", "--mirror", mirror]).unwrap();
            super::find(&cli.options)
        };
        assert_eq!(
            find("http://m.example/debian/").unwrap(),
            "http://m.example/debian"
        );
        assert!(find("m.example/debian").is_err());
        assert!(find("http://m.example/debian trixie").is_err());
    }
}
