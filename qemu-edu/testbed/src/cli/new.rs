//! Arguments of `new`.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `new`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  cargo testbed new cable --vendor 0x8086 --device 0x100e             ./cable, for QEMU's e1000
  cargo testbed new cable --vendor 0x8086 --device 0x100e --dir ..    beside this repository")]
pub struct NewArgs {
    /// Name of the driver, of its module and, with - for _, of its netlink family
    pub name: String,

    /// PCI vendor ID of the device, such as 0x8086
    #[arg(long, value_name = "ID", value_parser = id)]
    pub vendor: u16,

    /// PCI device ID, such as 0x100e
    #[arg(long, value_name = "ID", value_parser = id)]
    pub device: u16,

    /// The BAR that holds the registers, 0 to 5
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=5))]
    pub bar: u8,

    /// Folder to put the driver's folder into [default: the current one]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

fn id(text: &str) -> Result<u16, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) if digits.starts_with(|c: char| c.is_ascii_hexdigit()) => {
            u16::from_str_radix(digits, 16)
        }
        _ => text.parse(),
    };
    parsed.map_err(|_| "a number from 0x0 to 0xffff is wanted, such as 0x8086".to_owned())
}

#[cfg(test)]
mod tests {
    use super::id;

    #[test]
    fn ids_have_16_bits() {
        for (text, number) in [
            ("0x8086", 0x8086),
            ("4660", 0x1234),
            ("0xFFFF", 0xffff),
            ("0", 0),
        ] {
            assert_eq!(id(text), Ok(number), "{text}");
        }
        for text in ["", "0x", "0x10000", "65536", "-1", "8086h", "0x+1"] {
            assert!(id(text).is_err(), "{text}");
        }
    }
}
