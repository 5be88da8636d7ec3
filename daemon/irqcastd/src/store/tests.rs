//! What the state folder brings back, and what it makes of files that it did not write.

use super::*;
use tempfile::TempDir;

const LIFE: (u32, u64) = (0, 5);

fn took(seq: u64) -> Op {
    Op::Took {
        life: LIFE,
        address: "0000:00:02.0".to_owned(),
        seq,
        rules: vec!["all".to_owned()],
    }
}

/// A folder that a daemon left which took event 1 before its last state and event 2 after it.
fn left() -> TempDir {
    let folder = TempDir::new().unwrap();
    let (mut store, found) = Store::open(folder.path()).unwrap();
    assert!(found.is_none());
    let mut memory = Memory::default();
    memory.apply(&took(1));
    store.save(&memory).unwrap();
    store.append(&journal_line(&took(2))).unwrap();
    folder
}

/// How far the daemon had come that left the folder, if it is still known.
fn taken(folder: &TempDir) -> Option<u64> {
    let (_, found) = Store::open(folder.path()).unwrap();
    let found = found?;
    assert!(!found.new_boot);
    found.memory.positions().first().map(|life| life.last)
}

fn names(folder: &TempDir) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn state_and_journal_come_back() {
    let folder = left();
    assert_eq!(taken(&folder), Some(2));
    assert_eq!(names(&folder), [JOURNAL, STATE]);
}

#[test]
fn unfinished_line_of_the_journal_is_ignored() {
    let folder = left();
    let path = folder.path().join(JOURNAL);
    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(taken(&folder), Some(1), "{length} bytes");
    }
    assert_eq!(names(&folder), [JOURNAL, STATE]);
}

#[test]
fn journal_of_an_older_state_is_ignored() {
    let folder = left();
    let journal = fs::read(folder.path().join(JOURNAL)).unwrap();
    let (mut store, found) = Store::open(folder.path()).unwrap();
    let memory = found.unwrap().memory;
    store.save(&memory).unwrap();
    store.save(&Memory::default()).unwrap();
    drop(store);
    fs::write(folder.path().join(JOURNAL), journal).unwrap();
    assert_eq!(taken(&folder), None);
}

#[test]
fn wrong_line_of_the_journal_ends_it() {
    let folder = left();
    let path = folder.path().join(JOURNAL);
    let mut journal = fs::read_to_string(&path).unwrap();
    journal.push_str("{\"flew\":1}\n");
    journal.push_str(&journal_line(&took(3)));
    fs::write(&path, journal).unwrap();
    assert_eq!(taken(&folder), Some(2));
    let aside = format!("{JOURNAL}.set-aside-1");
    assert_eq!(names(&folder), [aside.as_str(), STATE]);
}

#[test]
fn files_that_are_no_state_are_set_aside() {
    let whole = fs::read(left().path().join(STATE)).unwrap();
    let whole = std::str::from_utf8(&whole).unwrap();
    let changed = |from: &str, to: &str| {
        assert!(whole.contains(from), "{whole}");
        whole.replace(from, to)
    };
    for wrong in [
        String::new(),
        whole[..whole.len() / 2].to_owned(),
        "[1, 2]".to_owned(),
        "\u{0}".repeat(100),
        changed("irqcast-state", "other"),
        changed("\"version\":2", "\"version\":3"),
        changed("\"generation\":1", "\"generation\":-1"),
        changed("[[1,1]]", "[[1,0]]"),
        changed("\"taken\":1", "\"token\":1"),
        changed("\"losses\":[]", "\"losses\":[[3,2]]"),
    ] {
        let folder = left();
        fs::write(folder.path().join(STATE), &wrong).unwrap();
        assert_eq!(taken(&folder), None, "{wrong}");
        let aside = format!("{STATE}.set-aside-1");
        assert_eq!(
            fs::read_to_string(folder.path().join(aside)).unwrap(),
            wrong
        );
    }
}

#[test]
fn folder_in_the_place_of_a_file_is_set_aside() {
    let folder = left();
    for (times, name) in [(1, STATE), (2, STATE), (1, JOURNAL)] {
        let path = folder.path().join(name);
        if path.exists() {
            fs::remove_file(&path).unwrap();
        }
        fs::create_dir(&path).unwrap();
        let (mut store, _) = Store::open(folder.path()).unwrap();
        store.save(&Memory::default()).unwrap();
        let aside = folder.path().join(format!("{name}.set-aside-{times}"));
        assert!(aside.is_dir(), "{aside:?}");
    }
}

#[test]
fn second_daemon_is_refused() {
    let folder = TempDir::new().unwrap();
    let (first, _) = Store::open(folder.path()).unwrap();
    let error = Store::open(folder.path()).err().unwrap().to_string();
    assert_eq!(
        error,
        format!(
            "another daemon uses the state folder {}",
            folder.path().display()
        )
    );
    drop(first);
    assert!(Store::open(folder.path()).is_ok());
}

#[test]
fn state_of_another_boot_is_told_as_such() {
    let folder = left();
    let path = folder.path().join(STATE);
    let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let state = fs::read_to_string(&path).unwrap();
    let other = "0d4b8c53-9a0c-4c1c-b2f7-000000000000";
    fs::write(&path, state.replace(boot_id.trim(), other)).unwrap();
    let (_, found) = Store::open(folder.path()).unwrap();
    let found = found.unwrap();
    assert!(found.new_boot && found.memory.positions().is_empty());
    let (going_on, ended) = found.memory.unfinished();
    assert!(going_on.is_empty());
    assert_eq!((ended[0].from, ended[0].to), (1, 2));
}

#[test]
fn folder_that_cannot_be_made_is_an_error() {
    let error = Store::open(Path::new("/proc/none")).err().unwrap();
    assert_eq!(
        error.to_string(),
        "failed to make the state folder /proc/none: No such file or directory (os error 2)"
    );
}
