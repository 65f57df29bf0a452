//! `File`: the handle of an open file, as tokio's.

use std::fmt;
use std::io::{ErrorKind, Result, SeekFrom};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

use super::disks::{About, Busy, Disks, FileKey, Submitted};
use super::home::{Home, unusable};
use super::metadata::Metadata;
use super::options::OpenOptions;
use crate::disk::{Disk, Done, Errno, HandleId};
use crate::kernel::Kernel;
use crate::task::WakerSlot;
use crate::trace::FsCall;

/// The most bytes of one read or write through [`AsyncRead`] and [`AsyncWrite`], as tokio has it.
const CHUNK_BYTES_MAX: usize = 2 * 1024 * 1024;

/// An open file, or a directory that was opened to be synced.
///
/// What is written is in the operating system's cache as soon as the write has returned, and is durable
/// once a sync has returned that was called after it. A write through [`AsyncWrite`] returns at once; the
/// next operation, or a flush, waits for the disk. Clones share one cursor. The machine closes the files of
/// a process that ends.
pub struct File {
    home: Home,
    key: FileKey,
}

impl File {
    pub(super) fn of(home: Home, key: FileKey) -> File {
        File { home, key }
    }

    /// Opens a file for reading, or a directory to sync it.
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    pub async fn open(path: impl AsRef<Path>) -> Result<File> {
        OpenOptions::new().read(true).open(path).await
    }

    /// Opens a file for writing; it is created, or what was in it is cut off.
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    pub async fn create(path: impl AsRef<Path>) -> Result<File> {
        OpenOptions::new().write(true).create(true).truncate(true).open(path).await
    }

    /// Creates a file for reading and writing, which must not be there.
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    pub async fn create_new(path: impl AsRef<Path>) -> Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(path).await
    }

    /// Options, with nothing set.
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Takes an operation in.
    #[inline]
    fn submit<T>(
        &self,
        code: FsCall,
        offset: Option<u64>,
        bytes: &[u8],
        bytes_of: impl FnOnce(&T) -> usize,
        act: impl FnOnce(&mut Disk, &mut crate::choice::Choices, u64, HandleId) -> Done<T>,
    ) -> Result<Submitted<T>> {
        self.home.call(|disks, kernel| {
            let handle = handle(disks, kernel, self.key)?;
            let about = About::file(code, self.key, offset, bytes);
            Ok(disks.submit(kernel, about, bytes_of, |disk, choices, now| act(disk, choices, now, handle)))
        })
    }

    /// Makes bytes and size durable; for a directory, its names.
    ///
    /// After an error it is not known what is durable: what could not be written may be gone from the cache,
    /// so that a second sync succeeds without it.
    ///
    /// # Errors
    /// Those of faults.
    pub async fn sync_all(&self) -> Result<()> {
        let sync = |disk: &mut Disk, choices: &mut _, now, handle| disk.sync(choices, now, handle);
        self.home.wait(self.submit(FsCall::Sync, None, &[], |()| 0, sync)?).await
    }

    /// Makes bytes and size durable. There is no other metadata, so this is [`sync_all`](File::sync_all).
    ///
    /// # Errors
    /// The same.
    pub async fn sync_data(&self) -> Result<()> {
        self.sync_all().await
    }

    /// Cuts the file or lengthens it by a hole of zeros.
    ///
    /// # Errors
    /// `InvalidInput` when it is not open for writing, and those of faults.
    pub async fn set_len(&self, size: u64) -> Result<()> {
        let cut = |disk: &mut Disk, choices: &mut _, now, handle| disk.set_len(choices, now, handle, size);
        self.home.wait(self.submit(FsCall::SetLen, Some(size), &[], |()| 0, cut)?).await
    }

    /// What is known of the file.
    ///
    /// # Errors
    /// When the disk was taken away.
    pub async fn metadata(&self) -> Result<Metadata> {
        self.home.call(|disks, kernel| {
            let handle = handle(disks, kernel, self.key)?;
            let machine = kernel.current.machine;
            let stat = disks.touch(kernel, machine, |disk, _, _| disk.stat(handle));
            stat.map(Metadata::of).map_err(Errno::error)
        })
    }

    /// Another handle of the same open file, with the same cursor.
    ///
    /// # Errors
    /// When the disk was taken away.
    pub async fn try_clone(&self) -> Result<File> {
        self.home.call(|disks, kernel| {
            let handle = handle(disks, kernel, self.key)?;
            let machine = kernel.current.machine;
            disks.touch(kernel, machine, |disk, _, _| disk.duplicate(handle)).map_err(Errno::error)?;
            Ok(File { home: self.home, key: disks.keep(kernel, handle) })
        })
    }

    /// Reads at an offset, whatever the cursor is; the answer is how many bytes, 0 at the end of the file.
    /// Several may be under way at once.
    ///
    /// # Errors
    /// When the file is not open for reading, is a directory, and those of faults.
    pub async fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let count = buf.len();
        let begin = |disk: &mut Disk, choices: &mut _, now, handle| {
            disk.read_begin(choices, now, handle, Some(offset), count)
        };
        self.home.wait(self.submit(FsCall::Read, Some(offset), &[], |&count| count, begin)?).await?;
        self.home.call(|disks, kernel| {
            let handle = handle(disks, kernel, self.key)?;
            fetch(disks, kernel, handle, Some(offset), buf)
        })
    }

    /// Fills a buffer from an offset on.
    ///
    /// # Errors
    /// As [`read_at`](File::read_at), and `UnexpectedEof` when the file ends before.
    pub async fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<()> {
        let mut done = 0;
        while done < buf.len() {
            match self.read_at(&mut buf[done..], offset + done as u64).await? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                count => done += count,
            }
        }
        Ok(())
    }

    /// Writes at an offset, whatever the cursor is; the answer is how many bytes, fewer than asked for when
    /// the disk is nearly full. A file that was opened to append appends all the same, as on Linux.
    ///
    /// # Errors
    /// `StorageFull`, when the file is not open for writing, and those of faults.
    pub async fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        let write = |disk: &mut Disk, choices: &mut _, now, handle| {
            disk.write(choices, now, handle, Some(offset), buf)
        };
        self.home.wait(self.submit(FsCall::Write, Some(offset), buf, |&count| count, write)?).await
    }

    /// Writes all bytes at an offset.
    ///
    /// # Errors
    /// As [`write_at`](File::write_at). Some of the bytes may have been written.
    pub async fn write_all_at(&self, buf: &[u8], offset: u64) -> Result<()> {
        let mut done = 0;
        while done < buf.len() {
            match self.write_at(&buf[done..], offset + done as u64).await? {
                0 => return Err(ErrorKind::WriteZero.into()),
                count => done += count,
            }
        }
        Ok(())
    }
}

/// The heart's handle, or why there is none.
#[inline]
fn handle(disks: &Disks, kernel: &mut Kernel, key: FileKey) -> Result<HandleId> {
    disks.handle(kernel, key).map_err(|why| unusable(kernel, why))
}

fn fetch(
    disks: &mut Disks,
    kernel: &mut Kernel,
    handle: HandleId,
    offset: Option<u64>,
    buf: &mut [u8],
) -> Result<usize> {
    let machine = kernel.current.machine;
    let read = |disk: &mut Disk, choices: &mut _, now| disk.read(choices, now, handle, offset, buf);
    disks.touch(kernel, machine, read).map_err(Errno::error)
}

/// Waits for what the file is busy with, and throws away what a read was to bring. False when it is not done.
#[inline]
fn idle(disks: &mut Disks, key: FileKey, waker: &mut WakerSlot) -> bool {
    match *disks.busy(key) {
        Busy::Idle => true,
        Busy::Writing(op) | Busy::Reading(op, _) => {
            let done = disks.operations.poll(op, waker);
            if done {
                *disks.busy(key) = Busy::Idle;
            }
            done
        }
    }
}

impl AsyncRead for File {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let (home, key) = (self.home, self.key);
        home.poll(cx, |disks, kernel, waker| {
            let handle = handle(disks, kernel, key)?;
            if !matches!(disks.busy(key), Busy::Reading(..)) {
                if !idle(disks, key, waker) {
                    return Ok(None);
                }
                let count = buf.remaining().min(CHUNK_BYTES_MAX);
                let about = About::file(FsCall::Read, key, None, &[]);
                let Submitted { op, result } = disks.submit(
                    kernel,
                    about,
                    |&count| count,
                    |disk, choices, now| disk.read_begin(choices, now, handle, None, count),
                );
                match op {
                    Some(op) => *disks.busy(key) = Busy::Reading(op, result.map(drop)),
                    None => drop(result.map_err(Errno::error)?),
                }
            }
            let result = match *disks.busy(key) {
                Busy::Reading(op, result) => {
                    if !disks.operations.poll(op, waker) {
                        return Ok(None);
                    }
                    *disks.busy(key) = Busy::Idle;
                    result
                }
                _ => Ok(()),
            };
            result.map_err(Errno::error)?;
            let count = buf.remaining().min(CHUNK_BYTES_MAX);
            let count = fetch(disks, kernel, handle, None, &mut buf.initialize_unfilled()[..count])?;
            buf.advance(count);
            Ok(Some(()))
        })
    }
}

impl AsyncWrite for File {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        let (home, key) = (self.home, self.key);
        let buf = &buf[..buf.len().min(CHUNK_BYTES_MAX)];
        home.poll(cx, |disks, kernel, waker| {
            let handle = handle(disks, kernel, key)?;
            if !idle(disks, key, waker) {
                return Ok(None);
            }
            let about = About::file(FsCall::Write, key, None, buf);
            let Submitted { op, result } = disks.submit(
                kernel,
                about,
                |&count| count,
                |disk, choices, now| disk.write(choices, now, handle, None, buf),
            );
            if let Some(op) = op {
                *disks.busy(key) = Busy::Writing(op);
            }
            // The bytes are in the cache; the next operation waits for the disk.
            result.map(Some).map_err(Errno::error)
        })
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let (home, key) = (self.home, self.key);
        home.poll(cx, |disks, kernel, waker| {
            handle(disks, kernel, key)?;
            Ok(idle(disks, key, waker).then_some(()))
        })
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.poll_flush(cx)
    }
}

impl AsyncSeek for File {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> Result<()> {
        self.home.call(|disks, kernel| {
            let handle = handle(disks, kernel, self.key)?;
            let machine = kernel.current.machine;
            disks.touch(kernel, machine, |disk, _, _| {
                let stat = disk.stat(handle).map_err(Errno::error)?;
                let cursor = disk.cursor(handle).map_err(Errno::error)?;
                let target = match position {
                    SeekFrom::Start(offset) => Some(offset),
                    SeekFrom::Current(by) => cursor.checked_add_signed(by),
                    SeekFrom::End(by) => stat.size.checked_add_signed(by),
                };
                let target = target.filter(|&target| target <= i64::MAX as u64);
                let target = target.ok_or_else(|| Errno::Invalid.error())?;
                disk.set_cursor(handle, target).map_err(Errno::error)
            })
        })
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<u64>> {
        let (home, key) = (self.home, self.key);
        home.poll(cx, |disks, kernel, waker| {
            let handle = handle(disks, kernel, key)?;
            if !idle(disks, key, waker) {
                return Ok(None);
            }
            let machine = kernel.current.machine;
            disks.touch(kernel, machine, |disk, _, _| disk.cursor(handle)).map(Some).map_err(Errno::error)
        })
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let left = self.home.drop(|disks| disks.close(self.key));
        drop(left);
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("File").field(&self.key.number()).finish()
    }
}
