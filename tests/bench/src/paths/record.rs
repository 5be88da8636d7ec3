//! An event outside netlink, as docs/protocol.md has it.

/// Bytes of a record without a payload.
pub const LENGTH: usize = 64;

/// What the benchmark needs of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Sequence number.
    pub seq: u64,
    /// When the handler took its time.
    pub time_ns: u64,
    /// How long it took.
    pub handler_ns: u32,
    /// Events that this reader lost before this one.
    pub lost: u64,
}

impl Record {
    /// Reads one.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let long = |at: usize| Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        let short = |at: usize| Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        Some(Self {
            seq: long(0)?,
            time_ns: long(8)?,
            handler_ns: short(28)?,
            lost: long(48)?,
        })
    }
}

/// Sums up the records that one read brought: how many, how many were lost, and the last.
pub fn sum(bytes: &[u8], size: usize) -> (u64, u64, Option<Record>) {
    bytes
        .chunks_exact(size)
        .filter_map(Record::decode)
        .fold((0, 0, None), |(count, lost, _), record| {
            (count + 1, lost + record.lost, Some(record))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_records_are_summed_up() {
        let mut bytes = vec![0; 2 * 72];
        bytes[72] = 9;
        bytes[72 + 48] = 3;
        let last = Record {
            seq: 9,
            time_ns: 0,
            handler_ns: 0,
            lost: 3,
        };
        assert_eq!(sum(&bytes, 72), (2, 3, Some(last)));
        assert_eq!(sum(&[], 64), (0, 0, None));
    }
}
