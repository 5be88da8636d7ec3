// SPDX-License-Identifier: GPL-2.0

//! Where memory comes from.

use kernel::bindings;

/// Where memory comes from.
///
/// [`kernel::alloc::Flags`] would be it, but only the `kernel` crate can hand it to C code.
#[derive(Clone, Copy)]
pub(crate) enum Gfp {
    /// Memory that may be waited for, as with `GFP_KERNEL`. Not in atomic context.
    Kernel,
    /// Memory that is there at once, as with `GFP_ATOMIC`. That there is none is not told in the
    /// log: whoever asks must be able to go on without.
    Atomic,
}

impl Gfp {
    /// Returns the flags that C code takes.
    pub(super) fn as_raw(self) -> bindings::gfp_t {
        match self {
            Self::Kernel => bindings::GFP_KERNEL,
            Self::Atomic => bindings::GFP_ATOMIC | bindings::__GFP_NOWARN,
        }
    }
}
