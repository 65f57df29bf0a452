//! Error numbers: what a disk answers when it refuses, the same in every trace and native in `io::Error`.

use std::io;

/// Why an operation of the file system was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum Errno {
    /// No such file or directory.
    NotFound = 2,
    /// The device failed.
    Io = 5,
    /// The handle was not opened for this.
    BadHandle = 9,
    /// The volume is busy: its root cannot be moved or removed.
    Busy = 16,
    /// The name is taken.
    Exists = 17,
    /// A part of the path, or what should be a directory, is none.
    NotDirectory = 20,
    /// What should be a file is a directory.
    IsDirectory = 21,
    /// An argument makes no sense.
    Invalid = 22,
    /// Beyond the largest size of a file.
    TooBig = 27,
    /// No space is left.
    NoSpace = 28,
    /// A name of more than 255 bytes.
    NameTooLong = 36,
    /// The directory has entries.
    NotEmpty = 39,
    /// The handle is of a disk that was taken away.
    Stale = 116,
}

impl Errno {
    pub(crate) const ALL: [Errno; 13] = [
        Errno::NotFound,
        Errno::Io,
        Errno::BadHandle,
        Errno::Busy,
        Errno::Exists,
        Errno::NotDirectory,
        Errno::IsDirectory,
        Errno::Invalid,
        Errno::TooBig,
        Errno::NoSpace,
        Errno::NameTooLong,
        Errno::NotEmpty,
        Errno::Stale,
    ];

    /// As POSIX writes it.
    pub(crate) const fn symbol(self) -> &'static str {
        match self {
            Errno::NotFound => "ENOENT",
            Errno::Io => "EIO",
            Errno::BadHandle => "EBADF",
            Errno::Busy => "EBUSY",
            Errno::Exists => "EEXIST",
            Errno::NotDirectory => "ENOTDIR",
            Errno::IsDirectory => "EISDIR",
            Errno::Invalid => "EINVAL",
            Errno::TooBig => "EFBIG",
            Errno::NoSpace => "ENOSPC",
            Errno::NameTooLong => "ENAMETOOLONG",
            Errno::NotEmpty => "ENOTEMPTY",
            Errno::Stale => "ESTALE",
        }
    }

    /// The number in a trace: Linux's, whatever the host is.
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }

    /// The error as the host's own file system would give it.
    pub(crate) fn error(self) -> io::Error {
        #[cfg(unix)]
        return io::Error::from_raw_os_error(self.raw());
        #[cfg(not(unix))]
        return io::Error::from(self.kind());
    }

    /// The host's number; the few that differ from Linux differ alike on all other Unixes.
    #[cfg(unix)]
    fn raw(self) -> i32 {
        let linux = i32::from(self.number());
        if cfg!(any(target_os = "linux", target_os = "android")) {
            return linux;
        }
        match self {
            Errno::NameTooLong => 63,
            Errno::NotEmpty => 66,
            Errno::Stale => 70,
            _ => linux,
        }
    }

    #[cfg(not(unix))]
    fn kind(self) -> io::ErrorKind {
        match self {
            Errno::NotFound => io::ErrorKind::NotFound,
            Errno::Io | Errno::BadHandle => io::ErrorKind::Other,
            Errno::Busy => io::ErrorKind::ResourceBusy,
            Errno::Exists => io::ErrorKind::AlreadyExists,
            Errno::NotDirectory => io::ErrorKind::NotADirectory,
            Errno::IsDirectory => io::ErrorKind::IsADirectory,
            Errno::Invalid => io::ErrorKind::InvalidInput,
            Errno::TooBig => io::ErrorKind::FileTooLarge,
            Errno::NoSpace => io::ErrorKind::StorageFull,
            Errno::NameTooLong => io::ErrorKind::InvalidFilename,
            Errno::NotEmpty => io::ErrorKind::DirectoryNotEmpty,
            Errno::Stale => io::ErrorKind::StaleNetworkFileHandle,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_those_of_the_host() {
        let kinds = [
            (Errno::NotFound, io::ErrorKind::NotFound),
            (Errno::Busy, io::ErrorKind::ResourceBusy),
            (Errno::Exists, io::ErrorKind::AlreadyExists),
            (Errno::NotDirectory, io::ErrorKind::NotADirectory),
            (Errno::IsDirectory, io::ErrorKind::IsADirectory),
            (Errno::Invalid, io::ErrorKind::InvalidInput),
            (Errno::TooBig, io::ErrorKind::FileTooLarge),
            (Errno::NoSpace, io::ErrorKind::StorageFull),
            (Errno::NameTooLong, io::ErrorKind::InvalidFilename),
            (Errno::NotEmpty, io::ErrorKind::DirectoryNotEmpty),
            (Errno::Stale, io::ErrorKind::StaleNetworkFileHandle),
        ];
        for (errno, kind) in kinds {
            assert_eq!(errno.error().kind(), kind, "{errno:?}");
        }
        assert_eq!(Errno::NoSpace.number(), 28);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_input_output_error_has_the_number_that_databases_look_for() {
        assert_eq!(Errno::Io.error().raw_os_error(), Some(5));
        assert_eq!(Errno::BadHandle.error().raw_os_error(), Some(9));
    }
}
