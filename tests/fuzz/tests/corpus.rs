//! What fuzzing has found so far is survived.

use irqcast_fuzz::{TARGETS, Target};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use tar::Archive;

/// The folder with what was written by hand for each target, and with archives of what was found.
fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("libfuzzer/corpus")
}

fn run(target: Target, what: &Path, bytes: &[u8]) {
    // The output of a test that fails has the name of the last one.
    println!("{}", what.display());
    target(bytes);
}

#[test]
fn what_was_written_by_hand_is_survived() {
    for (name, target) in TARGETS {
        let folder = corpus().join(name);
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
        let mut count = 0;
        for entry in entries {
            let path = entry.expect("the folder can be read").path();
            let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            run(target, &path, &bytes);
            count += 1;
        }
        assert!(count > 0, "there is nothing for {name}");
    }
}

#[test]
fn what_was_found_is_survived() {
    for (name, target) in TARGETS {
        let path = corpus().join(format!("{name}.tar"));
        let file = File::open(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let mut archive = Archive::new(file);
        let mut count = 0;
        for entry in archive.entries().expect("it is an archive") {
            let mut entry = entry.expect("it is whole");
            let what = path.join(entry.path().expect("it has a name"));
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("it is whole");
            run(target, &what, &bytes);
            count += 1;
        }
        assert!(count > 0, "there is nothing for {name}");
    }
}
