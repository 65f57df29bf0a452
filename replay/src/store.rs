//! Writing a file whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Writes beside the file, under a name of its own, and renames: whoever looks sees the old content or
/// the new one, and after an error the old one. Missing folders are made.
///
/// # Errors
/// What the system says; the old content is still there.
pub fn write_atomically(path: &Path, content: &[u8]) -> io::Result<()> {
    let no_name = || io::Error::new(io::ErrorKind::InvalidInput, "the path names no file");
    let name = path.file_name().ok_or_else(no_name)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // Two processes may write one file: each has its own temporary name, and the last rename stands.
    let temporary = folder.join(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id()));
    let written = write_synced(&temporary, content).and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = written {
        // The error that matters is the first one; what is left over is at worst a hidden file.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    sync_folder(folder)
}

fn write_synced(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Makes the new name durable, where the system lets a folder be opened.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// A scenario's file below `root`: `kv/crash-loop` is `root/kv/crash-loop.EXTENSION`. What could lead
/// elsewhere, or is no plain letter, is written as `%2e`.
pub fn scenario_path(root: &Path, scenario: &str, extension: &str) -> PathBuf {
    let mut path = root.to_path_buf();
    let mut parts: Vec<String> = scenario.split('/').map(plain_part).collect();
    let name = parts.pop().expect("splitting gives at least one part");
    path.extend(parts);
    path.push(format!("{name}.{extension}"));
    path
}

fn plain_part(part: &str) -> String {
    let leads_elsewhere = part.is_empty() || part.bytes().all(|byte| byte == b'.');
    let mut plain = String::new();
    for byte in part.bytes() {
        let letter = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if letter && !leads_elsewhere {
            plain.push(char::from(byte))
        } else {
            plain += &format!("%{byte:02x}")
        }
    }
    if plain.is_empty() { "%".to_string() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_stays_below_its_root() {
        let path = |scenario| scenario_path(Path::new("goldens"), scenario, "golden").display().to_string();
        assert_eq!(path("kv/crash-loop"), "goldens/kv/crash-loop.golden");
        assert_eq!(path("router-storm-001.region_churn"), "goldens/router-storm-001.region_churn.golden");
        assert_eq!(path("../../etc/x"), "goldens/%2e%2e/%2e%2e/etc/x.golden");
        assert_eq!(path("/etc/a b"), "goldens/%/etc/a%20b.golden");
        assert_eq!(path(""), "goldens/%.golden");
    }

    #[test]
    fn a_file_is_written_whole_and_leaves_nothing_beside_it() {
        let folder = std::env::temp_dir().join(format!("tourbillon-store-{}", std::process::id()));
        let file = folder.join("a/b.txt");
        write_atomically(&file, b"one").expect("the folder can be written");
        write_atomically(&file, b"two").expect("the folder can be written");
        assert_eq!(fs::read(&file).expect("it was written"), b"two");
        assert_eq!(fs::read_dir(folder.join("a")).expect("it is a folder").count(), 1);
        // A folder stands where the file should be: an error, and nothing is left behind.
        fs::create_dir(folder.join("a/c")).expect("the folder can be written");
        fs::write(folder.join("a/c/d"), b"").expect("the folder can be written");
        assert!(write_atomically(&folder.join("a/c"), b"x").is_err());
        assert_eq!(fs::read_dir(folder.join("a")).expect("it is a folder").count(), 2);
        fs::remove_dir_all(&folder).expect("it is ours");
    }
}
