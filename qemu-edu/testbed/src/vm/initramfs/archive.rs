//! Writes cpio archives in the format that the kernel unpacks: "newc"
//! (Documentation/driver-api/early-userspace/buffer-format.rst).

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::MetadataExt as _,
    path::Path,
};

use anyhow::{Context as _, bail, ensure};

/// Permissions of a program.
pub const EXECUTABLE: u32 = 0o755;
/// Permissions of other files.
pub const PLAIN: u32 = 0o644;

const FOLDER_TYPE: u32 = 0o040_000;
const FILE_TYPE: u32 = 0o100_000;
const LINK_TYPE: u32 = 0o120_000;
const CHARACTER_DEVICE_TYPE: u32 = 0o020_000;

/// Name of the entry that ends an archive.
const TRAILER: &str = "TRAILER!!!";

/// An archive that is being written. Paths begin with a slash; folders that a path needs
/// are added by themselves. Everything belongs to root.
pub struct Archive<W> {
    writer: W,
    inode: u32,
    written: BTreeSet<String>,
}

#[derive(Default)]
struct Header {
    mode: u32,
    mtime: u32,
    device: (u32, u32),
}

impl<W: Write> Archive<W> {
    /// An empty archive.
    pub fn new(writer: W) -> Self {
        Self {
            writer,
            inode: 0,
            written: BTreeSet::new(),
        }
    }

    /// Adds a folder and those above it.
    pub fn folder(&mut self, path: &str) -> anyhow::Result<()> {
        if path.is_empty() || self.written.contains(path) {
            return Ok(());
        }
        self.parent(path)?;
        let mode = FOLDER_TYPE | EXECUTABLE;
        self.entry(
            path,
            &Header {
                mode,
                ..Header::default()
            },
            b"",
        )
    }

    /// Adds a file with this content.
    pub fn file(&mut self, path: &str, content: &[u8], mode: u32) -> anyhow::Result<()> {
        self.file_of(path, content, mode, 0)
    }

    /// Adds a copy of the host's file `from`. It keeps its time, on which Python's compiled
    /// files depend.
    pub fn copy(&mut self, path: &str, from: &Path, mode: u32) -> anyhow::Result<()> {
        let read = || {
            let mtime = File::open(from)?.metadata()?.mtime();
            Ok::<_, io::Error>((mtime, fs::read(from)?))
        };
        let (mtime, content) =
            read().with_context(|| format!("failed to read {}", from.display()))?;
        let mtime = u32::try_from(mtime).unwrap_or(0);
        self.file_of(path, &content, mode, mtime)
    }

    /// Adds a symbolic link.
    pub fn link(&mut self, path: &str, target: &str) -> anyhow::Result<()> {
        self.parent(path)?;
        let header = Header {
            mode: LINK_TYPE | 0o777,
            ..Header::default()
        };
        self.entry(path, &header, target.as_bytes())
    }

    /// Adds `/dev/console`.
    pub fn console(&mut self) -> anyhow::Result<()> {
        self.parent("/dev/console")?;
        let header = Header {
            mode: CHARACTER_DEVICE_TYPE | 0o600,
            device: (5, 1),
            ..Header::default()
        };
        self.entry("/dev/console", &header, b"")
    }

    /// Ends the archive.
    pub fn finish(mut self) -> anyhow::Result<W> {
        self.raw_entry(TRAILER, &Header::default(), b"")?;
        Ok(self.writer)
    }

    fn file_of(&mut self, path: &str, content: &[u8], mode: u32, mtime: u32) -> anyhow::Result<()> {
        self.parent(path)?;
        let header = Header {
            mode: FILE_TYPE | mode,
            mtime,
            ..Header::default()
        };
        self.entry(path, &header, content)
    }

    fn parent(&mut self, path: &str) -> anyhow::Result<()> {
        match path.rsplit_once('/') {
            Some((parent, _)) => self.folder(parent),
            None => bail!("{path:?} does not begin with a slash"),
        }
    }

    fn entry(&mut self, path: &str, header: &Header, content: &[u8]) -> anyhow::Result<()> {
        ensure!(
            self.written.insert(path.to_owned()),
            "{path} is in the guest's files twice"
        );
        self.raw_entry(path.trim_start_matches('/'), header, content)
    }

    fn raw_entry(&mut self, name: &str, header: &Header, content: &[u8]) -> anyhow::Result<()> {
        let size = u32::try_from(content.len())
            .with_context(|| format!("{name} is too large for the guest's files"))?;
        let name_size = u32::try_from(name.len() + 1).context("a path is too long")?;
        self.inode += 1;
        let Header {
            mode,
            mtime,
            device: (major, minor),
        } = *header;
        let fields = [
            self.inode, mode, 0, 0, 1, mtime, size, 0, 0, major, minor, name_size, 0,
        ];
        let mut bytes = b"070701".to_vec();
        for field in fields {
            write!(bytes, "{field:08X}")?;
        }
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(0);
        pad(&mut bytes);
        let mut write = || {
            self.writer.write_all(&bytes)?;
            self.writer.write_all(content)?;
            self.writer
                .write_all(&[0; 3][..content.len().next_multiple_of(4) - content.len()])
        };
        write().context("failed to write the initramfs")
    }
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, mode and content of every entry, read by the rules of the format's description.
    fn entries(mut bytes: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
        let mut entries = Vec::new();
        while !bytes.is_empty() {
            assert_eq!(&bytes[..6], b"070701");
            let field = |index: usize| {
                let text = std::str::from_utf8(&bytes[6 + 8 * index..][..8]).unwrap();
                u32::from_str_radix(text, 16).unwrap()
            };
            let size = |index| usize::try_from(field(index)).unwrap();
            let name = &bytes[110..][..size(11) - 1];
            let content = &bytes[(110 + size(11)).next_multiple_of(4)..][..size(6)];
            let name = String::from_utf8(name.to_vec()).unwrap();
            entries.push((name, field(1), content.to_vec()));
            let end = (110 + size(11)).next_multiple_of(4) + size(6).next_multiple_of(4);
            bytes = &bytes[end..];
        }
        entries
    }

    #[test]
    fn every_entry_comes_back() {
        let mut archive = Archive::new(Vec::new());
        archive.file("/a/b/one", b"12345", EXECUTABLE).unwrap();
        archive.file("/a/two", b"", PLAIN).unwrap();
        archive.link("/a/three", "two").unwrap();
        archive.console().unwrap();
        let bytes = archive.finish().unwrap();
        assert_eq!(bytes.len() % 4, 0);
        let expected = [
            ("a", 0o040_755, &b""[..]),
            ("a/b", 0o040_755, b""),
            ("a/b/one", 0o100_755, b"12345"),
            ("a/two", 0o100_644, b""),
            ("a/three", 0o120_777, b"two"),
            ("dev", 0o040_755, b""),
            ("dev/console", 0o020_600, b""),
            (TRAILER, 0, b""),
        ]
        .map(|(name, mode, content)| (name.to_owned(), mode, content.to_vec()));
        assert_eq!(entries(&bytes), expected);
    }

    #[test]
    fn copy_keeps_content() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "content").unwrap();
        let mut archive = Archive::new(Vec::new());
        archive.copy("/file", file.path(), 0o600).unwrap();
        let bytes = archive.finish().unwrap();
        assert_eq!(
            entries(&bytes)[0],
            ("file".to_owned(), 0o100_600, b"content".to_vec())
        );
    }

    #[test]
    fn mistakes_are_named() {
        let mut archive = Archive::new(Vec::new());
        archive.file("/one", b"", PLAIN).unwrap();
        for (result, part) in [
            (
                archive.file("/one", b"", PLAIN),
                "/one is in the guest's files twice",
            ),
            (archive.file("relative", b"", PLAIN), "\"relative\""),
            (
                archive.copy("/two", Path::new("/no/such/file"), PLAIN),
                "/no/such/file",
            ),
        ] {
            let error = format!("{:#}", result.unwrap_err());
            assert!(error.contains(part), "{error}");
        }
    }
}
