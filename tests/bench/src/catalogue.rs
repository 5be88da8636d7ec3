//! The paths, by name.

/// Names of all paths and peers, in the order of the results.
pub const NAMES: [&str; 7] = [
    "off",
    "netlink-no-listener",
    "netlink-multicast",
    "twin",
    "uio",
    "vfio",
    "uevent",
];
