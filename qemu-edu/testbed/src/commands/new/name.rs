//! What a driver may be called.

use std::collections::BTreeSet;

use anyhow::ensure;

/// Longest name in bytes: a generic netlink family is called like the driver, and has room for so many
/// and a NUL (`GENL_NAMSIZ`, include/uapi/linux/genetlink.h).
const LONGEST: usize = 15;

/// Names that mean something else already: irqcast's own modules, the crates that a kernel module in
/// Rust is built with (rust/Makefile of the kernel), and netlink families without a specification.
const RESERVED: [&str; 23] = [
    "acpi_event",
    "alloc",
    "bindings",
    "build_error",
    "compiler_builtins",
    "core",
    "ffi",
    "irqcast",
    "irqcast_e1000",
    "irqcast_edu",
    "irqcast_twin",
    "kernel",
    "macros",
    "nlctrl",
    "pin_init",
    "pin_init_internal",
    "proc_macro",
    "proc_macro2",
    "quote",
    "std",
    "syn",
    "test",
    "uapi",
];

/// Files beside the crate root. `make rust-analyzer` takes one for a crate root where the module's name
/// ends with its name (`is_root_crate` in scripts/generate_rust_analyzer.py of the kernel).
const BESIDE: [&str; 2] = ["device", "irqcast"];

/// The name of a driver: of its module, its crate and, with `-` for `_`, its family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriverName(String);

impl DriverName {
    /// The driver's name, if a driver can have it and nothing in `taken` does. There, `-` counts as `_`.
    pub fn check(name: &str, taken: &BTreeSet<String>) -> anyhow::Result<Self> {
        ensure!(
            (2..=LONGEST).contains(&name.len()),
            "{name:?} has {} bytes, and the name of a driver has 2 to {LONGEST}, since its netlink family \
             has that name too",
            name.len()
        );
        let well_formed = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        ensure!(
            well_formed,
            "{name:?} is no name of a driver: a small letter has to come first, and then small letters, \
             digits and _"
        );
        ensure!(
            syn::parse_str::<syn::Ident>(name).is_ok(),
            "{name:?} is a word of Rust; choose another name"
        );
        ensure!(
            !RESERVED.contains(&name),
            "{name:?} is the name of a crate, module or netlink family that the driver is used with; choose \
             another"
        );
        if let Some(file) = BESIDE.iter().find(|file| name.ends_with(*file)) {
            anyhow::bail!(
                "{name:?} ends like {file}.rs, a file of the driver, which `make rust-analyzer` would then \
                 take for the driver; choose another name"
            );
        }
        ensure!(
            !taken.contains(name),
            "{name:?} is a module or netlink family of the kernel; choose another name"
        );
        Ok(Self(name.to_owned()))
    }

    /// Name of the module.
    pub fn module(&self) -> &str {
        &self.0
    }

    /// Name of the netlink family, whose names have no `_` (Documentation/netlink/genetlink.yaml).
    pub fn family(&self) -> String {
        self.0.replace('_', "-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: &str) -> String {
        let taken = BTreeSet::from(["e1000".to_owned(), "devlink".to_owned()]);
        match DriverName::check(name, &taken) {
            Ok(name) => panic!("{name:?} is taken"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn names_that_can_be_used_are_taken() {
        for (name, family) in [
            ("cable", "cable"),
            ("my_card2", "my-card2"),
            ("ab", "ab"),
            ("fifteen_letters", "fifteen-letters"),
        ] {
            let name = DriverName::check(name, &BTreeSet::new()).unwrap();
            assert_eq!(name.family(), family);
        }
    }

    #[test]
    fn others_are_refused_for_their_reason() {
        for (name, reason) in [
            ("", "has 0 bytes"),
            ("a", "has 1 bytes"),
            ("sixteen_letters_", "has 16 bytes"),
            ("Card", "a small letter has to come first"),
            ("2nd", "a small letter has to come first"),
            ("_card", "a small letter has to come first"),
            ("my-card", "a small letter has to come first"),
            ("../card", "a small letter has to come first"),
            ("kärte", "a small letter has to come first"),
            ("match", "is a word of Rust"),
            ("yield", "is a word of Rust"),
            ("irqcast", "is used with"),
            ("irqcast_edu", "is used with"),
            ("kernel", "is used with"),
            ("my_device", "ends like device.rs"),
            ("my_irqcast", "ends like irqcast.rs"),
            ("e1000", "of the kernel"),
            ("devlink", "of the kernel"),
            ("acpi_event", "is used with"),
        ] {
            let said = refusal(name);
            assert!(said.contains(reason), "{name:?}: {said}");
            assert!(said.contains(&format!("{name:?}")), "{said}");
        }
    }

    proptest::proptest! {
        #[test]
        fn family_is_one_that_the_kernel_allows(name in "[a-z0-9_]{0,20}") {
            if let Ok(name) = DriverName::check(&name, &BTreeSet::new()) {
                let family = name.family();
                proptest::prop_assert!(family.parse::<irqcast::FamilyName>().is_ok());
                let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                proptest::prop_assert!(family.chars().all(allowed));
            }
        }
    }
}
