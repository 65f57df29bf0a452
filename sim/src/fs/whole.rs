//! Functions on whole files.

use std::io::{Error, ErrorKind, Result};
use std::path::Path;

use super::file::File;

/// Reads a whole file.
///
/// # Errors
/// As [`File::open`] and [`File::read_at`].
pub async fn read(path: impl AsRef<Path>) -> Result<Vec<u8>> {
    let file = File::open(path).await?;
    let mut bytes = Vec::new();
    loop {
        // One read more when the file has grown meanwhile.
        let size = file.metadata().await?.len() as usize;
        let done = bytes.len();
        if done >= size && done > 0 {
            return Ok(bytes);
        }
        bytes.resize(size.max(done), 0);
        let count = file.read_at(&mut bytes[done..], done as u64).await?;
        bytes.truncate(done + count);
        if count == 0 {
            return Ok(bytes);
        }
    }
}

/// Reads a whole file as text.
///
/// # Errors
/// As [`read`], and `InvalidData` when it is not UTF-8.
pub async fn read_to_string(path: impl AsRef<Path>) -> Result<String> {
    let refused = |_| Error::new(ErrorKind::InvalidData, "stream did not contain valid UTF-8");
    String::from_utf8(read(path).await?).map_err(refused)
}

/// Writes a whole file; it is created, or what was in it is cut off. Nothing of it is durable yet.
///
/// # Errors
/// As [`File::create`] and [`File::write_at`].
pub async fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> Result<()> {
    File::create(path).await?.write_all_at(contents.as_ref(), 0).await
}

/// Copies a file over another; the answer is how many bytes there were. Nothing of it is durable yet.
///
/// # Errors
/// As [`read`] and [`write`](fn@write).
pub async fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<u64> {
    let bytes = read(from).await?;
    write(to, &bytes).await?;
    Ok(bytes.len() as u64)
}
