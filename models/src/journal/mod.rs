//! A file that only grows. What was appended is durable once it was synced, and not before.

pub mod frame;

use std::io;
use std::path::Path;

use sim::fs::{self, File};

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    file: File,
    length_bytes: u64,
}

impl Journal {
    /// Opens the journal of this path, or makes an empty one, folders and all, and reads its records. An end that was torn is cut off, and what a
    /// process that was killed had left in the cache is synced before anybody acts on it.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn open(path: &str) -> io::Result<(Journal, Vec<Vec<u8>>)> {
        let folder = Path::new(path).parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(folder).await?;
        for above in folder.ancestors().skip(1) {
            fs::sync_dir(above).await?;
        }
        let file = File::options().read(true).write(true).create(true).open(path).await?;
        let bytes = fs::read(path).await?;
        let (records, whole_bytes) = frame::read(&bytes);
        file.set_len(whole_bytes as u64).await?;
        file.sync_all().await?;
        fs::sync_dir(folder).await?;
        let records = records.into_iter().map(<[u8]>::to_vec).collect();
        Ok((Journal { file, length_bytes: whole_bytes as u64 }, records))
    }

    /// Hands a record to the operating system.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn append(&mut self, record: &[u8]) -> io::Result<()> {
        let mut bytes = Vec::new();
        frame::append(&mut bytes, record);
        self.file.write_all_at(&bytes, self.length_bytes).await?;
        self.length_bytes += bytes.len() as u64;
        Ok(())
    }

    /// Makes durable what was appended.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn sync(&self) -> io::Result<()> {
        self.file.sync_data().await
    }
}
