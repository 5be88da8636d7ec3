//! `vfio-pci`, unmodified: a driver in user space whose MSI signals an eventfd, behind an
//! IOMMU that QEMU emulates.
//!
//! The handler does nothing but signal. The listener acknowledges, since nobody else does.

use std::{
    fs::{self, File, OpenOptions},
    os::{
        fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd},
        unix::fs::FileExt as _,
    },
};

use anyhow::{Context as _, Result, ensure};
use irqcast_bench::schema::Listener;
use nix::{
    errno::Errno,
    libc,
    sys::eventfd::{EfdFlags, EventFd},
};

use super::{Path, Source, counting::Eventfd};
use crate::{
    device::{Bound, Device},
    modules,
    receive::Receiver,
    waiting::Waiting,
};

/// Requests of include/uapi/linux/vfio.h: `_IO(';', 100 + n)`.
const SET_IOMMU: u64 = 0x3b66;
const GROUP_SET_CONTAINER: u64 = 0x3b68;
const GROUP_GET_DEVICE_FD: u64 = 0x3b6a;
const DEVICE_GET_REGION_INFO: u64 = 0x3b6c;
const DEVICE_SET_IRQS: u64 = 0x3b6e;
/// `VFIO_TYPE1v2_IOMMU`.
const TYPE1V2: libc::c_ulong = 3;
/// `VFIO_PCI_CONFIG_REGION_INDEX`.
const CONFIGURATION: u32 = 7;
/// `VFIO_PCI_MSI_IRQ_INDEX`.
const MSI: u32 = 1;
/// `VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER`.
const TRIGGER_EVENTFD: u32 = 1 << 2 | 1 << 5;
/// The command register, and its bit that lets the device write memory, as MSI does.
const COMMAND: u64 = 4;
const COMMAND_MASTER: u16 = 1 << 2;

/// The path.
pub const PATH: Path = Path {
    name: "vfio",
    context: None,
    listeners: &[Listener::Blocking, Listener::Epoll, Listener::IoUring],
    most_listeners: 1,
    payload: false,
    told: false,
    open: |edu, _| {
        for module in ["vfio", "vfio_iommu_type1", "vfio-pci"] {
            modules::load_stock(module)?;
        }
        let bound = edu.bind("vfio-pci")?;
        Ok(Box::new(Vfio::open(edu, bound)?))
    },
};

struct Vfio {
    // Closed in this order, and then the device is taken back.
    device: File,
    _group: File,
    _container: File,
    _bound: Bound,
    edu: Device,
    eventfd: EventFd,
}

#[repr(C)]
#[derive(Default)]
struct RegionInfo {
    length: u32,
    flags: u32,
    index: u32,
    capabilities: u32,
    size: u64,
    offset: u64,
}

#[repr(C)]
struct IrqSet {
    length: u32,
    flags: u32,
    index: u32,
    start: u32,
    count: u32,
    eventfd: RawFd,
}

impl Vfio {
    fn open(edu: &Device, bound: Bound) -> Result<Self> {
        let link = fs::read_link(edu.file("iommu_group"))
            .context("the device is behind no IOMMU; the guest needs one for vfio")?;
        let group = link.file_name().context("an IOMMU group has a number")?;
        let node = |path: &std::path::Path| {
            let file = OpenOptions::new().read(true).write(true).open(path);
            file.with_context(|| format!("failed to open {}", path.display()))
        };
        let folder = std::path::Path::new("/dev/vfio");
        let container = node(&folder.join("vfio"))?;
        let group = node(&folder.join(group))?;
        let handle = container.as_raw_fd();
        request(&group, GROUP_SET_CONTAINER, &raw const handle as usize)
            .context("failed to put the group into the container")?;
        request(&container, SET_IOMMU, TYPE1V2 as usize).context("failed to set the IOMMU")?;
        let name = std::ffi::CString::new(edu.address())?;
        let device = request(&group, GROUP_GET_DEVICE_FD, name.as_ptr() as usize)
            .context("failed to get the device")?;
        // SAFETY: the call returned a new file descriptor that nobody else owns.
        let device = File::from(unsafe { OwnedFd::from_raw_fd(device) });
        enable_messages(&device)?;
        let eventfd = EventFd::from_value_and_flags(0, EfdFlags::EFD_CLOEXEC)?;
        let set = IrqSet {
            length: u32::try_from(size_of::<IrqSet>())?,
            flags: TRIGGER_EVENTFD,
            index: MSI,
            start: 0,
            count: 1,
            eventfd: eventfd.as_raw_fd(),
        };
        request(&device, DEVICE_SET_IRQS, &raw const set as usize)
            .context("failed to hand the eventfd over")?;
        Ok(Self {
            device,
            _group: group,
            _container: container,
            _bound: bound,
            edu: edu.clone(),
            eventfd,
        })
    }
}

/// Lets the device write to memory.
fn enable_messages(device: &File) -> Result<()> {
    let mut region = RegionInfo {
        length: u32::try_from(size_of::<RegionInfo>())?,
        index: CONFIGURATION,
        ..RegionInfo::default()
    };
    request(device, DEVICE_GET_REGION_INFO, &raw mut region as usize)
        .context("failed to find the configuration space")?;
    ensure!(region.size > COMMAND, "the configuration space is empty");
    let mut command = [0; 2];
    device.read_exact_at(&mut command, region.offset + COMMAND)?;
    let command = u16::from_le_bytes(command) | COMMAND_MASTER;
    device.write_all_at(&command.to_le_bytes(), region.offset + COMMAND)?;
    Ok(())
}

/// Makes a request with a number or the address of a value, both of which live in the caller.
fn request(file: &File, request: u64, argument: usize) -> Result<RawFd> {
    // SAFETY: the callers above pass numbers, or addresses of values that live over the call and
    // are laid out as the request says.
    let result = unsafe { libc::ioctl(file.as_raw_fd(), request, argument) };
    Ok(Errno::result(result)?)
}

impl Source for Vfio {
    fn receiver(&mut self, listener: Listener) -> Result<Box<dyn Receiver>> {
        let registers = self.edu.registers()?;
        registers.acknowledge();
        // It belongs to the device now and cannot be opened twice; a copy refers to the same.
        let file = self.eventfd.as_fd_copy()?;
        ensure!(self.device.metadata().is_ok(), "the device is gone");
        Ok(Box::new(Eventfd {
            file,
            waiting: Waiting::new(listener),
            acknowledge: Some(registers),
        }))
    }
}

trait Copied {
    fn as_fd_copy(&self) -> std::io::Result<OwnedFd>;
}

impl Copied for EventFd {
    fn as_fd_copy(&self) -> std::io::Result<OwnedFd> {
        std::os::fd::AsFd::as_fd(self).try_clone_to_owned()
    }
}
