//! What a person can do about a program's failure, told from its last words.

/// What to do when the disk is full.
pub const DISK_FULL: &str = "the disk is full; free some space, or name a cache folder on another \
     disk with --cache-dir, and run the command again: it goes on where it stopped";

/// Returns advice if the lines show a cause that is well known.
pub fn advice(lines: &[String]) -> Option<String> {
    let has = |words: &[&str]| {
        lines
            .iter()
            .any(|line| words.iter().any(|word| line.contains(word)))
    };
    let advice = if has(&[
        "No space left on device",
        "Disk quota exceeded",
        "You don't have enough free space",
    ]) {
        DISK_FULL
    } else if has(&[
        "NO_PUBKEY",
        "EXPKEYSIG",
        "is not signed",
        "signatures couldn't be verified",
    ]) {
        "the archive's signature does not check out with this machine's Debian keys; update the \
         package debian-archive-keyring, or name another mirror with --mirror"
    } else if has(&[
        "Temporary failure resolving",
        "Could not resolve",
        "Could not connect",
        "Unable to connect",
        "Connection refused",
        "Network is unreachable",
        "Connection timed out",
        "Connection failed",
    ]) {
        "the Debian mirror does not answer; check the network (and apt's proxy settings), or \
         name another mirror with --mirror"
    } else if has(&[
        "does not have a Release file",
        "404  Not Found",
        "404 Not Found",
    ]) {
        "the mirror does not have what is needed; name another with --mirror, or look for newer \
         packages with `cargo testbed setup --update`"
    } else if has(&["Unable to locate package", "has no installation candidate"]) {
        "a package is missing on the mirror; name another with --mirror, or look for newer \
         packages with `cargo testbed setup --update`"
    } else if has(&["Cannot allocate memory", "Killed signal terminated program"]) {
        "the machine ran out of memory; close other programs and run the command again"
    } else {
        return None;
    };
    Some(advice.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_causes_get_advice() {
        let cases = [
            (
                "tar: x: Cannot write: No space left on device",
                Some("disk is full"),
            ),
            ("E: The repository 'x' is not signed.", Some("signature")),
            (
                "Err:1 x Temporary failure resolving 'mirror'",
                Some("network"),
            ),
            (
                "E: Failed to fetch x  404  Not Found [IP: ::1 80]",
                Some("--mirror"),
            ),
            ("E: Unable to locate package x", Some("package is missing")),
            ("error[E0425]: cannot find value `x` in this scope", None),
        ];
        for (line, expected) in cases {
            let advice = advice(&["something before".to_owned(), line.to_owned()]);
            match expected {
                Some(words) => assert!(advice.unwrap().contains(words), "{line}"),
                None => assert_eq!(advice, None, "{line}"),
            }
        }
    }
}
