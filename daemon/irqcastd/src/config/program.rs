//! Whether the program of a hook can be run, and may be.

use crate::trust;
use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Bytes of a script's first line that the kernel looks at (`BINPRM_BUF_SIZE`).
const HEAD: u64 = 256;

/// Scripts in a row that are each other's interpreter, as many as the kernel goes along.
const INTERPRETERS_MAX: usize = 5;

/// What is wrong with a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// What it is, to follow "the program "…"".
    pub what: String,
    /// What mends it.
    pub hint: Option<String>,
}

impl Flaw {
    /// One that nothing but another program mends.
    pub fn new(what: impl Into<String>) -> Self {
        let what = what.into();
        Self { what, hint: None }
    }

    fn with_hint(what: impl Into<String>, hint: impl Into<String>) -> Self {
        let (what, hint) = (what.into(), Some(hint.into()));
        Self { what, hint }
    }

    /// The same of the program's interpreter.
    fn of_interpreter(self, interpreter: &Path) -> Self {
        Self {
            what: format!("has the interpreter {interpreter:?}, which {}", self.what),
            ..self
        }
    }
}

/// Looks at a program and says all that is wrong with it.
pub type Programs = fn(&Path) -> Vec<Flaw>;

/// Looks at the file, at who can change it, and at the same of its interpreter.
pub fn on_this_machine(program: &Path) -> Vec<Flaw> {
    let mut flaws = look(program, INTERPRETERS_MAX, &|path| {
        let found = trust::findings(path).into_iter();
        let flaw = |found: trust::Unsafe| {
            Flaw::with_hint(format!("is not safe: {}", found.what), found.mend)
        };
        found.map(flaw).collect()
    });
    // A folder above the program may be above its interpreter, too.
    let mut mends: Vec<String> = Vec::new();
    flaws.retain(|flaw| match &flaw.hint {
        Some(mend) if mends.contains(mend) => false,
        mend => {
            mends.extend(mend.clone());
            true
        }
    });
    flaws
}

/// Looks at whether the file can be run, and not at who can change it.
#[cfg(test)]
pub fn can_be_run(program: &Path) -> Vec<Flaw> {
    look(program, INTERPRETERS_MAX, &|_| Vec::new())
}

fn look(program: &Path, interpreters: usize, safe: &dyn Fn(&Path) -> Vec<Flaw>) -> Vec<Flaw> {
    let metadata = match fs::metadata(program) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return vec![Flaw::new("does not exist")];
        }
        Err(error) => return vec![Flaw::new(format!("cannot be looked at: {error}"))],
    };
    if !metadata.is_file() {
        return vec![Flaw::new("is not a file")];
    }
    let mut flaws = safe(program);
    match access(program, AccessFlags::X_OK) {
        Ok(()) => {}
        Err(Errno::EACCES) => flaws.push(Flaw::with_hint(
            "is not executable",
            format!("chmod +x {}", trust::quoted(program)),
        )),
        Err(other) => flaws.push(Flaw::new(format!("cannot be run: {}", other.desc()))),
    }
    // One that can be run and not be read is no script: its interpreter could not read it.
    let mut head = Vec::new();
    let read = File::open(program).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    if read.is_err() {
        return flaws;
    }
    match Format::of(&head) {
        Format::Machine => {}
        Format::Unknown => flaws.push(Flaw::with_hint(
            "is neither a script nor a program for this machine",
            "a script's first line names its interpreter, such as #!/bin/sh",
        )),
        Format::Script(interpreter) if !interpreter.is_absolute() => flaws.push(Flaw::with_hint(
            format!("has the interpreter {interpreter:?}, which is not an absolute path"),
            "write the whole path after #!",
        )),
        Format::Script(interpreter) if interpreters == 0 => flaws.push(Flaw::new(format!(
            "has the interpreter {interpreter:?}, one script too many"
        ))),
        Format::Script(interpreter) => flaws.extend(
            look(interpreter, interpreters - 1, safe)
                .into_iter()
                .map(|flaw| flaw.of_interpreter(interpreter)),
        ),
    }
    flaws
}

/// What the kernel makes of a file's first bytes.
#[derive(Debug, PartialEq, Eq)]
enum Format<'a> {
    /// An ELF file.
    Machine,
    /// A script with its interpreter.
    Script(&'a Path),
    /// Nothing.
    Unknown,
}

impl<'a> Format<'a> {
    fn of(head: &'a [u8]) -> Self {
        if head.starts_with(b"\x7fELF") {
            return Self::Machine;
        }
        let Some(line) = head.strip_prefix(b"#!") else {
            return Self::Unknown;
        };
        let line = line.split(|&byte| byte == b'\n').next().unwrap_or(line);
        let mut words = line
            .split(|&byte| byte == b' ' || byte == b'\t')
            .filter(|word| !word.is_empty());
        match words.next() {
            Some(word) => Self::Script(Path::new(OsStr::from_bytes(word))),
            None => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn formats_are_those_of_the_kernel() {
        let check = |head: &[u8], expected| assert_eq!(Format::of(head), expected, "{head:?}");
        let script = |path| Format::Script(Path::new(path));
        check(b"\x7fELF\x02", Format::Machine);
        check(b"#!/bin/sh\nexit", script("/bin/sh"));
        check(b"#! \t/bin/sh -e\n", script("/bin/sh"));
        check(b"#!/bin/sh", script("/bin/sh"));
        check(b"#!\n/bin/sh", Format::Unknown);
        check(b"#! \n", Format::Unknown);
        check(b"echo", Format::Unknown);
        check(b"", Format::Unknown);
    }

    /// Flaws of an executable script with this text, where FOLDER stands for its folder.
    fn flaws(text: &str, mode: u32) -> Vec<String> {
        let folder = trust::tests::folder();
        let name = folder.path().to_str().unwrap();
        let script = folder.path().join("hook");
        fs::write(&script, text.replace("FOLDER", name)).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(mode)).unwrap();
        on_this_machine(&script)
            .into_iter()
            .map(|flaw| flaw.what + "; " + &flaw.hint.unwrap_or_default())
            .map(|text| text.replace(name, "FOLDER"))
            .collect()
    }

    #[test]
    fn script_with_an_interpreter_is_right() {
        assert_eq!(flaws("#!/bin/sh\n", 0o755), [] as [&str; 0]);
    }

    #[test]
    fn script_that_others_can_write_is_told() {
        assert_eq!(
            flaws("#!/bin/sh\n", 0o777),
            [
                "is not safe: the file FOLDER/hook can be written by everybody; chmod go-w FOLDER/hook"
            ]
        );
    }

    #[test]
    fn file_without_interpreter_is_told() {
        assert_eq!(
            flaws("echo\n", 0o755),
            [
                "is neither a script nor a program for this machine; a script's first line names its \
              interpreter, such as #!/bin/sh"
            ]
        );
    }

    #[test]
    fn missing_interpreter_is_told() {
        assert_eq!(
            flaws("#!/no/such/shell\n", 0o755),
            ["has the interpreter \"/no/such/shell\", which does not exist; "]
        );
        assert_eq!(
            flaws("#!sh\n", 0o755),
            [
                "has the interpreter \"sh\", which is not an absolute path; write the whole path after #!"
            ]
        );
    }

    #[test]
    fn script_that_is_its_own_interpreter_is_told() {
        let found = flaws("#!FOLDER/hook\n", 0o755);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("one script too many"), "{found:?}");
    }

    #[test]
    fn all_flaws_are_told_at_once() {
        let found = flaws("#!/no/such/shell\n", 0o622);
        assert_eq!(found.len(), 3, "{found:?}");
    }
}
