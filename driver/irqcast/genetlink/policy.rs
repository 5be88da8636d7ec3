// SPDX-License-Identifier: GPL-2.0

//! What the attributes of a request must look like.

use kernel::bindings;

/// The smallest and the largest value that an attribute may have.
#[repr(transparent)]
pub(crate) struct Range(bindings::netlink_range_validation);

impl Range {
    /// Allows `min`, `max` and what lies between them.
    pub(crate) const fn new(min: u64, max: u64) -> Self {
        Self(bindings::netlink_range_validation { min, max })
    }
}

/// What one attribute of a request must look like.
///
/// The policy of an operation is a slice of these, indexed by the number of the attribute. Netlink
/// checks a request against it before the operation sees it, strictly: an attribute that the
/// slice does not hold, or holds as [`Self::UNUSED`], is refused.
///
/// # Invariants
///
/// Pointers in it are valid for as long as the module is loaded, and nothing behind them changes.
#[repr(transparent)]
pub(crate) struct AttributePolicy(bindings::nla_policy);

// SAFETY: By the type invariants it is constant data.
unsafe impl Sync for AttributePolicy {}

impl AttributePolicy {
    /// An attribute that the operation does not take: `EINVAL` when it is there.
    pub(crate) const UNUSED: Self = Self::of_type(bindings::NLA_UNSPEC);

    /// A `u32` of any value.
    pub(crate) const U32: Self = Self::of_type(bindings::NLA_U32);

    /// A `u64` of any value.
    pub(crate) const U64: Self = Self::of_type(bindings::NLA_U64);

    /// A `u32` within `range`: `ERANGE` when it is not.
    pub(crate) const fn u32_within(range: &'static Range) -> Self {
        let mut policy = Self::U32;
        policy.0.validation_type =
            bindings::nla_policy_validation_NLA_VALIDATE_RANGE_PTR as bindings::u8_;
        // INVARIANT: `range` is `'static`, and a `Range` has no interior mutability.
        policy.0.__bindgen_anon_1.range = &range.0;
        policy
    }

    const fn of_type(attribute_type: u32) -> Self {
        // INVARIANT: There are no pointers in it.
        let mut policy: bindings::nla_policy = pin_init::zeroed();
        policy.type_ = attribute_type as bindings::u8_;
        Self(policy)
    }
}
