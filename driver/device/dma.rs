// SPDX-License-Identifier: GPL-2.0

//! DMA through the device's buffer and back.
//!
//! The device does one transfer at a time, and each takes it 100 ms. The first brings a pattern from
//! memory to the buffer and does not interrupt. Delayed work sees that it is done and starts the
//! second, which brings it back to other memory and interrupts. The handler compares.
//!
//! What does not fit into one transfer goes in [`CHUNK`]s, each there and back, and only the last
//! one interrupts.

use kernel::{
    device::Core,
    dma::{
        Coherent,
        Device as _,
        DmaMask, //
    },
    io::{
        io_read,
        io_write,
        Io, //
    },
    pci,
    prelude::*,
    sync::atomic::{
        Acquire,
        Atomic,
        Relaxed,
        Release, //
    }, //
};

use super::{
    bar::Bar,
    regs::{
        self,
        DMA_COMMAND, //
    }, //
};

/// Largest number of bytes of a transfer.
///
/// One less than the buffer has: there are versions of QEMU (7.2 is one) that take a transfer which
/// includes the last byte of the buffer for one that goes beyond it, and exit.
const CHUNK: u32 = regs::DMA_BUFFER_SIZE - 1;

/// Nothing is under way. Whoever leaves this state owns the memory and the registers of the DMA.
const IDLE: u32 = 0;
/// A chunk goes to the device. Left by the delayed work.
const OUTBOUND: u32 = 1;
/// A chunk comes back that is not the last. Left by the delayed work.
const BETWEEN: u32 = 2;
/// The last chunk comes back. Left by the handler.
const INBOUND: u32 = 3;

/// What the delayed work did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing: the transfer before still runs.
    Waited,
    /// Started a transfer after which there is more to do.
    Started,
    /// Started the last transfer, which will interrupt.
    StartedLast,
}

/// What came back.
#[derive(Clone, Copy)]
pub(super) struct Returned {
    /// Bytes that were sent.
    pub(super) bytes: u32,
    /// Bytes that are right, counted from the first to the first that is not.
    pub(super) intact: u32,
}

/// The DMA that was asked for, if any, and its memory.
pub(super) struct Dma {
    state: Atomic<u32>,
    /// Number of bytes that was asked for.
    bytes: Atomic<u32>,
    /// Where the present chunk starts.
    offset: Atomic<u32>,
    /// Number of the DMA, which makes its pattern differ from that of the one before.
    round: Atomic<u32>,
    sent: Memory,
    received: Memory,
}

/// Memory that the device can reach.
struct Memory {
    bytes: Coherent<[u8]>,
    /// Where the device finds it.
    address: u32,
}

impl Memory {
    fn new(pdev: &pci::Device<Core<'_>>) -> Result<Self> {
        let length = regs::DMA_BUFFER_SIZE as usize;
        let bytes = Coherent::zeroed_slice(pdev.as_ref(), length, GFP_KERNEL)?;

        Ok(Self {
            address: u32::try_from(bytes.dma_address())?,
            bytes,
        })
    }
}

impl Dma {
    /// Gets memory that the device can reach.
    ///
    /// To be called once when the driver binds to the device, before other DMA memory is allocated
    /// for it.
    pub(super) fn new(pdev: &pci::Device<Core<'_>>) -> Result<Self> {
        // SAFETY: The device is just being bound, and this is the first to allocate DMA memory.
        unsafe { pdev.dma_set_mask_and_coherent(DmaMask::new::<{ regs::DMA_ADDRESS_BITS }>())? };

        Ok(Self {
            state: Atomic::new(IDLE),
            bytes: Atomic::new(0),
            offset: Atomic::new(0),
            round: Atomic::new(0),
            sent: Memory::new(pdev)?,
            received: Memory::new(pdev)?,
        })
    }

    /// Starts to send `bytes` bytes of a pattern to the device.
    ///
    /// Returns [`EBUSY`] while an earlier one is under way, and [`ERANGE`] when the buffer does not
    /// hold that many, or none are to be sent.
    pub(super) fn start(&self, bar: &Bar<'_>, bytes: u32) -> Result {
        if !(1..=regs::DMA_BUFFER_SIZE).contains(&bytes) {
            return Err(ERANGE);
        }
        if self.state.cmpxchg(IDLE, OUTBOUND, Acquire).is_err() {
            return Err(EBUSY);
        }

        let round = self.round.load(Relaxed).wrapping_add(1);
        self.round.store(round, Relaxed);
        self.bytes.store(bytes, Relaxed);
        self.offset.store(0, Relaxed);

        self.fill(bytes as usize, round)
            .inspect_err(|_| self.state.store(IDLE, Release))?;
        self.send_chunk(bar);
        Ok(())
    }

    /// Goes on, if the transfer that runs is done. To be called by the delayed work only, and only
    /// until it returns [`Step::StartedLast`].
    pub(super) fn go_on(&self, bar: &Bar<'_>) -> Step {
        if bar.read(DMA_COMMAND).run() {
            return Step::Waited;
        }

        if self.state.load(Acquire) == BETWEEN {
            self.offset
                .store(self.offset.load(Relaxed) + CHUNK, Relaxed);
            self.state.store(OUTBOUND, Release);
            self.send_chunk(bar);
            return Step::Started;
        }

        let is_last = self.offset.load(Relaxed) + self.chunk() == self.bytes.load(Relaxed);
        // Before the transfer is started, so that its interrupt is not missed. If the handler runs
        // in between, the command register tells it that the last transfer went to the device.
        let state = if is_last { INBOUND } else { BETWEEN };
        self.state.store(state, Release);
        self.fetch_chunk(bar, is_last);
        if is_last {
            Step::StartedLast
        } else {
            Step::Started
        }
    }

    /// Forgets a DMA that still needs the delayed work to go on.
    ///
    /// To be called by the delayed work, or when that does not run any more.
    pub(super) fn give_up(&self) {
        for state in [OUTBOUND, BETWEEN] {
            // Fails, as it should, in another state.
            let _ = self.state.cmpxchg(state, IDLE, Release);
        }
    }

    /// Returns what came back, if a DMA was asked for and is done, once.
    ///
    /// To be called by the interrupt handler after it has acknowledged [`regs::DMA_DONE`], for the
    /// same reasons as [`Factorial::take`](super::factorial::Factorial::take). It compares up to
    /// 4096 bytes.
    pub(super) fn take(&self, bar: &Bar<'_>) -> Option<Returned> {
        if self.state.load(Acquire) != INBOUND {
            return None;
        }
        let command = bar.read(DMA_COMMAND);
        if command.run() || !command.to_memory() {
            return None;
        }

        let bytes = self.bytes.load(Relaxed);
        let intact = self.count_intact(bytes as usize, self.round.load(Relaxed));
        self.state.store(IDLE, Release);
        Some(Returned { bytes, intact })
    }

    /// Returns whether a DMA was asked for whose interrupt is still to come.
    pub(super) fn is_pending(&self) -> bool {
        self.state.load(Relaxed) != IDLE
    }

    /// Returns the number of bytes of the present chunk.
    fn chunk(&self) -> u32 {
        CHUNK.min(self.bytes.load(Relaxed) - self.offset.load(Relaxed))
    }

    fn send_chunk(&self, bar: &Bar<'_>) {
        let source = self.sent.address + self.offset.load(Relaxed);
        self.transfer(bar, source, regs::DMA_BUFFER, DMA_COMMAND::zeroed());
    }

    fn fetch_chunk(&self, bar: &Bar<'_>, interrupt: bool) {
        let destination = self.received.address + self.offset.load(Relaxed);
        let command = DMA_COMMAND::zeroed()
            .with_to_memory(true)
            .with_interrupt_when_done(interrupt);
        self.transfer(bar, regs::DMA_BUFFER, destination, command);
    }

    /// Starts a transfer of the present chunk. The device must not be running one.
    fn transfer(&self, bar: &Bar<'_>, source: u32, destination: u32, command: DMA_COMMAND) {
        bar.write_reg(regs::DMA_SOURCE::from(source));
        bar.write_reg(regs::DMA_DESTINATION::from(destination));
        bar.write_reg(regs::DMA_COUNT::from(self.chunk()));
        bar.write_reg(command.with_run(true));
    }

    /// Writes the pattern of this round to the memory to send, and its opposite to the memory that
    /// it is to come back to.
    fn fill(&self, length: usize, round: u32) -> Result {
        for i in 0..length {
            let byte = pattern(round, i);
            io_write!(&self.sent.bytes, [try: i], byte);
            io_write!(&self.received.bytes, [try: i], !byte);
        }
        Ok(())
    }

    /// Returns how many bytes came back before the first that is not that of the pattern.
    fn count_intact(&self, length: usize, round: u32) -> u32 {
        let received = |i| -> Result<u8> { Ok(io_read!(&self.received.bytes, [try: i])) };
        let is_intact = |i| received(i).is_ok_and(|byte| byte == pattern(round, i));

        // CAST: At most as many as were sent, which was a `u32`.
        (0..length).take_while(|i| is_intact(*i)).count() as u32
    }
}

/// Byte `i` of the pattern of a round. It differs between rounds, between neighbours, and between
/// blocks of 256 bytes.
fn pattern(round: u32, i: usize) -> u8 {
    let [low, high, ..] = i.to_le_bytes();
    low ^ high.rotate_left(4) ^ (round as u8).wrapping_mul(0x1d)
}

#[kunit_tests(irqcast_dma)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_shows_what_is_out_of_place() {
        for (a, b) in [((1, 0), (1, 1)), ((1, 7), (2, 7)), ((3, 5), (3, 261))] {
            assert!(pattern(a.0, a.1) != pattern(b.0, b.1));
        }
    }
}
