//! The kernel's log, read from `/dev/kmsg` (Documentation/ABI/testing/dev-kmsg).

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;

use anyhow::{Context as _, Result};
use nix::libc;

/// Messages of this level and above (smaller numbers) count as complaints: warning.
const WARNING: u32 = 4;

/// What the kernel says of every module that is built outside its tree or not signed by
/// its maker. Each is printed once a boot.
const ALWAYS_EXPECTED: [&str; 2] = [
    "loading out-of-tree module taints kernel",
    "module verification failed: signature and/or required key missing",
];

/// The kernel log from a point in time on.
pub struct KernelLog {
    device: File,
    seen: Vec<(u32, String)>,
}

impl KernelLog {
    /// Starts behind the newest message.
    pub fn from_now() -> Result<Self> {
        let mut device = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open("/dev/kmsg")
            .context("failed to open /dev/kmsg")?;
        device.seek(SeekFrom::End(0))?;
        Ok(Self {
            device,
            seen: Vec::new(),
        })
    }

    /// Whether any message since the start contains `part`.
    pub fn contains(&mut self, part: &str) -> Result<bool> {
        self.read()?;
        Ok(self.seen.iter().any(|(_, text)| text.contains(part)))
    }

    /// Messages of level warning or above that contain none of the `expected` parts.
    pub fn complaints(&mut self, expected: &[&str]) -> Result<Vec<String>> {
        self.read()?;
        let expected: Vec<&str> = expected.iter().chain(&ALWAYS_EXPECTED).copied().collect();
        Ok(self
            .seen
            .iter()
            .filter(|(level, text)| {
                *level <= WARNING && !expected.iter().any(|part| text.contains(part))
            })
            .map(|(level, text)| format!("<{level}> {text}"))
            .collect())
    }

    /// Those of the `expected` parts that no message read so far contains.
    pub fn missing<'a>(&self, expected: &[&'a str]) -> Vec<&'a str> {
        expected
            .iter()
            .filter(|part| !self.seen.iter().any(|(_, text)| text.contains(**part)))
            .copied()
            .collect()
    }

    fn read(&mut self) -> Result<()> {
        // One read returns one record, of at most this size (PRINTK_MESSAGE_MAX).
        let mut record = [0; 8192];
        loop {
            match self.device.read(&mut record) {
                Ok(0) => return Ok(()),
                Ok(length) => self.seen.extend(parse(&record[..length])),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                // Records were overwritten before they were read: a storm of messages,
                // which no test may cause, so it is a complaint itself.
                Err(error) if error.raw_os_error() == Some(libc::EPIPE) => {
                    self.seen
                        .push((WARNING, "kernel messages were overwritten unread".into()));
                }
                Err(error) => return Err(error).context("failed to read /dev/kmsg"),
            }
        }
    }
}

/// Level and text of a record, `prefix,seq,time,flags;text`. Programs' own messages (of
/// another facility than the kernel's, 0) are left out.
fn parse(record: &[u8]) -> Option<(u32, String)> {
    let record = String::from_utf8_lossy(record);
    let (head, text) = record.split_once(';')?;
    let prefix: u32 = head.split(',').next()?.parse().ok()?;
    (prefix >> 3 == 0).then(|| {
        let line = text.lines().next().unwrap_or_default();
        (prefix & 7, line.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn takes_level_and_first_line_of_a_kernel_record() {
        let record = b"4,1234,5678,-;irqcast: text; more\n SUBSYSTEM=pci\n";
        assert_eq!(parse(record), Some((4, "irqcast: text; more".to_owned())));
    }

    #[test]
    fn leaves_out_what_programs_write() {
        assert_eq!(parse(b"12,1,2,-;from user space\n"), None);
    }
}
