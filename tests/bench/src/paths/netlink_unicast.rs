//! Generic netlink unicast to a port that has registered.
//!
//! The listener is that of [`super::netlink_multicast`], but that its socket joins no group and
//! asks for the events by a request.

use anyhow::Result;
use irqcast_bench::schema::Listener;

use super::{
    Path,
    irqcast::{Driver, bit},
    netlink_multicast,
};
use crate::{
    netlink::{self, Family},
    receive::Receiver,
    target,
};

/// The request `listen` and its attribute `device`, as in driver/spec/irqcast.yaml.
const LISTEN: u8 = 7;
const DEVICE: u16 = 1;

/// The path.
pub const PATH: Path = Path {
    name: "netlink-unicast",
    context: None,
    listeners: &[Listener::Blocking, Listener::Epoll, Listener::IoUring],
    most_listeners: 64,
    payload: true,
    told: true,
    open: |_, options| Driver::load(bit::NETLINK_UNICAST, options, open),
};

fn open(listener: Listener) -> Result<Box<dyn Receiver>> {
    let family = Family::find(target::family())?;
    let socket = netlink::bound()?;
    let device = netlink::attribute(DEVICE, &0_u32.to_ne_bytes());
    netlink::request(&socket, family.id, LISTEN, &device)?;
    Ok(netlink_multicast::on(socket, listener))
}
