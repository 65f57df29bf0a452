//! What is known of a file or a directory.

use crate::disk::Stat;

/// What is known of a file or a directory: its kind and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    stat: Stat,
}

/// Whether something is a file or a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileType {
    is_directory: bool,
}

impl Metadata {
    pub(super) fn of(stat: Stat) -> Metadata {
        Metadata { stat }
    }

    /// The size in bytes; 0 for a directory.
    #[expect(clippy::len_without_is_empty, reason = "std's name; a directory is not empty of bytes")]
    pub fn len(&self) -> u64 {
        self.stat.size
    }

    /// Whether it is a directory.
    pub fn is_dir(&self) -> bool {
        self.stat.is_directory
    }

    /// Whether it is a file.
    pub fn is_file(&self) -> bool {
        !self.stat.is_directory
    }

    /// Never: this file system has no links.
    pub fn is_symlink(&self) -> bool {
        false
    }

    /// What it is.
    pub fn file_type(&self) -> FileType {
        FileType { is_directory: self.stat.is_directory }
    }
}

impl FileType {
    /// Whether it is a directory.
    pub fn is_dir(&self) -> bool {
        self.is_directory
    }

    /// Whether it is a file.
    pub fn is_file(&self) -> bool {
        !self.is_directory
    }

    /// Never: this file system has no links.
    pub fn is_symlink(&self) -> bool {
        false
    }
}
