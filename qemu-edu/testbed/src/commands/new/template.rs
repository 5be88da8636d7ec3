//! The files of a new driver.

use std::path::PathBuf;

use super::name::DriverName;

/// Mode of files that are no program.
const PLAIN: u32 = 0o644;

/// Mode of scripts.
const EXECUTABLE: u32 = 0o755;

/// The templates: path in the driver's folder, text, and mode. `@NAME@` and the like stand for
/// [`Values`] in both.
const TEMPLATES: [(&str, &str, u32); 16] = [
    (
        "@NAME@.rs",
        include_str!("../../../../template/root.rs"),
        PLAIN,
    ),
    (
        "device.rs",
        include_str!("../../../../template/device.rs"),
        PLAIN,
    ),
    (
        "device/regs.rs",
        include_str!("../../../../template/device/regs.rs"),
        PLAIN,
    ),
    (
        "device/protocol.rs",
        include_str!("../../../../template/device/protocol.rs"),
        PLAIN,
    ),
    ("Kbuild", include_str!("../../../../template/Kbuild"), PLAIN),
    (
        "Makefile",
        include_str!("../../../../../driver/Makefile"),
        PLAIN,
    ),
    (
        ".gitignore",
        include_str!("../../../../../driver/.gitignore"),
        PLAIN,
    ),
    (
        "spec/@FAMILY@.yaml",
        include_str!("../../../../template/spec/family.yaml"),
        PLAIN,
    ),
    (
        "udev/60-@NAME@.rules",
        include_str!("../../../../template/udev/60-driver.rules"),
        PLAIN,
    ),
    (
        "sample/irqcastd.toml",
        include_str!("../../../../template/sample/irqcastd.toml"),
        PLAIN,
    ),
    (
        "sample/hooks/interrupted",
        include_str!("../../../../template/sample/hooks/interrupted"),
        EXECUTABLE,
    ),
    (
        "raise.sh",
        include_str!("../../../../template/raise.sh"),
        EXECUTABLE,
    ),
    (
        "tests/probe.sh",
        include_str!("../../../../template/tests/probe.sh"),
        EXECUTABLE,
    ),
    (
        "tests/event.sh",
        include_str!("../../../../template/tests/event.sh"),
        EXECUTABLE,
    ),
    (
        "README.md",
        include_str!("../../../../template/README.md"),
        PLAIN,
    ),
    ("irqcast.version", "@CORE@\n", PLAIN),
];

/// What a driver is for, and what it is called.
#[derive(Debug, Clone)]
pub struct Values {
    /// Its name.
    pub name: DriverName,
    /// Vendor ID of the PCI device.
    pub vendor: u16,
    /// Its device ID.
    pub device: u16,
    /// The BAR that its registers are in, 0 to 5.
    pub bar: u8,
}

impl Values {
    /// The vendor ID, as C and Rust write it.
    pub fn vendor(&self) -> String {
        format!("{:#06x}", self.vendor)
    }

    /// The device ID, in the same way.
    pub fn device(&self) -> String {
        format!("{:#06x}", self.device)
    }
}

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path in the driver's folder.
    pub path: PathBuf,
    /// What it holds.
    pub text: String,
    /// Its permissions.
    pub mode: u32,
}

/// The driver's own files. `core` says which core it stands on.
pub fn render(values: &Values, core: &str) -> Vec<File> {
    let fill = |text: &str| {
        text.replace("@NAME@", values.name.module())
            .replace("@FAMILY@", &values.name.family())
            .replace("@VENDOR@", &values.vendor())
            .replace("@DEVICE@", &values.device())
            .replace("@BAR@", &values.bar.to_string())
            .replace("@CORE@", core)
    };
    TEMPLATES
        .iter()
        .map(|(path, text, mode)| File {
            path: fill(path).into(),
            text: fill(text),
            mode: *mode,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use irqcast_ynl::Spec;

    use super::*;

    fn rendered() -> Vec<File> {
        let values = Values {
            name: DriverName::check("my_card", &BTreeSet::new()).unwrap(),
            vendor: 0x8086,
            device: 0xe,
            bar: 2,
        };
        render(&values, "1.2")
    }

    fn text(path: &str) -> String {
        let files = rendered();
        let file = files.iter().find(|file| file.path.as_os_str() == path);
        file.unwrap_or_else(|| panic!("no {path}")).text.clone()
    }

    #[test]
    fn nothing_is_left_to_replace() {
        for file in rendered() {
            for text in [&file.path.to_string_lossy(), file.text.as_str()] {
                let mut words = text.split('@').skip(1);
                let is_name = |word: &str| word.chars().all(|c| c.is_ascii_uppercase());
                let left = words.find(|word| !word.is_empty() && is_name(word));
                assert_eq!(left, None, "{}", file.path.display());
            }
        }
    }

    #[test]
    fn device_is_the_one_that_was_named() {
        let device = text("device.rs");
        assert!(device.contains("device_id(0x8086, 0x000e)"), "{device}");
        assert!(
            device.contains("iomap_region_sized::<{ regs::END }>(2,"),
            "{device}"
        );
        assert_eq!(text("irqcast.version"), "1.2\n");
    }

    #[test]
    fn scripts_and_hooks_can_be_run() {
        for file in rendered() {
            let is_script = file.text.starts_with("#!");
            assert_eq!(
                file.mode == EXECUTABLE,
                is_script,
                "{}",
                file.path.display()
            );
        }
    }

    /// What a family has of the core: operations with their numbers, and attributes with theirs, but for
    /// those that are the devices' own.
    fn common(text: &str) -> BTreeSet<String> {
        const OWN: [&str; 8] = [
            "event.status",
            "event.factorial",
            "event.dma-bytes",
            "request.argument",
            "request.bytes",
            "factorial",
            "dma",
            "link",
        ];
        let spec = Spec::parse(text).unwrap();
        let mut found = BTreeSet::new();
        for operation in &spec.operations {
            let numbers = (operation.request, operation.reply);
            found.insert((operation.name.clone(), format!("{numbers:?}")));
            let set = operation.set.and_then(|set| spec.set(set)).unwrap();
            for attribute in &set.attributes {
                let name = format!("{}.{}", set.name, attribute.name);
                found.insert((name, attribute.number.to_string()));
            }
        }
        let common = found
            .into_iter()
            .filter(|(name, _)| !OWN.contains(&name.as_str()));
        common
            .map(|(name, number)| format!("{name} {number}"))
            .collect()
    }

    #[test]
    fn protocol_is_that_of_the_core() {
        let edu = include_str!("../../../../../driver/spec/irqcast.yaml");
        assert_eq!(common(&text("spec/my-card.yaml")), common(edu));
    }

    #[test]
    fn family_has_one_name_everywhere() {
        let spec = Spec::parse(&text("spec/my-card.yaml")).unwrap();
        assert_eq!(spec.name, "my-card");
        assert!(text("device/protocol.rs").contains("c\"my-card\""));
        assert!(text("sample/irqcastd.toml").contains("name = \"my-card\""));
        assert!(text("raise.sh").contains("--family my-card "));
    }
}
