//! What the driver adds to `kernel::net::netlink`, as a series of patches for the kernel.
//!
//! It is made of the driver's own files by stated rules, so that it cannot say anything else than they do:
//! `docs/upstream/series.toml` says what comes with which patch, [`rules`] how a file becomes one of the
//! kernel's, [`steps`] are the kernel's files after each patch, and [`mail`] writes down what changed.

mod checks;
mod mail;
mod manifest;
mod rules;
mod steps;

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};

pub use self::checks::Build;
use self::{
    mail::Mail,
    manifest::{FILE, Manifest},
    steps::Files,
};
use crate::{
    setup::{self, KernelSetup, Setup, Workspace},
    ui::Ui,
};

/// Where the series is kept in the repository.
pub const FOLDER: &str = "docs/upstream";

/// The command that renews it.
pub const RENEW: &str = "cargo testbed upstream";

/// Where the kernel's own file is in its source.
const EXISTING: &str = "rust/kernel/net/netlink.rs";

/// Who stands for the person that will sign the patches while they are checked.
const STAND_IN: &str = "A Person <person@kernel.org>";

/// The series.
pub struct Series {
    manifest: Manifest,
    steps: Vec<Files>,
}

impl Series {
    /// Makes the series against the source of `kernel`.
    pub fn make(setup: &Setup, kernel: &KernelSetup, ui: &Ui) -> anyhow::Result<Self> {
        let step = ui.step("patches of netlink");
        let root = &setup.workspace().root;
        let manifest = Manifest::parse(&read(&root.join(FILE))?)?;
        let existing = read(&kernel.built.source.join(EXISTING))?;
        let driver = setup.workspace().driver().join("irqcast/genetlink");
        let mut steps = steps::of(&manifest, &existing, &driver)?;
        checks::format(setup, kernel, &mut steps, ui, &step)?;
        ensure!(
            steps[0][steps::EXISTING] == existing,
            "{EXISTING} is not formatted by the kernel's rules, so the patches would format it"
        );
        step.finish(&format!("{} patches", manifest.patch.len()));
        Ok(Self { manifest, steps })
    }

    /// The cover letter and the patches, signed off by `signer` if there is one.
    pub fn mails(&self, signer: Option<&str>) -> Vec<Mail> {
        let cover = &self.manifest.cover;
        let count = self.manifest.patch.len();
        let mut mails = vec![mail::mail(
            (0, count),
            (&cover.subject, &cover.text),
            "",
            signer,
        )];
        for (number, patch) in self.manifest.patch.iter().enumerate() {
            let difference = mail::difference(&self.steps[number], &self.steps[number + 1]);
            mails.push(mail::mail(
                (number + 1, count),
                (&patch.subject, &patch.text),
                &difference,
                signer,
            ));
        }
        mails
    }

    /// Asks the kernel's own tools: `checkpatch.pl --strict`, and the compiler, for as much as `build` says.
    pub fn check(
        &self,
        setup: &Setup,
        kernel: &KernelSetup,
        build: Build,
        ui: &Ui,
    ) -> anyhow::Result<()> {
        let step = ui.step("checkpatch.pl --strict");
        checks::checkpatch(setup, kernel, &self.mails(Some(STAND_IN))[1..], ui, &step)?;
        step.finish("");
        let step = ui.step(match build {
            Build::Last => "kernel crate with all patches",
            Build::Each => "kernel crate after each patch",
        });
        checks::build(setup, kernel, &self.steps, build, ui, &step)?;
        step.finish("");
        Ok(())
    }
}

/// Writes mails to a folder, in which older ones are removed.
pub fn write(mails: &[Mail], folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("failed to create {}", folder.display()))?;
    for old in kept(folder)? {
        let path = folder.join(&old.name);
        fs::remove_file(&path).with_context(|| format!("failed to remove {}", path.display()))?;
    }
    for mail in mails {
        setup::write(&folder.join(&mail.name), &mail.text)?;
    }
    Ok(())
}

/// Fails, and says how to renew it, if the series in the repository is another one.
pub fn compare(mails: &[Mail], workspace: &Workspace) -> anyhow::Result<()> {
    let kept = kept(&workspace.root.join(FOLDER))?;
    let differs = mails.iter().find(|mail| !kept.contains(mail));
    let superfluous = kept
        .iter()
        .find(|old| mails.iter().all(|mail| mail.name != old.name));
    let Some(mail) = differs.or(superfluous) else {
        return Ok(());
    };
    anyhow::bail!(
        "{FOLDER}/{} is not what driver/irqcast/genetlink and {FILE} make; renew it: {RENEW}",
        mail.name
    )
}

/// The patches in a folder, by name.
fn kept(folder: &Path) -> anyhow::Result<Vec<Mail>> {
    let mut mails = Vec::new();
    let items =
        fs::read_dir(folder).with_context(|| format!("failed to list {}", folder.display()))?;
    for item in items {
        let item = item.with_context(|| format!("failed to list {}", folder.display()))?;
        let name = item.file_name().to_string_lossy().into_owned();
        if name.ends_with(".patch") {
            let text = read(&item.path())?;
            mails.push(Mail { name, text });
        }
    }
    mails.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(mails)
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))
}
