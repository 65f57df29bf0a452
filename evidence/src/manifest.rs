//! The manifest of a pack: one line a file, and a last line that seals the others.
//!
//! ```text
//! tourbillon evidence 1
//! file BLAKE3 BYTES sidecar BLAKE3 BYTES NAME
//! end FILES BLAKE3-OF-ALL-LINES-ABOVE
//! ```

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::sidecar::block_lengths;

/// The manifest's name within its folder.
pub const MANIFEST: &str = "evidence.manifest";
const HEAD: &str = "tourbillon evidence 1";

/// A file of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name within the folder, with `/` between parts.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its hash.
    pub hash: blake3::Hash,
    /// Its sidecar's length.
    pub sidecar_bytes: u64,
    /// Its sidecar's hash.
    pub sidecar_hash: blake3::Hash,
}

/// What is in a pack, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The files, in order of their names.
    pub files: Vec<Listed>,
}

impl Manifest {
    /// How many blocks of symbols its files have.
    pub fn block_count(&self) -> usize {
        self.files.iter().map(|file| block_lengths(file.bytes).len()).sum()
    }

    /// Reads the manifest of a folder.
    ///
    /// # Errors
    /// When it is not there, is cut off, or was changed.
    pub fn load(folder: &Path) -> Result<Manifest, Error> {
        let path = folder.join(MANIFEST);
        let bytes = fs::read(&path).map_err(Error::missing(&path, "pack the folder first"))?;
        let text = String::from_utf8(bytes).map_err(|_| Error::Manifest {
            path: path.clone(),
            line: 1,
            found: "bytes that are not UTF-8".to_string(),
            expected: "text".to_string(),
        })?;
        Manifest::parse(&path, &text)
    }

    /// The manifest as text.
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEAD}\n");
        for file in &self.files {
            let Listed { name, bytes, hash, sidecar_bytes, sidecar_hash } = file;
            writeln!(text, "file {hash} {bytes} sidecar {sidecar_hash} {sidecar_bytes} {name}")
                .expect("a string takes everything");
        }
        let seal = blake3::hash(text.as_bytes());
        writeln!(text, "end {} {seal}", self.files.len()).expect("a string takes everything");
        text
    }

    fn parse(path: &Path, text: &str) -> Result<Manifest, Error> {
        let refuse = |line: usize, found: &str, expected: String| Error::Manifest {
            path: path.to_path_buf(),
            line,
            found: format!("`{}`", found.chars().take(120).collect::<String>()),
            expected,
        };
        let lines: Vec<&str> = text.lines().collect();
        let last_line = lines.len().max(1);
        let last = lines.last().copied().unwrap_or_default();
        // The seal is looked at first: where it is broken, no other line is believed.
        let above: usize = lines[..last_line - 1].iter().map(|line| line.len() + 1).sum();
        let seal = blake3::hash(&text.as_bytes()[..above.min(text.len())]);
        let expected = format!("end {} {seal}", lines.len().saturating_sub(2));
        if last != expected || !text.ends_with('\n') {
            return Err(refuse(last_line, last, format!("`{expected}` and the end")));
        }
        if lines[0] != HEAD {
            return Err(refuse(1, lines[0], format!("`{HEAD}`")));
        }
        let mut files: Vec<Listed> = Vec::new();
        for (number, line) in (2..).zip(&lines[1..lines.len() - 1]) {
            let file = listed(line).ok_or_else(|| {
                refuse(number, line, "`file BLAKE3 BYTES sidecar BLAKE3 BYTES NAME`".to_string())
            })?;
            if files.last().is_some_and(|before| before.name >= file.name) {
                return Err(refuse(number, line, "a name after the one before it".to_string()));
            }
            files.push(file);
        }
        Ok(Manifest { files })
    }
}

fn listed(line: &str) -> Option<Listed> {
    let mut words = line.splitn(7, ' ');
    let mut word = |expected: Option<&str>| words.next().filter(|word| expected.is_none_or(|it| it == *word));
    word(Some("file"))?;
    let hash = blake3::Hash::from_hex(word(None)?).ok()?;
    let bytes = word(None)?.parse().ok()?;
    word(Some("sidecar"))?;
    let sidecar_hash = blake3::Hash::from_hex(word(None)?).ok()?;
    let sidecar_bytes = word(None)?.parse().ok()?;
    let name = word(None)?.to_string();
    is_name(&name).then_some(Listed { name, bytes, hash, sidecar_bytes, sidecar_hash })
}

/// A name that stays within its folder, on one line.
pub(crate) fn is_name(name: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part != "." && part != "..";
    name.split('/').all(is_part) && !name.contains(['\n', '\r', '\\']) && !Path::new(name).is_absolute()
}

/// Where a listed file lies.
pub(crate) fn path_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(name)
}
