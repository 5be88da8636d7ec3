// SPDX-License-Identifier: GPL-2.0

//! The operations of a family.

use kernel::{
    bindings,
    prelude::*,
    types::Opaque, //
};

use super::{
    AttributePolicy,
    Do,
    Family,
    MulticastGroup, //
};

/// Who may use an operation.
#[derive(Clone, Copy)]
pub(crate) enum Access {
    /// Anyone.
    Anyone,
    /// Those who have `CAP_NET_ADMIN` in the initial user namespace: `EPERM` for others.
    NetAdmin,
}

impl Access {
    /// Returns the flags that C code takes.
    pub(super) const fn as_raw(self) -> u32 {
        match self {
            Self::Anyone => 0,
            Self::NetAdmin => bindings::GENL_ADMIN_PERM,
        }
    }
}

/// One operation of a family: a command that does something, or that dumps all objects.
///
/// # Invariants
///
/// - Exactly one of `GENL_CMD_CAP_DO` and `GENL_CMD_CAP_DUMP` is set, and the callbacks are those
///   of this kind.
/// - `policy` points to `maxattr + 1` policies that are valid for as long as the module is loaded,
///   or is null.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Operation(bindings::genl_split_ops);

// SAFETY: It is constant data.
unsafe impl Sync for Operation {}

impl Operation {
    /// `command` without `NLM_F_DUMP` is done by `T`.
    pub(crate) const fn new_do<T: Do>(command: u8, access: Access) -> Self {
        let callbacks = bindings::genl_split_ops__bindgen_ty_1 {
            __bindgen_anon_1: bindings::genl_split_ops__bindgen_ty_1__bindgen_ty_1 {
                pre_doit: None,
                doit: Some(super::request::doit_callback::<T>),
                post_doit: None,
            },
        };
        Self::new(
            callbacks,
            T::POLICY,
            command,
            bindings::GENL_CMD_CAP_DO | access.as_raw(),
        )
    }

    /// Returns the operations in the order that a family wants: by command, a do before a dump.
    ///
    /// In const context, two of the same command and kind do not build.
    pub(crate) const fn sorted<const N: usize>(mut operations: [Self; N]) -> [Self; N] {
        let mut sorted = 1;
        while sorted < N {
            let mut place = sorted;
            while place > 0 && operations[place].rank() <= operations[place - 1].rank() {
                if operations[place].rank() == operations[place - 1].rank() {
                    panic!("two operations have the same command");
                }
                let lower = operations[place];
                operations[place] = operations[place - 1];
                operations[place - 1] = lower;
                place -= 1;
            }
            sorted += 1;
        }
        operations
    }

    /// Returns what operations are ordered by.
    const fn rank(&self) -> u16 {
        let is_dump = self.0.flags as u32 & bindings::GENL_CMD_CAP_DUMP != 0;
        (self.0.cmd as u16) << 1 | is_dump as u16
    }

    /// The operation with these callbacks, whose kind is among the flags.
    pub(super) const fn new(
        callbacks: bindings::genl_split_ops__bindgen_ty_1,
        policy: &'static [AttributePolicy],
        command: u8,
        flags: u32,
    ) -> Self {
        let (policy, maxattr) = AttributePolicy::as_raw(policy);

        // INVARIANT: The callers set the one flag that goes with their callbacks, and the
        // policy comes from a `'static` slice.
        Self(bindings::genl_split_ops {
            __bindgen_anon_1: callbacks,
            policy,
            maxattr,
            cmd: command,
            internal_flags: 0,
            flags: flags as bindings::u8_,
            // Nothing is exempt from strict validation.
            validate: 0,
        })
    }
}

impl Family {
    /// Creates a family, for a `static`. The name ends with a NUL.
    ///
    /// `operations` must be sorted by command, a do before a dump of the same command, see
    /// [`Operation::sorted`]. In const context, a name or a slice that is too long does not build.
    pub(crate) const fn with_operations(
        module: &'static ThisModule,
        name: &[u8],
        version: u32,
        operations: &'static [Operation],
        mcgrps: &'static [MulticastGroup],
    ) -> Self {
        if operations.len() > u8::MAX as usize {
            panic!("a family has at most 255 operations");
        }

        let mut family = Self::genl_family(module, name, version, mcgrps);
        // CAST: `Operation` is a transparent wrapper.
        family.split_ops = operations.as_ptr().cast();
        family.n_split_ops = operations.len() as bindings::u8_;

        // INVARIANT: What it points to is `'static`.
        Self {
            inner: Opaque::new(family),
        }
    }
}

impl AttributePolicy {
    /// Returns what C code knows a whole policy by: its address, and the number of its last
    /// attribute.
    ///
    /// An empty policy is given as "no policy", which refuses all attributes.
    const fn as_raw(policy: &'static [Self]) -> (*const bindings::nla_policy, c_uint) {
        if policy.is_empty() {
            return (core::ptr::null(), 0);
        }

        // CAST: `Self` is a transparent wrapper of `nla_policy`.
        (policy.as_ptr().cast(), (policy.len() - 1) as c_uint)
    }
}
