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

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

/// Bytes of the registers that are mapped.
const LENGTH: NonZeroUsize = NonZeroUsize::new(4096).expect("a page has bytes");
/// Interrupt status.
const STATUS: usize = 0x24;
/// Raises the bits that are written.
const RAISE: usize = 0x60;
/// Clears the bits that are written.
const ACKNOWLEDGE: usize = 0x64;
/// A bit of the status that means nothing to the device.
const BIT: u32 = 0x10;

/// Command register in the configuration space.
const COMMAND: u64 = 0x04;
/// Bit of [`COMMAND`] that keeps the device from asserting its interrupt line.
const COMMAND_INTX_DISABLE: u16 = 1 << 10;

/// How long a driver may take to bind.
const LIMIT: Duration = Duration::from_secs(20);

/// The edu device that is measured.
#[derive(Debug, Clone)]
pub struct Edu {
    address: String,
}

impl Edu {
    /// Finds it.
    pub fn find() -> Result<Self> {
        for entry in fs::read_dir("/sys/bus/pci/devices")? {
            let path = entry?.path();
            let is =
                |file, id| fs::read_to_string(path.join(file)).is_ok_and(|text| text.trim() == id);
            if is("vendor", "0x1234") && is("device", "0x11e8") {
                let name = path.file_name().context("a device has a name")?;
                let address = name.to_string_lossy().into_owned();
                return Ok(Self { address });
            }
        }
        bail!("there is no edu device");
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
        let bound = Bound { edu: self.clone() };
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
        Registers::map(&self.file("resource0"), RAISE)
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
    edu: Edu,
}

impl Drop for Bound {
    fn drop(&mut self) {
        // What fails here shows when the next driver is to have the device.
        let _ = fs::write(self.edu.file("driver/unbind"), &self.edu.address);
        let _ = fs::write(self.edu.file("driver_override"), "\n");
    }
}

/// The device's registers in memory.
pub struct Registers {
    start: NonNull<u32>,
    raise: usize,
}

// SAFETY: the mapping belongs to the process, and each access is one aligned load or store.
unsafe impl Send for Registers {}

impl Registers {
    /// Maps the first page of a PCI device's resource in sysfs. `raise` is the offset in bytes of the
    /// register that raises the bits that are written, a multiple of 4 below 4096.
    pub fn map(path: &Path, raise: usize) -> Result<Self> {
        ensure!(
            raise.is_multiple_of(4) && raise < LENGTH.get(),
            "no register of the first page has the offset {raise:#x}"
        );
        let file = OpenOptions::new().read(true).write(true).open(path);
        let file = file.with_context(|| format!("failed to open {}", path.display()))?;
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping at an address that the kernel chooses replaces no other.
        let start = unsafe { mmap(None, LENGTH, access, MapFlags::MAP_SHARED, &file, 0) };
        let start = start.with_context(|| {
            format!(
                "failed to map {}; was the guest booted with iomem=relaxed?",
                path.display()
            )
        })?;
        Ok(Self {
            start: start.cast(),
            raise,
        })
    }

    /// Makes the device interrupt.
    #[inline]
    pub fn raise(&self) {
        self.raise_bits(BIT);
    }

    /// Makes the device interrupt, with these bits of the status as the cause.
    #[inline]
    pub fn raise_bits(&self, bits: u32) {
        self.write(self.raise, bits);
    }

    /// Does what a driver does first: reads why the device interrupted and acknowledges it.
    pub fn acknowledge(&self) {
        let status = self.read(STATUS);
        self.write(ACKNOWLEDGE, status);
    }

    #[inline]
    fn write(&self, offset: usize, value: u32) {
        // SAFETY: the offsets above are aligned and within the mapping, which lives as long as
        // `self`; that of `raise` was checked.
        unsafe { self.start.byte_add(offset).write_volatile(value) };
    }

    fn read(&self, offset: usize) -> u32 {
        // SAFETY: as in `write`.
        unsafe { self.start.byte_add(offset).read_volatile() }
    }
}

impl Drop for Registers {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and nothing refers to it any more.
        let _ = unsafe { munmap(self.start.cast(), LENGTH.get()) };
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
