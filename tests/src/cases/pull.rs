//! The socket options: one returns the next event, one holds a device's delivery paths.

use std::io;
use std::mem::size_of;
use std::net::UdpSocket;
use std::os::fd::AsRawFd as _;

use anyhow::{Context as _, Result, ensure};
use nix::libc;

use crate::case::{Case, Mode};
use crate::driver::Driver;
use crate::raw::Genl;

/// Numbers of the options, in the level `SOL_IP`.
const NEXT: i32 = 18_769;
const PATHS: i32 = 18_770;

/// Size of a record, as docs/protocol.md lays it out.
const RECORD: usize = 64;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("pull::returns_each_event_once", each_once),
        Case::new("pull::what_left_the_ring_is_counted", overwritten),
        Case::new("pull::wrong_requests_are_refused", wrong_requests),
        Case::new("pull::paths_are_set_and_returned", paths),
        Case::new("pull::wrong_settings_are_refused", wrong_settings),
    ]
}

fn field(record: &[u8; RECORD], at: usize) -> u64 {
    let mut bytes = [0; size_of::<u64>()];
    bytes.copy_from_slice(&record[at..at + size_of::<u64>()]);
    u64::from_ne_bytes(bytes)
}

/// A record to ask with for the first event of a device.
fn start(device: u32) -> [u8; RECORD] {
    let mut record = [0; RECORD];
    record[16..20].copy_from_slice(&device.to_ne_bytes());
    record
}

fn next(socket: &UdpSocket, record: &mut [u8]) -> io::Result<usize> {
    get(socket, NEXT, record)
}

fn get(socket: &UdpSocket, option: i32, value: &mut [u8]) -> io::Result<usize> {
    let mut length = libc::socklen_t::try_from(value.len()).map_err(io::Error::other)?;
    // SAFETY: the descriptor is open, and the buffer is as long as `length` says.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_IP,
            option,
            value.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    if result == 0 {
        Ok(length as usize)
    } else {
        Err(io::Error::last_os_error())
    }
}

fn set(socket: &UdpSocket, option: i32, value: &[u8]) -> io::Result<()> {
    let length = libc::socklen_t::try_from(value.len()).map_err(io::Error::other)?;
    // SAFETY: the descriptor is open, and the buffer is as long as `length` says.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_IP,
            option,
            value.as_ptr().cast(),
            length,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// The value of the option that holds the paths.
fn device_paths(device: u32, paths: u32) -> [u8; 8] {
    let mut value = [0; 8];
    value[..4].copy_from_slice(&device.to_ne_bytes());
    value[4..].copy_from_slice(&paths.to_ne_bytes());
    value
}

fn each_once() -> Result<()> {
    const COUNT: u64 = 50;
    let _driver = Driver::load(Mode::Msi)?;
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    let mut genl = Genl::open()?;
    genl.join()?;
    let mut record = start(1);
    for seq in 1..=COUNT {
        let empty = next(&socket, &mut record);
        ensure!(
            empty
                .as_ref()
                .is_err_and(|error| error.raw_os_error() == Some(libc::EAGAIN)),
            "{empty:?}"
        );
        let event = genl.interrupt(1, 0x10)?;
        ensure!(next(&socket, &mut record)? == RECORD);
        ensure!(field(&record, 0) == seq && field(&record, 8) == event.time_ns);
        ensure!(field(&record, 48) == 0, "events were lost");
    }
    Ok(())
}

fn overwritten() -> Result<()> {
    const HISTORY: u64 = 16;
    const COUNT: u64 = 40;
    let _driver = Driver::load_with(&format!("history={HISTORY}"))?;
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    let mut genl = Genl::open()?;
    genl.join()?;
    for _ in 0..COUNT {
        genl.interrupt(0, 1)?;
    }
    let mut record = start(0);
    next(&socket, &mut record)?;
    let first = field(&record, 0);
    ensure!(first == COUNT - HISTORY + 1, "first is {first}");
    ensure!(
        field(&record, 48) == first - 1,
        "lost {}",
        field(&record, 48)
    );
    for seq in first + 1..=COUNT {
        next(&socket, &mut record)?;
        ensure!(field(&record, 0) == seq && field(&record, 48) == 0);
    }
    Ok(())
}

fn wrong_requests() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    let errno = |record: &mut [u8]| next(&socket, record).err().and_then(|e| e.raw_os_error());
    ensure!(errno(&mut start(9)) == Some(libc::ENODEV));
    ensure!(errno(&mut start(0)[..RECORD - 1]) == Some(libc::EINVAL));
    crate::cases::requests::without_privileges(|| {
        ensure!(errno(&mut start(0)) == Some(libc::EPERM));
        Ok(())
    })
}

/// What one socket sets, another gets, and `device-get` says too. The other device keeps its own.
fn paths() -> Result<()> {
    const ONLY_CHARDEV: u32 = 1 << 2;
    const ALL: u32 = 63;
    let _driver = Driver::load(Mode::Msi)?;
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    let other = UdpSocket::bind("0.0.0.0:0")?;
    let paths = |device| -> Result<u32> {
        let mut value = device_paths(device, u32::MAX);
        ensure!(get(&other, PATHS, &mut value)? == value.len());
        ensure!(value[..4] == device.to_ne_bytes());
        let told = irqcast::Client::open()?.device(device)?.paths.bits();
        let mut bits = [0; 4];
        bits.copy_from_slice(&value[4..]);
        ensure!(u32::from_ne_bytes(bits) == told, "device-get says {told}");
        Ok(told)
    };
    ensure!(paths(0)? == ALL && paths(1)? == ALL);
    set(&socket, PATHS, &device_paths(1, ONLY_CHARDEV))?;
    ensure!(paths(0)? == ALL && paths(1)? == ONLY_CHARDEV);

    // The next event follows it: it is in the ring, and nobody is told of it by netlink.
    let mut genl = Genl::open()?;
    genl.join()?;
    let mut client = irqcast::Client::open()?;
    client.raise(1, 1)?;
    client.raise(0, 2)?;
    let event = genl.event(crate::wait::LIMIT)?.context("no event came")?;
    ensure!(event.device == 0, "{event:?}");
    let mut record = start(1);
    ensure!(next(&socket, &mut record)? == RECORD && field(&record, 0) == 1);
    Ok(())
}

fn wrong_settings() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    let errno = |option, value: &[u8]| {
        let result = set(&socket, option, value);
        result.err().and_then(|error| error.raw_os_error())
    };
    let unchanged = || -> Result<()> {
        let mut value = device_paths(0, 0);
        get(&socket, PATHS, &mut value)?;
        ensure!(value == device_paths(0, 63), "{value:?}");
        Ok(())
    };
    ensure!(errno(NEXT, &start(0)) == Some(libc::ENOPROTOOPT));
    ensure!(errno(PATHS, &device_paths(9, 0)) == Some(libc::ENODEV));
    ensure!(errno(PATHS, &device_paths(0, 64)) == Some(libc::EINVAL));
    ensure!(errno(PATHS, &device_paths(0, 0)[..7]) == Some(libc::EINVAL));
    ensure!(errno(PATHS, &[]) == Some(libc::EINVAL));
    unchanged()?;
    crate::cases::requests::without_privileges(|| {
        ensure!(errno(PATHS, &device_paths(0, 0)) == Some(libc::EPERM));
        Ok(())
    })?;
    unchanged()
}
