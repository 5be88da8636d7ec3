//! How a file of the driver's `genetlink` becomes one of `kernel::net::netlink`.

use anyhow::ensure;

/// What stands for something else in the kernel, in this order.
const WORDS: [(&str, &str); 10] = [
    ("pub(crate) ", "pub "),
    ("use super::gfp::Gfp;\n\n", ""),
    ("Gfp::Kernel", "GFP_KERNEL"),
    ("Gfp::Atomic", "GFP_ATOMIC"),
    ("Gfp", "alloc::Flags"),
    ("crate::irqcast::genetlink", "kernel::net::netlink"),
    ("irqcast_genetlink_", "rust_netlink_"),
    ("irqcast_test", "rust_test"),
    // The one spelling that `checkpatch.pl` takes.
    ("acknowledgement", "acknowledgment"),
    // What is built in has no module, and the family of a test is part of the kernel.
    (
        "kernel::module::this_module::<crate::LocalModule>(),",
        "// SAFETY: `THIS_MODULE` of what is built in is null.\n        \
         &unsafe { ThisModule::from_ptr(core::ptr::null_mut()) },",
    ),
];

/// What must not be left.
const FOREIGN: [&str; 4] = ["irqcast", "Gfp", "gfp::", "pub(crate)"];

/// The beginning of a list of imports, for what is added to it.
const IMPORTS: &str = "use kernel::{\n";

/// Returns the file `text` as it is in the kernel, before it is formatted.
///
/// Fails if something is left that only irqcast has.
pub(super) fn to_kernel(text: &str) -> anyhow::Result<String> {
    let text = WORDS
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    let text = match text.contains("alloc::Flags") {
        true => text.replacen(IMPORTS, &format!("{IMPORTS}    alloc,\n"), 1),
        false => text,
    };
    let left = FOREIGN.iter().find(|word| text.contains(**word));
    ensure!(
        left.is_none(),
        "{:?} is left, for which there is no rule in qemu-edu/testbed/src/upstream/rules.rs",
        left.copied().unwrap_or_default()
    );
    Ok(text)
}

/// Returns `text` without the function `name` and what documents it.
pub(super) fn without_function(text: &str, name: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let head = format!("fn {name}(");
    let Some(start) = lines.iter().position(|line| line.contains(&head)) else {
        return text.to_owned();
    };
    let indent = &lines[start][..lines[start].len() - lines[start].trim_start().len()];
    let documented = lines[..start]
        .iter()
        .rev()
        .take_while(|line| {
            let line = line.trim_start();
            line.starts_with("///") || line.starts_with("#[")
        })
        .count();
    let end_line = format!("{indent}}}");
    let length = lines[start..].iter().take_while(|line| **line != end_line);
    let mut end = start + length.count() + 1;
    let mut first = start - documented;
    // One of the empty lines around it goes, too: that before it where it was the last one.
    if lines.get(end).is_some_and(|line| line.is_empty()) {
        end += 1;
    } else if first > 0 && lines[first - 1].is_empty() {
        first -= 1;
    }
    let kept = lines[..first].iter().chain(lines.iter().skip(end));
    kept.map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_those_of_the_kernel() {
        let cases = [
            ("pub(crate) fn a() {}\n", "pub fn a() {}\n"),
            ("pub(super) fn a() {}\n", "pub(super) fn a() {}\n"),
            (
                "use crate::irqcast::genetlink::size;\n",
                "use kernel::net::netlink::size;\n",
            ),
            (
                "#[kunit_tests(irqcast_genetlink_size)]\n",
                "#[kunit_tests(rust_netlink_size)]\n",
            ),
            ("a(Gfp::Kernel)\n", "a(GFP_KERNEL)\n"),
        ];
        for (driver, kernel) in cases {
            assert_eq!(to_kernel(driver).unwrap(), kernel);
        }
    }

    #[test]
    fn type_of_flags_is_imported_where_it_is_used() {
        let driver =
            "use kernel::{\n    bindings, //\n};\n\nuse super::gfp::Gfp;\n\nfn a(b: Gfp) {}\n";
        let kernel =
            "use kernel::{\n    alloc,\n    bindings, //\n};\n\nfn a(b: alloc::Flags) {}\n";
        assert_eq!(to_kernel(driver).unwrap(), kernel);
    }

    #[test]
    fn what_has_no_rule_is_refused() {
        let error = to_kernel("use crate::irqcast::protocol;\n").unwrap_err();
        assert!(error.to_string().contains("\"irqcast\""), "{error}");
    }

    #[test]
    fn function_goes_with_its_documentation() {
        let text = "impl A {\n    /// One.\n    fn one() {\n        1\n    }\n\n    /// Two.\n    #[inline]\n    \
                    fn two(\n        a: u8,\n    ) {\n    }\n}\n";
        let (one, two) = (
            "impl A {\n    /// Two.\n    #[inline]\n    fn two(\n        a: u8,\n    ) {\n    }\n}\n",
            "impl A {\n    /// One.\n    fn one() {\n        1\n    }\n}\n",
        );
        assert_eq!(without_function(text, "one"), one);
        assert_eq!(without_function(text, "two"), two);
        assert_eq!(without_function(text, "three"), text);
    }
}
