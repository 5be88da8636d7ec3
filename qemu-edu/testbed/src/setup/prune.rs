//! What older set-ups left in the cache.

use super::{KernelSetup, Setup, chromium, debian_guest, driver, mke2fs, packaging, peers};
use crate::{
    cache::{Entry, human_size},
    ui::Ui,
};

impl Setup {
    /// Entries of the cache that neither these kernels nor what they share need.
    pub fn superseded(&self, kernels: &[KernelSetup]) -> Vec<Entry> {
        let needed: Vec<_> = [&self.root.entry, &self.source.entry, &self.qemu_entry]
            .into_iter()
            .chain(kernels.iter().flat_map(|kernel| &kernel.entries))
            .map(Entry::name)
            // They are fetched by those who need them.
            .chain([
                chromium::entry_name(),
                debian_guest::entry_name(&self.packages),
                mke2fs::entry_name(),
                packaging::entry_name(),
                peers::entry_name(),
            ])
            .collect();
        let kinds = needed.iter().filter_map(|name| kind(name));
        // Nothing here says which persons' own drivers are needed, and they are built in seconds.
        let kinds: Vec<_> = kinds.chain(driver::OWN_KINDS).collect();
        // A kernel that was not asked for this time is not old.
        let mut entries = self.cache.entries();
        entries.retain(|entry| {
            let name = entry.name();
            !needed.contains(&name) && kind(&name).is_some_and(|kind| kinds.contains(&kind))
        });
        entries
    }

    /// Removes entries, unless another testbed runs; says what it did.
    pub fn prune(&mut self, entries: &[Entry], ui: &Ui) -> anyhow::Result<()> {
        let step = ui.step("removing older set-ups");
        let bytes = entries.iter().map(Entry::bytes).sum();
        if self.cache.remove(entries)? {
            step.finish(&format!("{} are free again", human_size(bytes)));
        } else {
            drop(step);
            ui.warn("nothing was removed: another testbed runs; try again when it is done");
        }
        Ok(())
    }
}

/// The kind of an entry, from its name.
fn kind(name: &str) -> Option<&str> {
    Some(name.rsplit_once('-')?.0)
}
