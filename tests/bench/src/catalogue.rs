//! The paths, by name.

/// Names of all paths and peers, in the order of the results.
pub const NAMES: [&str; 15] = [
    "off",
    "netlink-no-listener",
    "netlink-multicast",
    "chardev-read",
    "chardev-poll",
    "sigio",
    "rt-signal",
    "eventfd",
    "mmap",
    "mmap-spin",
    "sysfs",
    "twin",
    "uio",
    "vfio",
    "uevent",
];
