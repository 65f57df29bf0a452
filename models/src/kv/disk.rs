//! The log on the disk. Appending is not enough: only what was synced is there after a power loss.
//!
//! At every start the log is written anew beside the old one, synced, and put in its place. That drops a
//! torn tail for good, and it believes no page cache: what a process that was killed, or a sync that failed,
//! left behind is synced before anybody acts on it.

use std::io;

use sim::fs::{self, File};
use tokio::io::AsyncWriteExt;

use super::consensus::Durable;
use super::points::{AMNESIA, DROP_FLUSHES, TORN_TAIL_ACCEPTED};
use super::wal::{MAGIC, Record, TornTail, Writer, recover};

const FOLDER: &str = "/kv";
const LOG: &str = "/kv/log";
const LOG_NEW: &str = "/kv/log.new";
/// With the bug `drop-flushes`: what is held back at most.
const HELD_BYTES_MAX: usize = 2048;

/// The open log.
#[derive(Debug)]
pub struct Disk {
    file: Option<File>,
    writer: Writer,
    buffer: Vec<u8>,
}

impl Disk {
    /// Reads what is durable and opens the log behind it.
    pub async fn open() -> io::Result<(Disk, Durable)> {
        fs::create_dir_all(FOLDER).await?;
        fs::sync_dir("/").await?;
        let mut bytes = match fs::read(LOG).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => MAGIC.to_vec(),
            read => read?,
        };
        if AMNESIA.is_planted() {
            bytes.truncate(MAGIC.len());
        }
        let tail = if TORN_TAIL_ACCEPTED.is_planted() { TornTail::Accepted } else { TornTail::Refused };
        let recovered = recover(&bytes, tail).ok_or(io::ErrorKind::InvalidData)?;
        points::sometimes!(recovered.torn_bytes > 0, "kv.torn_tail_dropped");
        let (bytes, writer) = recovered.rewrite();
        let mut file = File::create(LOG_NEW).await?;
        file.write_all(&bytes).await?;
        file.flush().await?;
        file.sync_all().await?;
        points::site!("kv.log_rewritten_not_renamed").await;
        fs::rename(LOG_NEW, LOG).await?;
        fs::sync_dir(FOLDER).await?;
        let durable = Durable { term: recovered.term, vote: recovered.vote, log: recovered.log };
        Ok((Disk { file: Some(file), writer, buffer: Vec::new() }, durable))
    }

    /// Hands records to the operating system.
    pub async fn append(&mut self, records: &mut Vec<Record>) -> io::Result<()> {
        for record in records.drain(..) {
            self.writer.append(&mut self.buffer, &record);
        }
        if DROP_FLUSHES.is_planted() && self.buffer.len() <= HELD_BYTES_MAX {
            return Ok(());
        }
        let file = self.file.as_mut().expect("open until dropped");
        file.write_all(&self.buffer).await?;
        file.flush().await?;
        self.buffer.clear();
        Ok(())
    }

    /// Makes durable what was appended.
    pub async fn sync(&mut self) -> io::Result<()> {
        self.file.as_mut().expect("open until dropped").sync_data().await
    }
}

/// Only with the bug `drop-flushes` is anything left to write here.
impl Drop for Disk {
    fn drop(&mut self) {
        if DROP_FLUSHES.is_planted()
            && let Some(mut file) = self.file.take()
        {
            let bytes = std::mem::take(&mut self.buffer);
            sim::task::spawn(async move {
                let _ = file.write_all(&bytes).await;
                let _ = file.flush().await;
            });
        }
    }
}
