//! The example in the core's documentation, as a module that can be built.

use std::{fs, path::Path};

use anyhow::Context as _;

use crate::setup;

/// The file whose documentation has the example, in the driver's folder.
const DOCUMENTED: &str = "irqcast.rs";

/// The crate root that the example becomes. `document.sh` knows it, too.
const ROOT: &str = "irqcast_example.rs";

/// What begins the example.
const BEGIN: &str = "//! ```ignore";

/// What ends it.
const END: &str = "//! ```";

/// What builds the example with the core.
const KBUILD: &str = "\
obj-m := irqcast_example.o

irqcast-module := irqcast_example
include $(src)/irqcast/Kbuild.include
";

/// Makes the copy of the driver's source in `driver` build the example instead.
pub(super) fn put_into(driver: &Path) -> anyhow::Result<()> {
    let documented = driver.join(DOCUMENTED);
    let text = fs::read_to_string(&documented)
        .with_context(|| format!("failed to read {}", documented.display()))?;
    let example = example(&text).with_context(|| {
        format!(
            "the documentation in {DOCUMENTED} holds no example: a driver's crate root between the lines \
             {BEGIN:?} and {END:?}"
        )
    })?;
    setup::write(&driver.join(ROOT), &example)?;
    setup::write(&driver.join("Kbuild"), KBUILD)
}

/// The example in the documentation of the file `text`, if it holds one.
fn example(text: &str) -> Option<String> {
    let mut lines = text.lines().skip_while(|line| *line != BEGIN);
    lines.next()?;
    let mut example = String::new();
    for line in lines {
        if line == END {
            return Some(example);
        }
        let code = line.strip_prefix("//!")?;
        example.push_str(code.strip_prefix(' ').unwrap_or(code));
        example.push('\n');
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn example_is_what_stands_between_its_fences() {
        let text = "//! A.\n//!\n//! ```ignore\n//! mod a;\n//!\n//!     b\n//! ```\n\nmod c;\n";
        assert_eq!(example(text).as_deref(), Some("mod a;\n\n    b\n"));
    }

    #[test]
    fn text_without_a_whole_example_has_none() {
        for text in [
            "//! A.\n",
            "//! ```ignore\n//! a\n",
            "//! ```ignore\nmod a;\n//! ```\n",
        ] {
            assert_eq!(example(text), None, "{text:?}");
        }
    }
}
