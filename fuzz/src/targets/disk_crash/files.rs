//! One file, by every state that it was in since the last power loss.

use std::collections::{BTreeMap, BTreeSet};

use sim::disk::{SECTOR_BYTES, Unsynced};

/// A file as a list of states, and of the operations between them.
pub(super) struct FileModel {
    /// Contents; operation `n` made state `n + 1` of state `n`.
    states: Vec<Vec<u8>>,
    ops: Vec<Op>,
    /// The state that a sync has made durable.
    durable: usize,
    /// Sectors with space on the disk, as far as it matters: one of zeros that is left by a power loss may have
    /// some or not, and no rule can tell.
    allocated: BTreeSet<usize>,
}

struct Op {
    /// Sectors that it wrote or took away.
    touched: BTreeSet<usize>,
    is_truncation: bool,
}

/// How many states back a sector may be left: from one to another, both included.
type Span = (usize, usize);

impl FileModel {
    /// A file with this content, all of it durable.
    pub(super) fn new(content: Vec<u8>) -> FileModel {
        let sectors = content.chunks(SECTOR_BYTES).enumerate();
        let allocated = sectors.filter(|(_, bytes)| bytes.iter().any(|byte| *byte != 0));
        let allocated = allocated.map(|(sector, _)| sector).collect();
        FileModel { states: vec![content], ops: Vec::new(), durable: 0, allocated }
    }

    /// What a reader finds.
    pub(super) fn content(&self) -> &[u8] {
        self.states.last().expect("there is always a state")
    }

    /// How many operations there were: a sync that is called now makes these durable.
    pub(super) fn boundary(&self) -> usize {
        self.ops.len()
    }

    pub(super) fn make_durable(&mut self, boundary: usize) {
        self.durable = self.durable.max(boundary);
    }

    pub(super) fn write(&mut self, offset: usize, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let mut content = self.content().to_vec();
        let end = offset + bytes.len();
        content.resize(content.len().max(end), 0);
        content[offset..end].copy_from_slice(bytes);
        let touched: BTreeSet<usize> = (offset / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES)).collect();
        self.allocated.extend(&touched);
        self.push(content, Op { touched, is_truncation: false });
    }

    pub(super) fn set_len(&mut self, size: usize) {
        let before = self.content().len();
        if size == before {
            return;
        }
        let mut content = self.content().to_vec();
        content.resize(size, 0);
        let is_truncation = size < before;
        let mut touched = BTreeSet::new();
        if is_truncation {
            touched = self.allocated.range(size / SECTOR_BYTES..).copied().collect();
            self.allocated.retain(|sector| sector * SECTOR_BYTES < size);
        }
        self.push(content, Op { touched, is_truncation });
    }

    fn push(&mut self, content: Vec<u8>, op: Op) {
        self.states.push(content);
        self.ops.push(op);
    }

    /// Whether a power loss may leave this content.
    ///
    /// The rules: the size is that of some state since the durable one; each sector is as in some state since then,
    /// or torn between two that follow each other where sectors tear; and a truncation's sectors are taken away if
    /// and only if the size has seen it.
    pub(super) fn allows(&self, found: &[u8], unsynced: Unsynced, torn_sectors: bool) -> Result<(), String> {
        let last = self.ops.len();
        let versions = match unsynced {
            Unsynced::Keep => last..=last,
            Unsynced::Lose => self.durable..=self.durable,
            Unsynced::Any | Unsynced::Tear => self.durable..=last,
        };
        let mut told = BTreeMap::new();
        for version in versions.clone().filter(|&version| self.states[version].len() == found.len()) {
            let wrong = (0..found.len().div_ceil(SECTOR_BYTES))
                .find(|&sector| !self.allows_sector(sector, found, version, unsynced, torn_sectors));
            match wrong {
                None => return Ok(()),
                Some(sector) => told.insert(version, sector),
            };
        }
        let sizes: Vec<usize> = versions.map(|version| self.states[version].len()).collect();
        Err(format!(
            "{} bytes, where sizes since the last sync were {sizes:?}; by version, the first sector that does not fit: \
             {told:?}; marks found: {:?}",
            found.len(),
            runs(found)
        ))
    }

    fn allows_sector(
        &self,
        sector: usize,
        found: &[u8],
        version: usize,
        unsynced: Unsynced,
        torn_sectors: bool,
    ) -> bool {
        let (least, most) = self.span(sector, version);
        let states = match unsynced {
            Unsynced::Keep => most..=most,
            Unsynced::Lose => least..=least,
            Unsynced::Any | Unsynced::Tear => least..=most,
        };
        let begin = sector * SECTOR_BYTES;
        let found = &found[begin..found.len().min(begin + SECTOR_BYTES)];
        let is = |state: usize| *found == self.sector(state, sector)[..found.len()];
        if states.clone().any(is) {
            return true;
        }
        // A torn sector has the first bytes of the state that would have come next.
        torn_sectors
            && states.filter(|&state| state < most).any(|state| {
                let next = (state..most).find(|&op| self.ops[op].touched.contains(&sector));
                let Some(next) = next else { return false };
                let (older, newer) = (self.sector(state, sector), self.sector(next + 1, sector));
                let count = found.iter().zip(&newer).take_while(|(found, newer)| found == newer).count();
                found[count..] == older[count..found.len()]
            })
    }

    /// In which states a sector may be left when the size is that of state `version`.
    fn span(&self, sector: usize, version: usize) -> Span {
        let (mut least, mut most) = (self.durable, self.ops.len());
        for (index, op) in self.ops.iter().enumerate().skip(self.durable) {
            if !op.is_truncation || !op.touched.contains(&sector) {
                continue;
            }
            if index < version {
                least = index + 1;
            } else {
                most = most.min(index);
            }
        }
        (least, most)
    }

    /// A sector of a state; beyond its end there are zeros.
    fn sector(&self, state: usize, sector: usize) -> [u8; SECTOR_BYTES] {
        let mut bytes = [0; SECTOR_BYTES];
        if let Some(rest) = self.states[state].get(sector * SECTOR_BYTES..) {
            let count = rest.len().min(SECTOR_BYTES);
            bytes[..count].copy_from_slice(&rest[..count]);
        }
        bytes
    }
}

/// Content as runs of equal bytes, for messages.
fn runs(bytes: &[u8]) -> Vec<(u8, usize)> {
    bytes.chunk_by(|one, next| one == next).map(|run| (run[0], run.len())).collect()
}
