//! `uio_pci_generic`, unmodified: a driver in user space that reads `/dev/uioN`.
//!
//! It knows INTx only. Its handler masks the line in the configuration space and wakes an
//! interrupt thread, which wakes the reader. The reader has to acknowledge the interrupt and to
//! unmask the line after each read; that is after the latency and within the costs.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
};

use anyhow::{Context as _, Result};
use irqcast_bench::schema::Listener;
use nix::libc;

use super::{Path, Source, counting};
use crate::{
    device::{Bound, Device},
    modules,
    receive::Receiver,
    waiting::Waiting,
};

/// The path.
pub const PATH: Path = Path {
    name: "uio",
    context: None,
    listeners: &[Listener::Blocking, Listener::Epoll, Listener::IoUring],
    // Each reader would have to leave the unmasking to another.
    most_listeners: 1,
    payload: false,
    told: false,
    open: |device, _| {
        modules::load_stock("uio_pci_generic")?;
        Ok(Box::new(Uio {
            _bound: device.bind("uio_pci_generic")?,
            device: device.clone(),
        }))
    },
};

struct Uio {
    _bound: Bound,
    device: Device,
}

impl Source for Uio {
    fn receiver(&mut self, listener: Listener) -> Result<Box<dyn Receiver>> {
        let folder = self.device.file("uio");
        let node = fs::read_dir(&folder)
            .ok()
            .and_then(|mut entries| entries.next()?.ok())
            .with_context(|| format!("{} is empty", folder.display()))?;
        let path = std::path::Path::new("/dev").join(node.file_name());
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        let mut waiting = Waiting::new(listener);
        if listener == Listener::IoUring {
            // The driver's read waits whatever it is told, unless the file says otherwise.
            options.custom_flags(libc::O_NONBLOCK);
            waiting = waiting.poll_first();
        }
        let file = options.open(&path);
        let file = file.with_context(|| format!("failed to open {}", path.display()))?;
        let count = fs::read_to_string(node.path().join("event"))?;
        let registers = self.device.registers()?;
        let configuration = self.device.configuration()?;
        registers.acknowledge();
        configuration.unmask_line()?;
        Ok(Box::new(counting::Uio {
            file: file.into(),
            waiting,
            registers,
            configuration,
            last: count.trim().parse()?,
        }))
    }
}
