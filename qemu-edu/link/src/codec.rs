//! Bytes to frames and back.

use serde::{Serialize, de::DeserializeOwned};

/// Longest frame, in bytes without its length prefix. Anything longer is an error of the
/// peer, so a damaged length never makes the reader wait for gigabytes.
pub const MAX_FRAME: usize = 256 * 1024;

/// Bytes of the length prefix: a little-endian `u32`.
const PREFIX: usize = size_of::<u32>();

/// Why bytes are no frame, or a frame no bytes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The frame is longer than [`MAX_FRAME`].
    #[error("a frame of {length} bytes is longer than the {MAX_FRAME} that are allowed")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The frame cannot be written in the format.
    #[error("a frame does not encode")]
    Encode(#[source] postcard::Error),
    /// The bytes do not decode as a frame of this direction.
    #[error("a frame of {length} bytes does not decode")]
    Malformed {
        /// Its length in bytes.
        length: usize,
        /// What the format says.
        source: postcard::Error,
    },
    /// The frame decodes, but has more bytes than it needs.
    #[error("a frame of {length} bytes has {rest} too many")]
    Trailing {
        /// Its length in bytes.
        length: usize,
        /// How many are left.
        rest: usize,
    },
}

/// The bytes of one frame, with its length in front.
///
/// # Errors
///
/// [`Error::TooLong`] when the frame does not fit; data longer than [`crate::DATA`] has to
/// be cut by the caller.
pub fn encode<T: Serialize>(frame: &T) -> Result<Vec<u8>, Error> {
    let mut bytes = postcard::to_extend(frame, vec![0; PREFIX]).map_err(Error::Encode)?;
    let length = bytes.len() - PREFIX;
    match u32::try_from(length) {
        Ok(prefix) if length <= MAX_FRAME => {
            bytes[..PREFIX].copy_from_slice(&prefix.to_le_bytes());
            Ok(bytes)
        }
        _ => Err(Error::TooLong { length }),
    }
}

/// Collects bytes as they come, and hands out the frames in them.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Bytes at the front of `buffer` that have been handed out already.
    used: usize,
}

impl Decoder {
    /// Adds bytes that were received.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.used);
        self.used = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, or `None` when more bytes are needed.
    ///
    /// # Errors
    ///
    /// After any error the stream cannot be trusted any more: the caller closes it.
    pub fn decode<T: DeserializeOwned>(&mut self) -> Result<Option<T>, Error> {
        let rest = &self.buffer[self.used..];
        let Some((prefix, rest)) = rest.split_first_chunk::<PREFIX>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_le_bytes(*prefix)).unwrap_or(usize::MAX);
        if length > MAX_FRAME {
            return Err(Error::TooLong { length });
        }
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let (frame, rest) = postcard::take_from_bytes(body)
            .map_err(|source| Error::Malformed { length, source })?;
        if !rest.is_empty() {
            return Err(Error::Trailing {
                length,
                rest: rest.len(),
            });
        }
        self.used += PREFIX + length;
        Ok(Some(frame))
    }

    /// Whether the bytes end inside a frame.
    #[must_use]
    pub fn is_mid_frame(&self) -> bool {
        self.used < self.buffer.len()
    }
}

#[cfg(test)]
mod tests;
