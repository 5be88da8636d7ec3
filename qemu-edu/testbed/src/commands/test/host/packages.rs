//! The Debian packages: what lintian, systemd, udev and shellcheck say of them, that nothing stays of them,
//! and that the same source gives the same bytes.

use std::{fs, path::PathBuf, sync::OnceLock};

use anyhow::{Context as _, ensure};

use super::Context;
use crate::{
    cache,
    commands::new,
    debs::{self, Debs, Version},
    namespace::{self, Mount},
    setup::run_program,
};

/// Where the packages are seen in the tree.
const PACKAGES: &str = "/usr/src/packages";

/// Where the repository is seen in the tree.
const REPOSITORY: &str = "/usr/src/irqcast";

/// Installs the daemon's package; the rest of a script follows.
const INSTALL: &str = "set -eu; dpkg --install /usr/src/packages/irqcastd_*.deb >/dev/null\n";

/// Where a driver that `new` has written is seen in the tree.
const NEW: &str = "/usr/src/new";

/// The rules, and those of a new driver, are as udev wants them, with the group that the package makes.
const RULES: &str =
    "udevadm verify /usr/lib/udev/rules.d/60-irqcast.rules /usr/src/new/sample/udev/*.rules";

/// systemd has nothing to say of the unit, with and without each drop-in, and counts its exposure as at most
/// 2.0 (as it comes).
const UNIT: &str = "\
verify() {
    systemd-analyze verify --man=no irqcastd.service >/tmp/said 2>&1 && [ ! -s /tmp/said ] && return
    cat /tmp/said
    exit 1
}
verify
systemd-analyze security --offline=true --no-pager --threshold=20 /usr/lib/systemd/system/irqcastd.service
mkdir /etc/systemd/system/irqcastd.service.d
for file in /usr/share/irqcast/drop-ins/*.conf; do
    cp \"$file\" /etc/systemd/system/irqcastd.service.d
    verify
done";

/// The daemon accepts what is installed as its configuration.
const SAMPLE: &str = "for file in /etc/irqcast/*.toml; do irqcastd check \"$file\"; done";

/// Nothing that has the name of the project stays, with the files of a daemon that has run.
const PURGE: &str = "\
mkdir -p /var/lib/irqcast /run/irqcast
touch /var/lib/irqcast/state.json /run/irqcast/control
dpkg --purge irqcastd
left=$(find /etc /run /usr /var -xdev -path /usr/src -prune -o -name '*irqcast*' -print)
[ -z \"$left\" ] || { echo \"left: $left\"; exit 1; }";

const LINTIAN: &str = "exec lintian --allow-root --fail-on error /usr/src/packages/*.deb";

const SHELLCHECK: &str = "\
cd /usr/src/irqcast
exec shellcheck driver/dkms/*.sh udev/debian/*.postinst udev/debian/*.postrm daemon/sample/hooks/*";

pub(super) fn lintian(context: &Context<'_>) -> anyhow::Result<()> {
    run(context, "lintian", LINTIAN)
}

pub(super) fn rules(context: &Context<'_>) -> anyhow::Result<()> {
    let parent = tempfile::tempdir().context("failed to make a temporary folder")?;
    new::write_sample(context.setup.workspace(), &parent.path().join("sample"))?;
    let mount = Mount::read(parent.path(), NEW);
    run_with(
        context,
        "udev rules",
        &format!("{INSTALL}{RULES}"),
        &[mount],
    )
}

pub(super) fn unit(context: &Context<'_>) -> anyhow::Result<()> {
    run(context, "systemd unit", &format!("{INSTALL}{UNIT}"))
}

pub(super) fn sample(context: &Context<'_>) -> anyhow::Result<()> {
    run(
        context,
        "installed configuration",
        &format!("{INSTALL}{SAMPLE}"),
    )
}

pub(super) fn purge(context: &Context<'_>) -> anyhow::Result<()> {
    run(
        context,
        "purge of the daemon's package",
        &format!("{INSTALL}{PURGE}"),
    )
}

pub(super) fn shellcheck(context: &Context<'_>) -> anyhow::Result<()> {
    run(context, "shellcheck", SHELLCHECK)
}

/// Makes the packages once more, in another folder.
pub(super) fn reproducible(context: &Context<'_>) -> anyhow::Result<()> {
    let first = packages(context)?;
    let second = make(context, "again")?;
    for (first, second) in first.files().into_iter().zip(second.files()) {
        let read = |file| fs::read(file).with_context(|| format!("failed to read {file:?}"));
        ensure!(
            read(first)? == read(second)?,
            "{} and {} differ; `diffoscope` shows where",
            first.display(),
            second.display()
        );
    }
    Ok(())
}

/// The packages of this source, made by the first check that asks.
pub(super) fn packages(context: &Context<'_>) -> anyhow::Result<Debs> {
    static MADE: OnceLock<Debs> = OnceLock::new();
    if let Some(debs) = MADE.get() {
        return Ok(debs.clone());
    }
    let debs = make(context, "tested")?;
    Ok(MADE.get_or_init(|| debs).clone())
}

fn make(context: &Context<'_>, name: &str) -> anyhow::Result<Debs> {
    let workspace = context.setup.workspace();
    let folder = workspace.root.join("target/package").join(name);
    if folder.exists() {
        cache::remove_tree(&folder)?;
    }
    let version = Version::of(&workspace.root, None)?;
    debs::build(workspace, &tree(context)?, &version, &folder, context.ui)
}

fn tree(context: &Context<'_>) -> anyhow::Result<PathBuf> {
    context.setup.packaging(context.options, context.ui)
}

/// Runs a script in the tree, of which nothing stays.
fn run(context: &Context<'_>, name: &str, script: &str) -> anyhow::Result<()> {
    run_with(context, name, script, &[])
}

/// The same with more folders to be seen.
fn run_with(context: &Context<'_>, name: &str, script: &str, more: &[Mount]) -> anyhow::Result<()> {
    let debs = packages(context)?;
    let folder = debs
        .daemon
        .parent()
        .context("the packages have no folder")?;
    let step = context.ui.step(name);
    let mut mounts = vec![
        Mount::read(folder, PACKAGES),
        Mount::read(&context.setup.workspace().root, REPOSITORY),
    ];
    mounts.extend_from_slice(more);
    let mut command = namespace::on_top(&tree(context)?, &mounts, "sh");
    command.args(["-c", script]);
    run_program(context.ui, &step, name, command, |_| {})?;
    step.finish("");
    Ok(())
}
