//! Patches as mails, as `git format-patch` writes them.

use super::steps::Files;

/// Where the files are in the kernel.
const FOLDER: &str = "rust/kernel/net";

/// What the series is for, as the subject says it.
const PREFIX: &str = "PATCH net-next";

/// A mail: the name of its file and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Name of its file.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Who signs a series off: a name and an address, as in a `Signed-off-by` line.
pub(super) type Signer<'a> = Option<&'a str>;

/// Returns mail `number` of `count` patches. Number 0 is the cover letter, which has no difference.
pub(super) fn mail(
    (number, count): (usize, usize),
    (subject, text): (&str, &str),
    difference: &str,
    signer: Signer<'_>,
) -> Mail {
    let name = match number {
        0 => "0000-cover-letter.patch".to_owned(),
        _ => format!("{number:04}-{}.patch", slug(subject)),
    };
    let mut mail =
        String::from("From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n");
    if let Some(signer) = signer {
        mail.push_str(&format!("From: {signer}\n"));
    }
    mail.push_str(&format!(
        "Subject: [{PREFIX} {number}/{count}] {subject}\n\n{}\n",
        text.trim()
    ));
    if number > 0 {
        if let Some(signer) = signer {
            mail.push_str(&format!("\nSigned-off-by: {signer}\n"));
        }
        mail.push_str(&format!("---\n{difference}"));
    }
    mail.push_str("-- \nirqcast\n");
    Mail { name, text: mail }
}

/// A subject as part of a file name.
fn slug(subject: &str) -> String {
    let words = subject.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("-")
}

/// Returns what changed between two steps, as `git diff` prints it.
pub(super) fn difference(before: &Files, after: &Files) -> String {
    let mut all = String::new();
    for (path, text) in after {
        let path = format!("{FOLDER}/{path}");
        let old = before.get(path.trim_start_matches(FOLDER).trim_start_matches('/'));
        if old == Some(text) {
            continue;
        }
        all.push_str(&format!("diff --git a/{path} b/{path}\n"));
        let from = match old {
            Some(_) => format!("a/{path}"),
            None => {
                all.push_str("new file mode 100644\n");
                "/dev/null".to_owned()
            }
        };
        all.push_str(&format!("--- {from}\n+++ b/{path}\n"));
        let patch = diffy::create_patch(old.map_or("", String::as_str), text).to_string();
        // Without the names, which are its first two lines.
        let hunks = patch.split_inclusive('\n').skip(2);
        // An empty line that stays is written without the blank that git has there.
        all.extend(hunks.map(|line| if line == "\n" { " \n" } else { line }));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(files: &[(&str, &str)]) -> Files {
        let owned = files
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
        owned.collect()
    }

    #[test]
    fn difference_is_that_of_git() {
        let before = files(&[("a.rs", "\none\n"), ("same.rs", "x\n")]);
        let after = files(&[
            ("a.rs", "\none\ntwo\n"),
            ("b.rs", "new\n"),
            ("same.rs", "x\n"),
        ]);
        assert_eq!(
            difference(&before, &after),
            "diff --git a/rust/kernel/net/a.rs b/rust/kernel/net/a.rs\n\
             --- a/rust/kernel/net/a.rs\n+++ b/rust/kernel/net/a.rs\n@@ -1,2 +1,3 @@\n \n one\n+two\n\
             diff --git a/rust/kernel/net/b.rs b/rust/kernel/net/b.rs\nnew file mode 100644\n\
             --- /dev/null\n+++ b/rust/kernel/net/b.rs\n@@ -0,0 +1 @@\n+new\n"
        );
    }

    #[test]
    fn only_who_signs_is_named() {
        let of = |signer| {
            mail(
                (2, 9),
                ("rust: netlink: add a b", "\nWhy.\n"),
                "d\n",
                signer,
            )
        };
        let (unsigned, signed) = (of(None), of(Some("A B <a@b.c>")));
        assert_eq!(unsigned.name, "0002-rust-netlink-add-a-b.patch");
        assert!(!unsigned.text.contains("Signed-off-by"));
        assert!(
            unsigned
                .text
                .contains("Subject: [PATCH net-next 2/9] rust: netlink: add a b\n\nWhy.\n---\nd\n")
        );
        assert!(signed.text.contains("\nFrom: A B <a@b.c>\n"));
        assert!(
            signed
                .text
                .contains("Why.\n\nSigned-off-by: A B <a@b.c>\n---\n")
        );
    }
}
