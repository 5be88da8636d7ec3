//! The driver that is measured: edu's, or another one on the same core.

use std::{fs, path::PathBuf, sync::OnceLock};

use anyhow::{Context as _, Result};
use irqcast_bench::{
    device::Device,
    plan::{Plan, Target},
};

use crate::modules::Loaded;

/// That of the plan, once it is known.
static TARGET: OnceLock<Target> = OnceLock::new();

/// Takes the plan's, and finds its device.
pub fn choose(plan: &Plan) -> Result<Device> {
    let Some(target) = &plan.target else {
        return Device::find();
    };
    let target = TARGET.get_or_init(|| target.clone());
    let _loaded = Loaded::load(module(), "")?;
    Device::of_driver(&target.module, target.raise)
}

/// The driver's module.
pub fn module() -> &'static str {
    TARGET.get().map_or("irqcast_edu", |target| &target.module)
}

/// The driver's family.
pub fn family() -> &'static str {
    TARGET.get().map_or("irqcast", |target| &target.family)
}

/// The device, once more.
pub fn device() -> Result<Device> {
    match TARGET.get() {
        Some(Target { module, raise, .. }) => Device::of_driver(module, *raise),
        None => Device::find(),
    }
}

/// The device's node, while the driver is bound to it.
pub fn node() -> Result<PathBuf> {
    let folder = device()?.file("misc");
    let entries =
        fs::read_dir(&folder).with_context(|| format!("failed to read {}", folder.display()))?;
    let first = entries.into_iter().next();
    let first = first.with_context(|| format!("{} is empty", folder.display()))?;
    Ok(PathBuf::from("/dev").join(first?.file_name()))
}
