// SPDX-License-Identifier: GPL-2.0

//! Generic netlink families that answer requests and send to multicast groups.
//!
//! [`kernel::net::netlink`] can register a family and multicast messages of `u32`, string and
//! flag attributes. This module is written as its continuation and knows nothing of its user. To what
//! is there already ([`base`]) it adds:
//!
//! - operations: [`Do`] and [`Dump`], with an attribute policy and the access that they need
//!   ([`Operation`], [`AttributePolicy`], [`Access`]);
//! - requests with replies and extended acknowledgements ([`Request`], [`Dumper`]);
//! - `u64` attributes, and messages whose buffer has just the size of their attributes
//!   ([`Attributes`], [`size`]);
//! - messages that are prepared once and sent often ([`Prepared`], [`Ready`]);
//! - multicast groups that need a capability to be joined ([`MulticastGroup`]), and sending to
//!   them from hard interrupt context ([`Group`]);
//! - sending to a single socket ([`Port`]), and hearing of its end ([`Releases`]).
//!
//! A family is a `static` [`Family`]. Registering it gives a [`Registration`], and only from an
//! [`Arc`](kernel::sync::Arc) of that one gets a [`Group`] to send to, so the family cannot be
//! unregistered while anyone can still send.
//!
//! Each file holds one concern of the C interface, and all of its `unsafe`.
//!
//! C header: [`include/net/genetlink.h`](srctree/include/net/genetlink.h)

mod attributes;
mod base;
mod buffer;
mod dump;
mod family;
mod gfp;
mod group;
mod message;
mod operation;
mod policy;
mod port;
mod prepared;
mod release;
mod request;
pub(crate) mod size;
mod skb;

pub(crate) use self::{
    attributes::Attributes,
    base::{
        Family,
        GenlMsg,
        MulticastGroup,
        NetlinkSkBuff,
        Registration, //
    },
    dump::{
        Dump,
        Dumper, //
    },
    gfp::Gfp,
    group::Group,
    operation::{
        Access,
        Operation, //
    },
    policy::{
        AttributePolicy,
        Range, //
    },
    port::Port,
    prepared::{
        Place,
        Prepared,
        Ready, //
    },
    release::{
        OnRelease,
        Releases, //
    },
    request::{
        Do,
        Request, //
    }, //
};
