//! Paths: from text to an inode. There are no links, so `..` is the directory above.

use std::ffi::OsStr;
use std::path::{Component, Path};

use super::errno::Errno;
use super::volume::{ROOT, Volume};

const NAME_BYTES_MAX: usize = 255;

/// Where a path leads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) parent: u32,
    /// None for the root, and for a path that ends in `..`.
    pub(super) name: Option<&'a OsStr>,
    pub(super) inode: Option<u32>,
}

impl Volume {
    /// Finds where a path leads; all but its last part must exist. Every process works in the root.
    pub(super) fn place<'a>(&self, path: &'a Path) -> Result<Place<'a>, Errno> {
        if path.as_os_str().is_empty() {
            return Err(Errno::NotFound);
        }
        let mut current = ROOT;
        let mut components = path.components().peekable();
        while let Some(component) = components.next() {
            let directory = self.directory(current)?;
            match component {
                Component::RootDir | Component::CurDir => {}
                Component::Prefix(_) => return Err(Errno::Invalid),
                Component::ParentDir => current = directory.parent,
                Component::Normal(name) => {
                    if name.len() > NAME_BYTES_MAX {
                        return Err(Errno::NameTooLong);
                    }
                    let inode = directory.entries.get(name).copied();
                    if components.peek().is_none() {
                        return Ok(Place { parent: current, name: Some(name), inode });
                    }
                    current = inode.ok_or(Errno::NotFound)?;
                }
            }
        }
        self.directory(current)?;
        Ok(Place { parent: current, name: None, inode: Some(current) })
    }

    /// The inode that a path leads to.
    pub(super) fn find(&self, path: &Path) -> Result<u32, Errno> {
        self.place(path)?.inode.ok_or(Errno::NotFound)
    }
}
