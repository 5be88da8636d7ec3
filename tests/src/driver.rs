//! A driver under test: loading, unloading, binding. Where none is named it is that of the edu device.

use std::ffi::CString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use nix::errno::Errno;
use nix::kmod::{DeleteModuleFlags, ModuleInitFlags, delete_module, finit_module};

use crate::case::Mode;
use crate::subject::{EDU, Subject};
use crate::wait;

/// A loaded driver. Dropping it unloads it.
pub struct Driver(&'static Subject);

impl Driver {
    /// Loads the driver so that its devices interrupt by `mode`.
    pub fn load(mode: Mode) -> Result<Self> {
        EDU.load(mode)
    }

    /// Loads the driver with module parameters.
    pub fn load_with(parameters: &str) -> Result<Self> {
        Self::load_of(&EDU, parameters)
    }

    /// Loads this driver with module parameters.
    pub fn load_of(subject: &'static Subject, parameters: &str) -> Result<Self> {
        let path = subject.file;
        let file = File::open(path).with_context(|| format!("failed to open {path}"))?;
        finit_module(&file, &CString::new(parameters)?, ModuleInitFlags::empty())
            .with_context(|| format!("failed to load {path} {parameters}"))?;
        Ok(Self(subject))
    }

    /// Unloads the driver, and says whether that worked.
    pub fn unload(self) -> Result<()> {
        self.0.unload_if_loaded()
    }

    /// PCI addresses of the devices that are bound, in the order of their names.
    pub fn bound() -> Result<Vec<String>> {
        EDU.bound()
    }

    /// Takes the device at `address` from the driver.
    pub fn unbind(address: &str) -> Result<()> {
        EDU.unbind(address)
    }

    /// Gives the device at `address` to the driver.
    pub fn bind(address: &str) -> Result<()> {
        EDU.bind(address)
    }

    /// Makes the driver try a device that is not in its table.
    pub fn force(address: &str) -> Result<()> {
        let device = Path::new("/sys/bus/pci/devices").join(address);
        write(device.join("driver_override"), "irqcast_edu")?;
        Self::bind(address)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A test that failed has said why already; the next test checks again.
        let _ = self.0.unload_if_loaded();
    }
}

impl Subject {
    /// PCI addresses of the devices that are bound, in the order of their names.
    pub fn bound(&self) -> Result<Vec<String>> {
        let mut addresses = Vec::new();
        for entry in fs::read_dir(self.sysfs())? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.contains(':') && name.contains('.') {
                addresses.push(name);
            }
        }
        addresses.sort();
        Ok(addresses)
    }

    /// Takes the device at `address` from the driver.
    pub fn unbind(&self, address: &str) -> Result<()> {
        write(self.sysfs().join("unbind"), address)
    }

    /// Gives the device at `address` to the driver.
    pub fn bind(&self, address: &str) -> Result<()> {
        write(self.sysfs().join("bind"), address)
    }

    /// Unloads the driver, unless something uses it.
    pub fn try_unload(&self) -> Result<(), Errno> {
        let name = CString::new(self.module).map_err(|_| Errno::EINVAL)?;
        delete_module(&name, DeleteModuleFlags::O_NONBLOCK)
    }

    /// Unloads the driver where it is loaded.
    pub fn unload_if_loaded(&self) -> Result<()> {
        if !Path::new("/sys/module").join(self.module).exists() {
            return Ok(());
        }
        // A dump that is being read holds the module for that moment.
        wait::until("the driver to be unused", || match self.try_unload() {
            Ok(()) => Ok(Some(())),
            Err(Errno::EAGAIN | Errno::EBUSY) => Ok(None),
            Err(error) => Err(error).with_context(|| format!("failed to unload {}", self.module)),
        })
    }

    fn sysfs(&self) -> PathBuf {
        Path::new("/sys/bus/pci/drivers").join(self.module)
    }
}

/// Unloads the driver of the edu device, unless something uses it.
pub fn try_unload() -> Result<(), Errno> {
    EDU.try_unload()
}

/// Unloads the driver of the edu device where it is loaded.
pub fn unload_if_loaded() -> Result<()> {
    EDU.unload_if_loaded()
}

/// Address of the PCI device with these IDs, as sysfs writes them.
pub fn find_device(vendor: &str, device: &str) -> Result<String> {
    for entry in fs::read_dir("/sys/bus/pci/devices")? {
        let path = entry?.path();
        let is = |file: &str, id: &str| -> Result<bool> {
            Ok(fs::read_to_string(path.join(file))?.trim() == id)
        };
        if is("vendor", vendor)? && is("device", device)? {
            let name = path.file_name().context("a device has a name")?;
            return Ok(name.to_string_lossy().into_owned());
        }
    }
    bail!("there is no PCI device {vendor}:{device}")
}

/// The interrupt line of a device, as the kernel counts it in `/proc/interrupts`.
pub fn interrupt_line(address: &str) -> Result<String> {
    let path = PathBuf::from("/sys/bus/pci/devices")
        .join(address)
        .join("irq");
    Ok(fs::read_to_string(path)?.trim().to_owned())
}

fn write(path: PathBuf, value: &str) -> Result<()> {
    ensure!(path.exists(), "{} does not exist", path.display());
    fs::write(&path, value)
        .with_context(|| format!("failed to write {value:?} to {}", path.display()))
}
