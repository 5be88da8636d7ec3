//! `bench --daemon`, with few samples: are all of its figures there, and does none contradict another?
//! How fast anything is, no test asks.

use std::fs;

use anyhow::{Context as _, ensure};
use irqcast_bench::{
    peers::{Burst, NAMES, Peer, Run, Sleeper},
    schema::Distribution,
};

use super::lifecycle::Testbed;

/// Enough for two events in each round.
const SAMPLES: &str = "10";

/// Each of those that run hooks has its figures, and so has each kind of confinement.
pub fn makes_sense(testbed: &Testbed<'_>) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("daemon.json");
    let path = file.to_str().context("a path that is no text")?;
    let command = testbed.program(&["bench", "--daemon", "--samples", SAMPLES, "--json", path])?;
    let ended = Testbed::end_of(command, b"")?;
    ensure!(
        ended.code == Some(0),
        "bench --daemon ended with {:?}\n{}\n{}",
        ended.code,
        ended.stdout,
        ended.stderr
    );
    ensure!(
        !ended.stdout.contains('\u{1b}'),
        "there is colour in a pipe"
    );
    let run: Run = serde_json::from_slice(&fs::read(&file)?)?;
    let names: Vec<&str> = run.peers.iter().map(|peer| peer.name.as_str()).collect();
    ensure!(names == NAMES, "there are figures of {names:?}");
    for peer in &run.peers {
        check(peer).with_context(|| peer.name.clone())?;
        ensure!(
            ended.stdout.contains(&peer.name),
            "the table has no {}",
            peer.name
        );
    }
    ensure!(run.confinement.len() > 1, "no confinement was measured");
    for kind in &run.confinement {
        in_order(&kind.latency_ns).with_context(|| kind.name.clone())?;
    }
    Ok(())
}

fn check(peer: &Peer) -> anyhow::Result<()> {
    in_order(&peer.latency_ns)?;
    ensure!(peer.hooks_hz > 0.0, "no hooks a second");
    ensure!(
        peer.rest_kib > 0 && peer.rest_pss_kib > 0,
        "no memory at rest"
    );
    let Some(Sleeper {
        before_ns_p50,
        next_ns,
        ..
    }) = peer.sleeper
    else {
        anyhow::bail!("no hook slept");
    };
    ensure!(before_ns_p50 > 0 && next_ns > 0, "no time beside a sleeper");
    let burst = peer.burst.as_ref().context("there was no burst")?;
    let Burst {
        events,
        hooks,
        told,
        processes,
        peak_kib,
        ..
    } = *burst;
    ensure!(
        hooks + told <= events,
        "{hooks} and {told} of {events} events"
    );
    ensure!(processes > 0 && peak_kib > 0, "nobody was looked at");
    // The others may lose some, and do not say so.
    ensure!(
        !peer.name.starts_with("irqcastd") || !burst.finished || hooks + told == events,
        "{hooks} hooks ran and {told} events were told as lost, of {events}"
    );
    Ok(())
}

fn in_order(times: &Distribution) -> anyhow::Result<()> {
    let Distribution {
        min, p50, p99, max, ..
    } = *times;
    ensure!(
        0 < min && min <= p50 && p50 <= p99 && p99 <= max,
        "{min}, {p50}, {p99} and {max} are not in order"
    );
    Ok(())
}
