//! The paths, by name.

/// Names of all paths and peers, in the order of the results.
pub const NAMES: [&str; 17] = [
    "off",
    "netlink-no-listener",
    "netlink-multicast",
    "netlink-unicast",
    "chardev-read",
    "chardev-poll",
    "sigio",
    "rt-signal",
    "eventfd",
    "mmap",
    "mmap-spin",
    "sysfs",
    "sockopt",
    "twin",
    "uio",
    "vfio",
    "uevent",
];

/// Those that every driver on the core has.
pub const OF_THE_CORE: [&str; 12] = [
    "off",
    "netlink-no-listener",
    "netlink-multicast",
    "netlink-unicast",
    "chardev-read",
    "chardev-poll",
    "sigio",
    "rt-signal",
    "eventfd",
    "mmap",
    "mmap-spin",
    "sysfs",
];
