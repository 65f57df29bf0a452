//! A file system of a few lines, without durability, time or faults: what the heart must equal.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::disk::{Errno, Flags};

#[derive(Clone)]
pub(super) enum Node {
    File(Rc<RefCell<Vec<u8>>>),
    Directory(Rc<RefCell<BTreeMap<String, Node>>>),
}

impl Node {
    fn directory() -> Node {
        Node::Directory(Rc::default())
    }

    pub(super) fn is_directory(&self) -> bool {
        matches!(self, Node::Directory(_))
    }

    fn is(&self, other: &Node) -> bool {
        match (self, other) {
            (Node::File(one), Node::File(other)) => Rc::ptr_eq(one, other),
            (Node::Directory(one), Node::Directory(other)) => Rc::ptr_eq(one, other),
            _ => false,
        }
    }

    fn entries(&self) -> Result<Rc<RefCell<BTreeMap<String, Node>>>, Errno> {
        match self {
            Node::Directory(entries) => Ok(entries.clone()),
            Node::File(_) => Err(Errno::NotDirectory),
        }
    }
}

pub(super) struct Open {
    pub(super) node: Node,
    flags: Flags,
    cursor: usize,
}

pub(super) struct Naive {
    root: Node,
}

/// Parent, last name, and what is there.
type Found = (Node, Option<String>, Option<Node>);

impl Naive {
    pub(super) fn new() -> Naive {
        Naive { root: Node::directory() }
    }

    fn find(&self, path: &str) -> Result<Found, Errno> {
        if path.is_empty() {
            return Err(Errno::NotFound);
        }
        let mut above = vec![self.root.clone()];
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        for (index, part) in parts.iter().enumerate() {
            let here = above.last().expect("the root is never popped").clone();
            let entries = here.entries()?;
            if *part == ".." {
                if above.len() > 1 {
                    above.pop();
                }
                continue;
            }
            let found = entries.borrow().get(*part).cloned();
            if index + 1 == parts.len() {
                return Ok((here, Some(part.to_string()), found));
            }
            above.push(found.ok_or(Errno::NotFound)?);
        }
        let here = above.pop().expect("the root is never popped");
        here.entries()?;
        Ok((here.clone(), None, Some(here)))
    }

    pub(super) fn node(&self, path: &str) -> Result<Node, Errno> {
        self.find(path)?.2.ok_or(Errno::NotFound)
    }

    pub(super) fn open(&mut self, path: &str, flags: Flags) -> Result<Open, Errno> {
        let Flags { read, write, append, truncate, create, create_new } = flags;
        let changes = truncate || create || create_new;
        let writes = write || append;
        if !writes && (!read || changes) {
            return Err(Errno::Invalid);
        }
        if append && truncate && !create_new {
            return Err(Errno::Invalid);
        }
        let (parent, name, found) = self.find(path)?;
        let node = match found {
            Some(_) if create_new => return Err(Errno::Exists),
            Some(Node::Directory(_)) if write || append => return Err(Errno::IsDirectory),
            Some(node) => node,
            None if create || create_new => {
                let node = Node::File(Rc::default());
                let name = name.expect("what is missing has a name");
                parent.entries()?.borrow_mut().insert(name, node.clone());
                node
            }
            None => return Err(Errno::NotFound),
        };
        if let Node::File(bytes) = &node
            && truncate
        {
            bytes.borrow_mut().clear();
        }
        Ok(Open { node, flags, cursor: 0 })
    }

    pub(super) fn create_dir(&mut self, path: &str) -> Result<(), Errno> {
        let (parent, name, found) = self.find(path)?;
        if found.is_some() {
            return Err(Errno::Exists);
        }
        parent.entries()?.borrow_mut().insert(name.expect("what is missing has a name"), Node::directory());
        Ok(())
    }

    pub(super) fn create_dir_all(&mut self, path: &str) -> Result<(), Errno> {
        let mut so_far = String::new();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            so_far = format!("{so_far}/{part}");
            match self.create_dir(&so_far) {
                Err(Errno::Exists) if self.node(&so_far)?.is_directory() => {}
                other => other?,
            }
        }
        Ok(())
    }

    pub(super) fn remove_file(&mut self, path: &str) -> Result<(), Errno> {
        let (parent, name, found) = self.find(path)?;
        match found {
            None => Err(Errno::NotFound),
            Some(Node::Directory(_)) => Err(Errno::IsDirectory),
            Some(Node::File(_)) => {
                parent.entries()?.borrow_mut().remove(&name.expect("a file has a name"));
                Ok(())
            }
        }
    }

    pub(super) fn remove_dir(&mut self, path: &str) -> Result<(), Errno> {
        let (parent, name, found) = self.find(path)?;
        let entries = found.ok_or(Errno::NotFound)?.entries()?;
        if !entries.borrow().is_empty() {
            return Err(Errno::NotEmpty);
        }
        parent.entries()?.borrow_mut().remove(&name.ok_or(Errno::Busy)?);
        Ok(())
    }

    pub(super) fn remove_dir_all(&mut self, path: &str) -> Result<(), Errno> {
        let (parent, name, found) = self.find(path)?;
        let entries = found.ok_or(Errno::NotFound)?.entries()?;
        parent.entries()?.borrow_mut().remove(&name.ok_or(Errno::Busy)?);
        entries.borrow_mut().clear();
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> Result<(), Errno> {
        let (source, target) = (self.find(from)?, self.find(to)?);
        let node = source.2.ok_or(Errno::NotFound)?;
        let (Some(name), Some(new_name)) = (source.1, target.1) else { return Err(Errno::Busy) };
        if target.2.as_ref().is_some_and(|other| other.is(&node)) {
            return Ok(());
        }
        if contains(&node, &target.0) {
            return Err(Errno::Invalid);
        }
        match (&node, &target.2) {
            (Node::Directory(_), Some(Node::File(_))) => return Err(Errno::NotDirectory),
            (Node::File(_), Some(Node::Directory(_))) => return Err(Errno::IsDirectory),
            (_, Some(Node::Directory(entries))) if !entries.borrow().is_empty() => {
                return Err(Errno::NotEmpty);
            }
            _ => {}
        }
        source.0.entries()?.borrow_mut().remove(&name);
        target.0.entries()?.borrow_mut().insert(new_name, node);
        Ok(())
    }

    /// Every path with its bytes, or nothing for a directory.
    pub(super) fn tree(&self) -> BTreeMap<String, Option<Vec<u8>>> {
        let mut tree = BTreeMap::new();
        list(&self.root, "", &mut tree);
        tree
    }
}

fn contains(node: &Node, other: &Node) -> bool {
    let Node::Directory(entries) = node else { return false };
    node.is(other) || entries.borrow().values().any(|node| contains(node, other))
}

fn list(node: &Node, path: &str, tree: &mut BTreeMap<String, Option<Vec<u8>>>) {
    match node {
        Node::File(bytes) => drop(tree.insert(path.to_string(), Some(bytes.borrow().clone()))),
        Node::Directory(entries) => {
            tree.insert(path.to_string(), None);
            for (name, node) in &*entries.borrow() {
                list(node, &format!("{path}/{name}"), tree);
            }
        }
    }
}

impl Open {
    fn bytes(&self) -> Result<&Rc<RefCell<Vec<u8>>>, Errno> {
        match &self.node {
            Node::File(bytes) => Ok(bytes),
            Node::Directory(_) => Err(Errno::IsDirectory),
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.bytes().map_or(0, |bytes| bytes.borrow().len() as u64)
    }

    pub(super) fn write(&mut self, offset: Option<usize>, new: &[u8]) -> Result<usize, Errno> {
        if !(self.flags.write || self.flags.append) {
            return Err(Errno::BadHandle);
        }
        if new.is_empty() {
            return Ok(0);
        }
        let mut bytes = self.bytes()?.borrow_mut();
        let begin = if self.flags.append { bytes.len() } else { offset.unwrap_or(self.cursor) };
        let end = begin + new.len();
        let size = bytes.len().max(end);
        bytes.resize(size, 0);
        bytes[begin..end].copy_from_slice(new);
        drop(bytes);
        if offset.is_none() {
            self.cursor = end;
        }
        Ok(new.len())
    }

    pub(super) fn read(&mut self, offset: Option<usize>, count: usize) -> Result<Vec<u8>, Errno> {
        if !self.flags.read {
            return Err(Errno::BadHandle);
        }
        let bytes = self.bytes()?.borrow();
        let begin = offset.unwrap_or(self.cursor);
        let found = bytes.get(begin..).unwrap_or(&[]);
        let found = found[..count.min(found.len())].to_vec();
        drop(bytes);
        if offset.is_none() {
            self.cursor = begin + found.len();
        }
        Ok(found)
    }

    pub(super) fn set_len(&mut self, size: usize) -> Result<(), Errno> {
        if !(self.flags.write || self.flags.append) {
            return Err(Errno::Invalid);
        }
        self.bytes()?.borrow_mut().resize(size, 0);
        Ok(())
    }
}
