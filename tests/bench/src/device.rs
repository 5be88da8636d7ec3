//! The device: its registers, and which driver has it.

use std::{
    fs::{self, File, OpenOptions},
    num::NonZeroUsize,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    ptr::NonNull,
    thread::sleep,
    time::{Duration, Instant},
};

use crate::plan::Raise;
use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

/// Bytes of the registers that are mapped: a page.
const LENGTH: NonZeroUsize = NonZeroUsize::new(4096).expect("a page has bytes");
/// Interrupt status.
const STATUS: usize = 0x24;
/// Clears the bits that are written.
const ACKNOWLEDGE: usize = 0x64;
/// What makes edu interrupt: its register that raises the bits that are written, and a bit that means
/// nothing to the device.
const EDU: Raise = Raise {
    bar: 0,
    offset: 0x60,
    value: 0x10,
};

/// Command register in the configuration space.
const COMMAND: u64 = 0x04;
/// Bit of [`COMMAND`] that keeps the device from asserting its interrupt line.
const COMMAND_INTX_DISABLE: u16 = 1 << 10;

/// How long a driver may take to bind.
const LIMIT: Duration = Duration::from_secs(20);

/// The device that is measured.
#[derive(Debug, Clone)]
pub struct Device {
    address: String,
    raise: Raise,
}

impl Device {
    /// Finds the edu device.
    pub fn find() -> Result<Self> {
        for entry in fs::read_dir("/sys/bus/pci/devices")? {
            let path = entry?.path();
            let is =
                |file, id| fs::read_to_string(path.join(file)).is_ok_and(|text| text.trim() == id);
            if is("vendor", "0x1234") && is("device", "0x11e8") {
                let name = path.file_name().context("a device has a name")?;
                let address = name.to_string_lossy().into_owned();
                return Ok(Self {
                    address,
                    raise: EDU,
                });
            }
        }
        bail!("there is no edu device");
    }

    /// Finds the device that a driver is bound to, and which interrupts when this is written.
    pub fn of_driver(driver: &str, raise: Raise) -> Result<Self> {
        let folder = Path::new("/sys/bus/pci/drivers").join(driver);
        let entries = fs::read_dir(&folder)
            .with_context(|| format!("failed to read {}", folder.display()))?;
        for entry in entries {
            let name = entry?.file_name();
            let address = name.to_string_lossy();
            // A driver's folder has files, too; addresses have colons.
            if address.contains(':') {
                return Ok(Self {
                    address: address.into_owned(),
                    raise,
                });
            }
        }
        bail!("{driver} has bound to no device")
    }

    /// Its PCI address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A file of it in sysfs.
    pub fn file(&self, name: &str) -> PathBuf {
        Path::new("/sys/bus/pci/devices")
            .join(&self.address)
            .join(name)
    }

    /// Gives it to a driver that does not know it by itself.
    pub fn bind(&self, driver: &'static str) -> Result<Bound> {
        let write = |path: &Path, text: &str| {
            fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))
        };
        write(&self.file("driver_override"), driver)?;
        let bound = Bound {
            device: self.clone(),
        };
        write(Path::new("/sys/bus/pci/drivers_probe"), &self.address)?;
        let start = Instant::now();
        while !self.file("driver").exists() {
            if start.elapsed() > LIMIT {
                bail!("{driver} does not take the device");
            }
            sleep(Duration::from_millis(1));
        }
        Ok(bound)
    }

    /// Maps its registers. Somebody has to have enabled its memory.
    pub fn registers(&self) -> Result<Registers> {
        Registers::map(
            &self.file(&format!("resource{}", self.raise.bar)),
            self.raise,
        )
    }

    /// Opens its configuration space.
    pub fn configuration(&self) -> Result<Configuration> {
        let path = self.file("config");
        let file = OpenOptions::new().read(true).write(true).open(&path);
        let file = file.with_context(|| format!("failed to open {}", path.display()))?;
        let mut command = [0; 2];
        file.read_exact_at(&mut command, COMMAND)?;
        Ok(Configuration {
            file,
            command: u16::from_le_bytes(command) & !COMMAND_INTX_DISABLE,
        })
    }
}

/// A device that was given to a driver. Dropping it takes it back.
pub struct Bound {
    device: Device,
}

impl Drop for Bound {
    fn drop(&mut self) {
        // What fails here shows when the next driver is to have the device.
        let _ = fs::write(self.device.file("driver/unbind"), &self.device.address);
        let _ = fs::write(self.device.file("driver_override"), "\n");
    }
}

/// The device's registers in memory.
pub struct Registers {
    /// The page that has the register which makes the device interrupt.
    page: NonNull<u32>,
    /// That register, from the beginning of the page.
    offset: usize,
    value: u32,
}

// SAFETY: the mapping belongs to the process, and each access is one aligned load or store.
unsafe impl Send for Registers {}

impl Registers {
    /// Maps of a PCI device's resource in sysfs the page with the register that makes it interrupt.
    pub fn map(path: &Path, raise: Raise) -> Result<Self> {
        ensure!(
            raise.offset.is_multiple_of(4),
            "no register has the offset {:#x}",
            raise.offset
        );
        let file = OpenOptions::new().read(true).write(true).open(path);
        let file = file.with_context(|| format!("failed to open {}", path.display()))?;
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let offset = usize::try_from(raise.offset)? % LENGTH;
        let from = i64::from(raise.offset) - i64::try_from(offset)?;
        // SAFETY: a new mapping at an address that the kernel chooses replaces no other.
        let start = unsafe { mmap(None, LENGTH, access, MapFlags::MAP_SHARED, &file, from) };
        let start = start.with_context(|| {
            format!(
                "failed to map {}; was the guest booted with iomem=relaxed?",
                path.display()
            )
        })?;
        Ok(Self {
            page: start.cast(),
            offset,
            value: raise.value,
        })
    }

    /// Makes the device interrupt.
    #[inline]
    pub fn raise(&self) {
        self.raise_bits(self.value);
    }

    /// Makes the device interrupt by another value. That of edu is the bits of its status.
    #[inline]
    pub fn raise_bits(&self, bits: u32) {
        self.write(self.offset, bits);
    }

    /// Does what a driver of edu does first: reads why the device interrupted and acknowledges it.
    pub fn acknowledge(&self) {
        let status = self.read(STATUS);
        self.write(ACKNOWLEDGE, status);
    }

    #[inline]
    fn write(&self, offset: usize, value: u32) {
        // SAFETY: the offsets are aligned and within the page, whose mapping lives as long as `self`.
        unsafe { self.page.byte_add(offset).write_volatile(value) };
    }

    fn read(&self, offset: usize) -> u32 {
        // SAFETY: as in `write`.
        unsafe { self.page.byte_add(offset).read_volatile() }
    }
}

impl Drop for Registers {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and nothing refers to it any more.
        let _ = unsafe { munmap(self.page.cast(), LENGTH.get()) };
    }
}

/// The device's configuration space.
pub struct Configuration {
    file: File,
    command: u16,
}

impl Configuration {
    /// Lets the device assert its interrupt line again: one system call.
    pub fn unmask_line(&self) -> std::io::Result<()> {
        self.file.write_all_at(&self.command.to_le_bytes(), COMMAND)
    }
}
