//! The driver's package: DKMS builds a module of it that the stock kernel takes, and says what is missing
//! where it cannot.

use anyhow::{Context as _, ensure};

use super::{Context, packages};
use crate::{
    commands::guest,
    debs::dkms,
    namespace::{self, Mount},
    process,
    vm::{Invocation, Logs, Machine, initramfs::Builder},
};

/// Where the driver's source is seen in the build root.
const SOURCE: &str = "/usr/src/module";

/// How long a command in the guest may take.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(60);

/// What is taken away or changed in the build root, as a script that knows `$release` and `$headers`, and
/// what is then said.
const REFUSALS: [(&str, [&str; 2]); 7] = [
    (
        "rm $headers/.config",
        ["the headers of Linux", "apt install linux-headers-"],
    ),
    (
        "sed -i 's/^CONFIG_RUST=y/# CONFIG_RUST is not set/' $headers/.config",
        ["was built without CONFIG_RUST=y", ""],
    ),
    (
        "rm /usr/bin/bindgen",
        ["the program bindgen is missing", "apt install bindgen"],
    ),
    (
        "sed -i 's/^CONFIG_RUSTC_VERSION_TEXT=.*/CONFIG_RUSTC_VERSION_TEXT=\"rustc 1.2.3\"/' $headers/.config",
        [
            "was built with rustc 1.2.3, and this machine has rustc 1.",
            "apt install rustc",
        ],
    ),
    (
        "rm -r /usr/lib/rustlib/src /usr/src/rustc-*",
        [
            "the source of Rust's core library cannot be found",
            "apt install rust-src",
        ],
    ),
    (
        "rm -r /usr/include/openssl /usr/include/x86_64-linux-gnu/openssl",
        [
            "the header openssl/opensslv.h is missing",
            "apt install libssl-dev",
        ],
    ),
    (
        "dpkg --purge --force-depends linux-source-7.3 >&2",
        ["the source of Linux", "apt install linux-source-7.3="],
    ),
];

/// Prepares a build after a change: `refuse CHANGE RELEASE`. Prints what prepare.sh says.
const REFUSE: &str = "\
set -eu
release=$2
headers=/usr/src/linux-headers-$release
eval \"$1\"
cp -r /usr/src/module /tmp/module
! /tmp/module/dkms/prepare.sh \"$release\" \"/lib/modules/$release/build\" 2>&1";

/// Asks DKMS for a module for a kernel of another series.
const OTHER_SERIES: &str = "\
set -eu
release=7.2.12+deb13-amd64
mkdir -p /lib/modules/$release
cp -r /usr/src/linux-headers-*-cloud-amd64 /lib/modules/$release/build
cp -r /usr/src/module /usr/src/irqcast-1
sed 's/#MODULE_VERSION#/1/' /usr/src/module/dkms/dkms.conf > /usr/src/irqcast-1/dkms.conf
dkms add irqcast/1
status=0
dkms build irqcast/1 -k $release || status=$?
echo \"status $status\"";

/// The module loads in the stock kernel and does its work.
pub(super) fn module(context: &Context<'_>) -> anyhow::Result<()> {
    let debs = packages::packages(context)?;
    let module = dkms::module(context.setup, context.kernel, &debs, context.ui)?;
    let step = context.ui.step("DKMS's module in a guest");
    let mut prepared = context.kernel.prepared.clone();
    prepared.driver.module = module;
    let machine = Machine::default();
    let logs = Logs::create(&prepared.cache, None)?;
    let initramfs = Builder::new(&prepared)?.finish()?;
    let mut vm = guest::boot_with_driver(&prepared, &machine, &initramfs, &logs)?;
    let raised = vm.run(
        Invocation::new(["irqcastctl", "raise", "--json"]),
        LIMIT,
        |_| {},
    )?;
    ensure!(
        raised.exit.success() && raised.text().contains("\"seq\":1,"),
        "irqcastctl raise: {} {}",
        raised.exit,
        raised.text()
    );
    vm.power_off()?;
    step.finish("");
    Ok(())
}

/// Each thing that can be missing is named, with the command that gets it.
pub(super) fn refusals(context: &Context<'_>) -> anyhow::Result<()> {
    let step = context.ui.step("what DKMS's build refuses");
    let release = &context.kernel.built.kernel.release;
    for (change, parts) in REFUSALS {
        let text = in_build_root(context, REFUSE, &[change, release])?;
        for part in parts {
            ensure!(
                text.contains(part),
                "after {change:?} it does not say {part:?}:\n{text}"
            );
        }
    }
    step.finish(&format!("{} cases", REFUSALS.len()));
    Ok(())
}

/// DKMS passes over a kernel that is too old, and says that it is no failure.
pub(super) fn other_series(context: &Context<'_>) -> anyhow::Result<()> {
    let step = context.ui.step("DKMS and another series");
    let text = in_build_root(context, OTHER_SERIES, &[])?;
    ensure!(
        text.contains("BUILD_EXCLUSIVE") && text.contains("status 77"),
        "it is not passed over:\n{text}"
    );
    step.finish("");
    Ok(())
}

fn in_build_root(
    context: &Context<'_>,
    script: &str,
    arguments: &[&str],
) -> anyhow::Result<String> {
    let mounts = [Mount::read(context.setup.workspace().driver(), SOURCE)];
    let mut command = namespace::on_top(&context.setup.root().tree, &mounts, "sh");
    command.args(["-c", script, "script"]).args(arguments);
    let output = process::output(command).context("failed to run a script in the build root")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{arguments:?}: {}\n{text}",
        output.status
    );
    Ok(text)
}
