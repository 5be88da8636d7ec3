//! Standard input of the testbed, passed on to a command in the guest.

use std::{
    io::{self, Read as _},
    sync::mpsc::{Receiver, Sender, SyncSender, channel},
    thread,
};

use anyhow::Context as _;
use irqcast_link::{DATA, ExecId, STDIN_WINDOW};

use crate::vm::{Event, Vm};

/// Passes standard input on, no faster than the command takes it.
pub struct Input {
    id: ExecId,
    /// Lets the thread that reads go on.
    go_on: Sender<()>,
    /// Bytes that the command has not taken.
    under_way: usize,
    reader_waits: bool,
}

impl Input {
    /// Starts to read standard input for the command `id`.
    pub fn start(vm: &Vm, id: ExecId) -> anyhow::Result<Self> {
        let waker = vm.waker();
        let (go_on, told) = channel();
        thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || read(&waker, &told))
            .context("failed to start the thread that reads the input")?;
        Ok(Self {
            id,
            go_on,
            under_way: 0,
            reader_waits: false,
        })
    }

    /// Sends what was read.
    pub fn pass(&mut self, vm: &mut Vm, data: Vec<u8>) -> anyhow::Result<()> {
        if data.is_empty() {
            return vm.end_input(self.id);
        }
        self.under_way += data.len();
        self.reader_waits = true;
        vm.send_input(self.id, data)?;
        self.let_reader_go_on();
        Ok(())
    }

    /// A command has taken this much.
    pub fn taken(&mut self, id: ExecId, bytes: usize) {
        if id != self.id {
            return;
        }
        self.under_way = self.under_way.saturating_sub(bytes);
        self.let_reader_go_on();
    }

    fn let_reader_go_on(&mut self) {
        if self.reader_waits && self.under_way + DATA <= STDIN_WINDOW {
            self.reader_waits = false;
            // After the end of the input nobody waits.
            let _ = self.go_on.send(());
        }
    }
}

fn read(waker: &SyncSender<Event>, told: &Receiver<()>) {
    loop {
        let mut data = vec![0; DATA];
        let count = match io::stdin().lock().read(&mut data) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // An input that cannot be read, such as a closed one, is an empty one.
            Err(_) => 0,
        };
        data.truncate(count);
        let ended = waker.send(Event::Input(data)).is_err() || count == 0;
        if ended || told.recv().is_err() {
            return;
        }
    }
}
