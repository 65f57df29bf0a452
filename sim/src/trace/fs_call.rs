//! Which call of the file system a disk record is of.

use crate::disk::Errno;

/// A call of the file system, as the flag of a disk record has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum FsCall {
    /// A file is opened, and perhaps created.
    Open = 1,
    /// Bytes are read.
    Read = 2,
    /// Bytes are written, to the cache.
    Write = 3,
    /// A file is cut or lengthened.
    SetLen = 4,
    /// What was written to a file becomes durable.
    Sync = 5,
    /// The names in a directory become durable.
    SyncDir = 6,
    /// Directories are created.
    CreateDir = 7,
    /// A name is taken away.
    Remove = 8,
    /// A file or directory gets another name.
    Rename = 9,
    /// The names in a directory are asked for.
    List = 10,
    /// What is known of a file is asked for.
    Look = 11,
}

impl FsCall {
    /// All calls, in the order of their flags.
    pub const ALL: [FsCall; 11] = [
        FsCall::Open,
        FsCall::Read,
        FsCall::Write,
        FsCall::SetLen,
        FsCall::Sync,
        FsCall::SyncDir,
        FsCall::CreateDir,
        FsCall::Remove,
        FsCall::Rename,
        FsCall::List,
        FsCall::Look,
    ];

    /// The call of a flag; `None` for a flag of none.
    ///
    /// ```
    /// use tourbillon_sim::trace::FsCall;
    ///
    /// assert_eq!(FsCall::of(5), Some(FsCall::Sync));
    /// assert_eq!(FsCall::of(5).map(FsCall::word), Some("sync"));
    /// assert_eq!(FsCall::of(0), None);
    /// ```
    pub fn of(flag: u8) -> Option<FsCall> {
        FsCall::ALL.get(usize::from(flag).checked_sub(1)?).copied()
    }

    /// What it is called in a trace.
    pub fn word(self) -> &'static str {
        match self {
            FsCall::Open => "open",
            FsCall::Read => "read",
            FsCall::Write => "write",
            FsCall::SetLen => "set length",
            FsCall::Sync => "sync",
            FsCall::SyncDir => "sync directory",
            FsCall::CreateDir => "create directory",
            FsCall::Remove => "remove",
            FsCall::Rename => "rename",
            FsCall::List => "list",
            FsCall::Look => "look up",
        }
    }
}

/// The symbol of an error number in a disk record, as POSIX has it: `ENOSPC` for 28. `None` for a number that no
/// disk answers.
pub fn errno_symbol(number: u8) -> Option<&'static str> {
    Errno::ALL.into_iter().find(|errno| errno.number() == number).map(Errno::symbol)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_is_its_call_s() {
        for call in FsCall::ALL {
            assert_eq!(FsCall::of(call as u8), Some(call));
        }
        assert_eq!(FsCall::of(12), None);
    }

    #[test]
    fn error_numbers_have_symbols() {
        assert_eq!(errno_symbol(28), Some("ENOSPC"));
        assert_eq!(errno_symbol(5), Some("EIO"));
        assert_eq!(errno_symbol(1), None);
    }
}
