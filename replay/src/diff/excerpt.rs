//! A few windows of a run, kept while it is run once more.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use sim::trace::{RECORD_BYTES, Reader, Record};

use crate::trace::decode_records;

/// The records of a run with certain sequence numbers.
#[derive(Clone, Debug, Default)]
pub struct Excerpt {
    kept: Rc<RefCell<Vec<u8>>>,
}

struct Along {
    kept: Rc<RefCell<Vec<u8>>>,
    wanted: Range<u64>,
}

impl Excerpt {
    /// The fold that keeps those records, to be given to a run.
    pub fn reader(&self, wanted: Range<u64>) -> Box<dyn Reader> {
        Box::new(Along { kept: self.kept.clone(), wanted })
    }

    /// What was kept.
    pub fn records(&self) -> Vec<Record> {
        decode_records(&self.kept.borrow()).expect("a run writes only records")
    }
}

impl Reader for Along {
    fn read(&mut self, first: u64, records: &[u8]) {
        let count = (records.len() / RECORD_BYTES) as u64;
        let from = self.wanted.start.clamp(first, first + count) - first;
        let until = self.wanted.end.clamp(first, first + count) - first;
        if from < until {
            let bytes = from as usize * RECORD_BYTES..until as usize * RECORD_BYTES;
            self.kept.borrow_mut().extend_from_slice(&records[bytes]);
        }
    }
}
