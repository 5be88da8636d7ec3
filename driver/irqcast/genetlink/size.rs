// SPDX-License-Identifier: GPL-2.0

//! Sizes of attributes in a message, in bytes.
//!
//! The sum of the sizes of a message's attributes is the payload to allocate for it. These are the
//! counterparts of `nla_total_size()` and `nla_total_size_64bit()` in C.

use kernel::prelude::*;

/// Header of an attribute: its length and its type.
const HEADER: usize = size_of::<kernel::bindings::nlattr>();

/// An attribute starts at a multiple of this.
const ALIGNMENT: usize = kernel::bindings::NLA_ALIGNTO as usize;

/// Size of an attribute with a payload of `length` bytes.
pub(crate) const fn attribute(length: usize) -> usize {
    aligned(HEADER + length)
}

/// Rounds `length` up to where the next attribute starts.
pub(super) const fn aligned(length: usize) -> usize {
    length.next_multiple_of(ALIGNMENT)
}

/// Size of a `u32` attribute.
pub(crate) const fn u32() -> usize {
    attribute(size_of::<u32>())
}

/// Size of a `u64` attribute, with the padding that machines need which cannot read a `u64` from
/// an address that is a multiple of 4.
pub(crate) const fn u64() -> usize {
    let padding = if cfg!(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS) {
        0
    } else {
        attribute(0)
    };

    attribute(size_of::<u64>()) + padding
}

/// Size of a string attribute, with the NUL that ends the string.
pub(crate) const fn string(value: &CStr) -> usize {
    attribute(value.to_bytes_with_nul().len())
}

#[kunit_tests(irqcast_genetlink_size)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_padded_to_their_alignment() {
        for (length, size) in [(0, 4), (1, 8), (3, 8), (4, 8), (5, 12), (13, 20)] {
            assert_eq!(attribute(length), size);
        }
    }

    #[test]
    fn a_string_counts_its_nul() {
        assert_eq!(string(c"0000:00:02.0"), 4 + 13 + 3);
        assert_eq!(string(c""), 8);
    }
}
