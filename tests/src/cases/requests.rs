//! Requests that are wrong get the right error number and a sentence.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nix::libc::{EBUSY, EINVAL, ENODEV, EOPNOTSUPP, EPERM, ERANGE};

use crate::case::{Case, Mode};
use crate::driver::Driver;
use crate::raw::{Answer, Genl, NLM_F_DUMP, attribute, op, request, u32_attribute};
use crate::wait;

pub fn cases() -> Vec<Case> {
    vec![
        // The kernel itself tells of attributes that are malformed, besides refusing them.
        Case::new(
            "requests::wrong_ones_are_refused_with_a_reason",
            wrong_ones_are_refused,
        )
        .provoking(&["netlink: "]),
        Case::new(
            "requests::refused_ones_change_nothing",
            refused_ones_change_nothing,
        )
        .provoking(&["netlink: "]),
        Case::new(
            "requests::factorial_while_computing_is_busy",
            factorial_is_busy,
        ),
        Case::new("requests::dma_while_running_is_busy", dma_is_busy),
        Case::new(
            "requests::acting_takes_cap_net_admin",
            acting_takes_cap_net_admin,
        ),
        Case::new(
            "requests::listing_takes_no_privilege",
            listing_takes_no_privilege,
        ),
        Case::new("requests::dump_holds_every_device", dump_holds_every_device),
        Case::new("requests::unbound_device_is_gone", unbound_device_is_gone),
    ]
}

/// What the answer to a wrong request must have besides its error number.
enum Told {
    /// A text.
    Text,
    /// The attribute that is missing.
    Missing(u16),
    /// Text, and where the wrong attribute is.
    Where,
    /// The error number only: the kernel refuses before the driver is asked.
    Number,
}

/// A wrong request: what is wrong, operation, attributes, error numbers that are right, and
/// what else must be told.
type Wrong = (&'static str, u8, Vec<u8>, &'static [i32], Told);

fn wrong() -> Vec<Wrong> {
    let device = |instance| u32_attribute(request::DEVICE, instance);
    let with = |kind, value| [device(0), u32_attribute(kind, value)].concat();
    let to = |instance, kind| [device(instance), u32_attribute(kind, 1)].concat();
    vec![
        (
            "get of no such device",
            op::DEVICE_GET,
            u32_attribute(1, 7),
            &[ENODEV],
            Told::Where,
        ),
        (
            "get without a device",
            op::DEVICE_GET,
            vec![],
            &[EINVAL],
            Told::Missing(1),
        ),
        (
            "raise on no such device",
            op::RAISE,
            to(7, request::BITS),
            &[ENODEV],
            Told::Where,
        ),
        (
            "factorial on no such device",
            op::FACTORIAL,
            to(9, request::ARGUMENT),
            &[ENODEV],
            Told::Where,
        ),
        (
            "DMA on no such device",
            op::DMA,
            to(u32::MAX, request::BYTES),
            &[ENODEV],
            Told::Where,
        ),
        (
            "raise without a device",
            op::RAISE,
            u32_attribute(request::BITS, 1),
            &[EINVAL],
            Told::Missing(request::DEVICE),
        ),
        (
            "raise without bits",
            op::RAISE,
            device(0),
            &[EINVAL],
            Told::Missing(request::BITS),
        ),
        (
            "factorial without a number",
            op::FACTORIAL,
            device(0),
            &[EINVAL],
            Told::Missing(request::ARGUMENT),
        ),
        (
            "DMA without a length",
            op::DMA,
            device(0),
            &[EINVAL],
            Told::Missing(request::BYTES),
        ),
        (
            "raise of no bit",
            op::RAISE,
            with(request::BITS, 0),
            &[ERANGE, EINVAL],
            Told::Where,
        ),
        (
            "factorial out of range",
            op::FACTORIAL,
            with(request::ARGUMENT, 1_048_577),
            &[ERANGE],
            Told::Where,
        ),
        (
            "DMA of nothing",
            op::DMA,
            with(request::BYTES, 0),
            &[ERANGE],
            Told::Where,
        ),
        (
            "DMA of more than the buffer",
            op::DMA,
            with(request::BYTES, 4097),
            &[ERANGE],
            Told::Where,
        ),
        (
            "DMA of far more than the buffer",
            op::DMA,
            with(request::BYTES, u32::MAX),
            &[ERANGE],
            Told::Where,
        ),
        (
            "an attribute of another operation",
            op::RAISE,
            [
                device(0),
                u32_attribute(request::BITS, 1),
                u32_attribute(request::BYTES, 1),
            ]
            .concat(),
            &[EINVAL],
            Told::Where,
        ),
        (
            "an unknown attribute",
            op::RAISE,
            [
                device(0),
                u32_attribute(request::BITS, 1),
                u32_attribute(99, 1),
            ]
            .concat(),
            &[EINVAL],
            Told::Text,
        ),
        (
            "an attribute that is too short",
            op::RAISE,
            [device(0), attribute(request::BITS, &[1, 0])].concat(),
            &[EINVAL, ERANGE],
            Told::Where,
        ),
        (
            "an attribute that is too long",
            op::RAISE,
            [device(0), attribute(request::BITS, &[1; 8])].concat(),
            &[EINVAL, ERANGE],
            Told::Where,
        ),
        (
            "bytes that are no attribute",
            op::RAISE,
            [device(0), vec![200, 0, 2, 0]].concat(),
            &[EINVAL],
            Told::Text,
        ),
        (
            "an unknown operation",
            77,
            device(0),
            &[EOPNOTSUPP],
            Told::Number,
        ),
        (
            "a notification as a request",
            op::EVENT_NTF,
            device(0),
            &[EOPNOTSUPP],
            Told::Number,
        ),
    ]
}

fn wrong_ones_are_refused() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = Genl::open()?;
    let mut wrong_answers = Vec::new();
    for (what, operation, payload, errnos, told) in wrong() {
        let answer = genl.request(operation, 0, &payload)?;
        let explained = match told {
            Told::Text => answer.message.is_some(),
            Told::Where => answer.message.is_some() && answer.offset.is_some(),
            Told::Missing(kind) => answer.missing == Some(u32::from(kind)),
            Told::Number => true,
        };
        if !errnos.contains(&answer.errno) || !explained {
            wrong_answers.push(format!("{what}: expected {errnos:?}, got {answer:?}"));
        }
    }
    ensure!(wrong_answers.is_empty(), "{}", wrong_answers.join("\n"));
    Ok(())
}

fn refused_ones_change_nothing() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = Genl::open()?;
    genl.join()?;
    for (_, operation, payload, ..) in wrong() {
        genl.request(operation, 0, &payload)?;
    }
    let event = genl.event(Duration::from_millis(500))?;
    ensure!(
        event.is_none(),
        "a refused request made the device interrupt: {event:?}"
    );
    genl.raise(0, 1)?;
    let event = genl.event(wait::LIMIT)?.context("no event came")?;
    ensure!(event.seq == 1, "{event:?}");
    Ok(())
}

fn factorial_is_busy() -> Result<()> {
    busy(op::FACTORIAL, request::ARGUMENT, 1_048_576)
}

fn dma_is_busy() -> Result<()> {
    busy(op::DMA, request::BYTES, 4096)
}

/// Asks twice at once: the second request finds the device busy with the first.
fn busy(operation: u8, kind: u16, value: u32) -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = Genl::open()?;
    genl.join()?;
    let payload = [
        u32_attribute(request::DEVICE, 0),
        u32_attribute(kind, value),
    ]
    .concat();
    // The device works by the host's clock, and may be done before a slow guest asks again. Then
    // nothing was refused, and both requests have their events.
    let start = Instant::now();
    let mut attempt = 0;
    loop {
        ensure!(
            start.elapsed() < wait::LIMIT,
            "the device was done before the next request, {attempt} times"
        );
        let [first, second] = genl.request_twice(operation, &payload)?;
        ensure!(first.errno == 0, "{first:?}");
        let event = genl.event(wait::LIMIT)?.context("no event came")?;
        ensure!(event.seq == 2 * attempt + 1, "{event:?}");
        if second.errno == 0 {
            let event = genl.event(wait::LIMIT)?.context("no event came")?;
            ensure!(event.seq == 2 * attempt + 2, "{event:?}");
            attempt += 1;
            continue;
        }
        ensure!(second.errno == EBUSY, "{second:?}");
        ensure!(second.message.is_some(), "no reason was given: {second:?}");
        let more = genl.event(std::time::Duration::from_millis(500))?;
        ensure!(
            more.is_none(),
            "the refused request made an event: {more:?}"
        );
        return Ok(());
    }
}

fn acting_takes_cap_net_admin() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = Genl::open()?;
    without_privileges(|| {
        for (operation, kind) in [
            (op::RAISE, request::BITS),
            (op::FACTORIAL, request::ARGUMENT),
            (op::DMA, request::BYTES),
        ] {
            let payload = [u32_attribute(request::DEVICE, 0), u32_attribute(kind, 1)].concat();
            let answer = genl.request(operation, 0, &payload)?;
            ensure!(answer.errno == EPERM, "operation {operation}: {answer:?}");
        }
        Ok(())
    })
}

fn listing_takes_no_privilege() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = Genl::open()?;
    without_privileges(|| {
        let answer = genl.request(op::DEVICE_GET, NLM_F_DUMP, &[])?;
        ensure!(answer.errno == 0 && answer.objects == 2, "{answer:?}");
        Ok(())
    })
}

fn dump_holds_every_device() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let mut genl = Genl::open()?;
    let all = genl.request(op::DEVICE_GET, NLM_F_DUMP, &[])?;
    ensure!(all.errno == 0 && all.objects == 2, "{all:?}");
    let one = genl.request(op::DEVICE_GET, 0, &u32_attribute(1, 1))?;
    ensure!(one.errno == 0 && one.objects == 1, "{one:?}");
    Ok(())
}

fn unbound_device_is_gone() -> Result<()> {
    let _driver = Driver::load(Mode::Msi)?;
    let first = Driver::bound()?
        .first()
        .context("nothing is bound")?
        .clone();
    let mut genl = Genl::open()?;
    genl.join()?;
    Driver::unbind(&first)?;
    let payload = [
        u32_attribute(request::DEVICE, 0),
        u32_attribute(request::BITS, 1),
    ]
    .concat();
    let answer: Answer = genl.request(op::RAISE, 0, &payload)?;
    ensure!(answer.errno == ENODEV, "{answer:?}");
    genl.raise(1, 1)?;
    let event = genl.event(wait::LIMIT)?.context("no event came")?;
    ensure!(event.device == 1, "{event:?}");
    Driver::bind(&first)?;
    genl.raise(0, 1)?;
    let event = genl.event(wait::LIMIT)?.context("no event came")?;
    ensure!(
        event.device == 0 && event.seq == 1,
        "a new life starts at 1: {event:?}"
    );
    Ok(())
}

/// Runs `body` as a user without capabilities, and takes them back afterwards.
pub(super) fn without_privileges(body: impl FnOnce() -> Result<()>) -> Result<()> {
    const NOBODY: u32 = 65534;
    let root = nix::unistd::Uid::from_raw(0);
    nix::unistd::seteuid(nix::unistd::Uid::from_raw(NOBODY))?;
    let outcome = body();
    nix::unistd::seteuid(root)?;
    outcome
}
