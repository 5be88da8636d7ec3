//! Names that the kernel uses, as far as a set-up has fetched it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::{cache, cli::Options};

/// Folders of the kernel's source that hold no modules.
const NO_MODULES: [&str; 3] = ["Documentation", "scripts", "tools"];

/// Names of the kernel's modules, whatever its configuration, and of its netlink families, with `_` for
/// `-`. Before the first set-up there are none to know.
pub fn names(options: &Options) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in cache::entries(options) {
        if entry.name().starts_with("source-") {
            let source = entry.path().join("tree");
            let specs = files(&source.join("Documentation/netlink/specs"));
            let stems = specs.iter().filter_map(|file| file.file_stem()?.to_str());
            names.extend(stems.map(normal));
            let tops = files(&source).into_iter().filter(|folder| {
                let name = folder.file_name().unwrap_or_default();
                !NO_MODULES.iter().any(|left_out| name == *left_out)
            });
            for top in tops {
                collect(&top, &mut names);
            }
        }
    }
    names
}

/// Adds what the makefiles below a folder make.
fn collect(folder: &Path, names: &mut BTreeSet<String>) {
    for name in ["Makefile", "Kbuild"] {
        let text = fs::read_to_string(folder.join(name)).unwrap_or_default();
        names.extend(objects(&text).map(normal));
    }
    let Ok(items) = fs::read_dir(folder) else {
        return;
    };
    let is_folder = |item: &fs::DirEntry| item.file_type().is_ok_and(|kind| kind.is_dir());
    for item in items.flatten().filter(is_folder) {
        collect(&item.path(), names);
    }
}

/// Names of the objects in a makefile's `obj-…` lists, each of which is a module or built in.
fn objects(makefile: &str) -> impl Iterator<Item = &str> {
    let mut goes_on = false;
    let lines = makefile.lines().filter(move |line| {
        let is_list = goes_on || line.starts_with("obj-");
        goes_on = is_list && line.ends_with('\\');
        is_list
    });
    let words = lines.flat_map(str::split_whitespace);
    words.filter_map(|word| word.strip_suffix(".o"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(items) = fs::read_dir(folder) else {
        return Vec::new();
    };
    items.flatten().map(|item| item.path()).collect()
}

fn normal(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::objects;

    #[test]
    fn objects_of_a_makefile_are_those_of_its_lists() {
        let makefile = "obj-$(CONFIG_E1000) += e1000.o\ne1000-y := main.o\n\
                        obj-m\t:= one.o \\\n\t  two-b.o\nother.o: x.c\nobj-y += folder/\n";
        let found: Vec<_> = objects(makefile).collect();
        assert_eq!(found, ["e1000", "one", "two-b"]);
    }
}
