//! Without faults any sequence of operations equals the naive file system, power losses that keep all
//! included.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use super::naive::{Naive, Open};
use super::rig::{OWNER, Rig};
use super::rules;
use crate::disk::{Errno, Flags, HandleId, Unsynced};

const SLOT_COUNT: usize = 4;

#[derive(Clone, Debug)]
pub(super) enum Act {
    Open { slot: usize, path: String, flags: Flags },
    Close { slot: usize },
    Write { slot: usize, offset: Option<usize>, count: usize, fill: u8 },
    Read { slot: usize, offset: Option<usize>, count: usize },
    SetLen { slot: usize, size: usize },
    Sync { slot: usize },
    SyncDir { path: String },
    Rename { from: String, to: String },
    RemoveFile { path: String },
    RemoveDir { path: String },
    RemoveDirAll { path: String },
    CreateDir { path: String },
    CreateDirAll { path: String },
    ReadDir { path: String },
    Metadata { path: String },
    PowerKeepsAll,
}

fn path() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => Just("a"), 4 => Just("b"), 2 => Just("c"), 1 => Just(".."), 1 => Just("."),
    ];
    prop_oneof![
        30 => prop::collection::vec(part, 1..4).prop_map(|parts| parts.join("/")),
        1 => Just("/".to_string()),
        1 => Just(String::new()),
    ]
}

fn flags() -> impl Strategy<Value = Flags> {
    let mostly = |often: u8| (0..10u8).prop_map(move |drawn| drawn < often);
    (mostly(7), mostly(7), mostly(2), mostly(2), mostly(7), mostly(1)).prop_map(
        |(read, write, append, truncate, create, create_new)| Flags {
            read,
            write,
            append,
            truncate,
            create,
            create_new,
        },
    )
}

pub(super) fn offset() -> impl Strategy<Value = Option<usize>> {
    prop_oneof![
        2 => Just(None),
        3 => (0usize..1200).prop_map(Some),
        2 => (0usize..20).prop_map(|sector| Some(sector * 512)),
        1 => (0usize..30_000).prop_map(Some),
    ]
}

pub(super) fn act() -> impl Strategy<Value = Act> {
    let slot = 0..SLOT_COUNT;
    let count = prop_oneof![0usize..40, 400usize..1100, 3900usize..9000];
    prop_oneof![
        6 => (slot.clone(), path(), flags()).prop_map(|(slot, path, flags)| Act::Open { slot, path, flags }),
        1 => slot.clone().prop_map(|slot| Act::Close { slot }),
        8 => (slot.clone(), offset(), count.clone(), any::<u8>())
            .prop_map(|(slot, offset, count, fill)| Act::Write { slot, offset, count, fill }),
        5 => (slot.clone(), offset(), count).prop_map(|(slot, offset, count)| Act::Read { slot, offset, count }),
        3 => (slot.clone(), 0usize..6000).prop_map(|(slot, size)| Act::SetLen { slot, size }),
        3 => slot.prop_map(|slot| Act::Sync { slot }),
        2 => path().prop_map(|path| Act::SyncDir { path }),
        4 => (path(), path()).prop_map(|(from, to)| Act::Rename { from, to }),
        2 => path().prop_map(|path| Act::RemoveFile { path }),
        2 => path().prop_map(|path| Act::RemoveDir { path }),
        1 => path().prop_map(|path| Act::RemoveDirAll { path }),
        3 => path().prop_map(|path| Act::CreateDir { path }),
        2 => path().prop_map(|path| Act::CreateDirAll { path }),
        1 => path().prop_map(|path| Act::ReadDir { path }),
        1 => path().prop_map(|path| Act::Metadata { path }),
        1 => Just(Act::PowerKeepsAll),
    ]
}

/// What an act answers, in a form that both can give.
#[derive(Debug, PartialEq)]
enum Answer {
    Nothing,
    Count(usize),
    Bytes(Vec<u8>),
    Names(Vec<(String, bool)>),
    Refused(Errno),
}

fn answer<T>(result: Result<T, Errno>, of: impl FnOnce(T) -> Answer) -> Answer {
    result.map_or_else(Answer::Refused, of)
}

/// Bytes that differ from write to write.
fn fill(fill: u8, count: usize) -> Vec<u8> {
    (0..count).map(|at| fill ^ (at / 7) as u8 | 1).collect()
}

struct Pair {
    rig: Rig,
    naive: Naive,
    slots: Vec<Option<(HandleId, Open)>>,
}

impl Pair {
    fn act(&mut self, act: &Act) -> (Answer, Answer) {
        let Pair { rig, naive, slots } = self;
        match act {
            Act::Open { slot, path, flags } => {
                if let Some((handle, _)) = slots[*slot].take() {
                    rig.disk.close(handle);
                }
                let (ours, theirs) = (rig.open(path, *flags), naive.open(path, *flags));
                let answers = (
                    answer(ours, |_| Answer::Nothing),
                    answer(theirs.as_ref().map_err(|e| *e), |_| Answer::Nothing),
                );
                if let (Ok(handle), Ok(open)) = (ours, theirs) {
                    slots[*slot] = Some((handle, open));
                }
                answers
            }
            Act::Close { slot } => {
                if let Some((handle, _)) = slots[*slot].take() {
                    rig.disk.close(handle);
                }
                (Answer::Nothing, Answer::Nothing)
            }
            Act::Write { slot, offset, count, fill: with } => {
                let Some((handle, open)) = &mut slots[*slot] else {
                    return (Answer::Nothing, Answer::Nothing);
                };
                let bytes = fill(*with, *count);
                let offset_wide = offset.map(|offset| offset as u64);
                let done = rig.disk.write(&mut rig.choices, rig.now, *handle, offset_wide, &bytes);
                (answer(rig.done(done), Answer::Count), answer(open.write(*offset, &bytes), Answer::Count))
            }
            Act::Read { slot, offset, count } => {
                let Some((handle, open)) = &mut slots[*slot] else {
                    return (Answer::Nothing, Answer::Nothing);
                };
                let offset_wide = offset.map(|offset| offset as u64);
                let mut out = vec![0xee; *count];
                let result = rig.disk.read(&mut rig.choices, rig.now, *handle, offset_wide, &mut out);
                let ours = answer(result, |count| Answer::Bytes(out[..count].to_vec()));
                (ours, answer(open.read(*offset, *count), Answer::Bytes))
            }
            Act::SetLen { slot, size } => {
                let Some((handle, open)) = &mut slots[*slot] else {
                    return (Answer::Nothing, Answer::Nothing);
                };
                let ours = rig.set_len(*handle, *size as u64);
                (answer(ours, |_| Answer::Nothing), answer(open.set_len(*size), |_| Answer::Nothing))
            }
            Act::Sync { slot } => {
                let Some((handle, _)) = &slots[*slot] else { return (Answer::Nothing, Answer::Nothing) };
                (answer(rig.sync(*handle), |_| Answer::Nothing), Answer::Nothing)
            }
            Act::SyncDir { path } => {
                let theirs = naive.node(path).and_then(|node| match node.is_directory() {
                    true => Ok(()),
                    false => Err(Errno::NotDirectory),
                });
                (answer(rig.sync_dir(path), |_| Answer::Nothing), answer(theirs, |_| Answer::Nothing))
            }
            Act::Rename { from, to } => (
                answer(rig.rename(from, to), |_| Answer::Nothing),
                answer(naive.rename(from, to), |_| Answer::Nothing),
            ),
            Act::RemoveFile { path } => (
                answer(rig.remove_file(path), |_| Answer::Nothing),
                answer(naive.remove_file(path), |_| Answer::Nothing),
            ),
            Act::RemoveDir { path } => {
                let done = rig.disk.remove_dir(&mut rig.choices, rig.now, Path::new(path));
                (
                    answer(rig.done(done), |_| Answer::Nothing),
                    answer(naive.remove_dir(path), |_| Answer::Nothing),
                )
            }
            Act::RemoveDirAll { path } => {
                let done = rig.disk.remove_dir_all(&mut rig.choices, rig.now, Path::new(path));
                (
                    answer(rig.done(done), |_| Answer::Nothing),
                    answer(naive.remove_dir_all(path), |_| Answer::Nothing),
                )
            }
            Act::CreateDir { path } => (
                answer(rig.create_dir(path), |_| Answer::Nothing),
                answer(naive.create_dir(path), |_| Answer::Nothing),
            ),
            Act::CreateDirAll { path } => {
                let done = rig.disk.create_dir_all(&mut rig.choices, rig.now, Path::new(path));
                (
                    answer(rig.done(done), |_| Answer::Nothing),
                    answer(naive.create_dir_all(path), |_| Answer::Nothing),
                )
            }
            Act::ReadDir { path } => {
                let done = rig.disk.read_dir(&mut rig.choices, rig.now, Path::new(path));
                let ours = answer(rig.done(done), |names| {
                    let names = names.into_iter();
                    let plain = |name: std::ffi::OsString| name.into_string().expect("names are text here");
                    Answer::Names(names.map(|(name, stat)| (plain(name), stat.is_directory)).collect())
                });
                let theirs = naive.node(path).and_then(|node| match node {
                    super::naive::Node::Directory(entries) => Ok(entries),
                    super::naive::Node::File(_) => Err(Errno::NotDirectory),
                });
                let theirs = answer(theirs, |entries| {
                    let names = entries.borrow();
                    Answer::Names(
                        names.iter().map(|(name, node)| (name.clone(), node.is_directory())).collect(),
                    )
                });
                (ours, theirs)
            }
            Act::Metadata { path } => {
                let done = rig.disk.metadata(&mut rig.choices, rig.now, Path::new(path));
                let ours = answer(rig.done(done), |stat| Answer::Count(stat.size as usize));
                let theirs = naive.node(path).map(|node| match node {
                    super::naive::Node::File(bytes) => bytes.borrow().len(),
                    super::naive::Node::Directory(_) => 0,
                });
                (ours, answer(theirs, Answer::Count))
            }
            Act::PowerKeepsAll => {
                rig.lose_power(Unsynced::Keep);
                slots.iter_mut().for_each(|slot| *slot = None);
                (Answer::Nothing, Answer::Nothing)
            }
        }
    }
}

/// Every path of a disk with its bytes, or nothing for a directory.
pub(super) fn tree(rig: &mut Rig) -> BTreeMap<String, Option<Vec<u8>>> {
    let mut tree = BTreeMap::new();
    let mut open = vec![String::new()];
    while let Some(path) = open.pop() {
        tree.insert(path.clone(), None);
        let listed = Path::new("/").join(path.trim_start_matches('/'));
        let done = rig.disk.read_dir(&mut rig.choices, rig.now, &listed);
        for (name, stat) in rig.done(done).expect("it is a directory") {
            let inner = format!("{path}/{}", name.to_str().expect("names are text here"));
            if stat.is_directory {
                open.push(inner);
            } else {
                let bytes = rig.content(&inner);
                tree.insert(inner, bytes);
            }
        }
    }
    tree
}

proptest! {
    #[test]
    fn without_faults_a_disk_equals_the_naive_one(seed: u64, acts in prop::collection::vec(act(), 1..80)) {
        let slots = (0..SLOT_COUNT).map(|_| None).collect();
        let mut pair = Pair { rig: Rig::new(seed), naive: Naive::new(), slots };
        for act in &acts {
            let (ours, theirs) = pair.act(act);
            prop_assert_eq!(ours, theirs, "{:?}", act);
            for (handle, open) in pair.slots.iter().flatten() {
                let size = pair.rig.disk.stat(*handle).map(|stat| stat.size);
                prop_assert_eq!(size, Ok(open.size()));
            }
            rules::check(&pair.rig.disk);
        }
        prop_assert_eq!(tree(&mut pair.rig), pair.naive.tree());
        prop_assert!(pair.rig.effects().is_empty());
        pair.rig.disk.close_owner(OWNER);
        rules::check(&pair.rig.disk);
    }
}
