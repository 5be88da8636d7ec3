//! The paths, by name.

/// Names of all paths and peers, in the order of the results.
pub const NAMES: [&str; 13] = [
    "off",
    "netlink-no-listener",
    "netlink-multicast",
    "chardev-read",
    "chardev-poll",
    "sigio",
    "rt-signal",
    "mmap",
    "mmap-spin",
    "twin",
    "uio",
    "vfio",
    "uevent",
];
