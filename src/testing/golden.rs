//! The golden of a test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use faults::scenario::Scenario;
use replay::golden::{Entry, Golden, Header, bless};
use sim::trace::Digests;

use super::BLESS;

/// What the seeds of a test do, where it has a golden.
pub(super) struct Runs {
    header: Header,
    folder: Option<PathBuf>,
    entries: BTreeMap<u64, Entry>,
}

impl Runs {
    pub(super) fn new(scenario: &Scenario, folder: Option<&Path>) -> Runs {
        let header = Header::new(scenario.name(), scenario.is_confluent());
        Runs { header, folder: folder.map(Path::to_path_buf), entries: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, seed: u64, digests: &Digests, records: u64, time: Duration) {
        self.entries.insert(seed, self.header.entry(digests, records, time));
    }

    /// Compares with the golden, or writes it when that is asked for.
    pub(super) fn compare(&self) -> Result<(), String> {
        let Some(folder) = &self.folder else { return Ok(()) };
        if std::env::var_os(BLESS).is_some() {
            let blessed = bless(folder, &self.header, &self.entries).map_err(|error| error.to_string())?;
            println!("{blessed}");
            return Ok(());
        }
        let golden = Golden::read(folder, &self.header.scenario).map_err(|error| error.to_string())?;
        let Some(golden) = golden else {
            let path = Golden::path(folder, &self.header.scenario);
            return Err(format!("{}: there is no golden yet; write it by {BLESS}=1", path.display()));
        };
        let check = golden.check(&self.header, &self.entries);
        if check.holds() { Ok(()) } else { Err(format!("{check}\n  in a test: {BLESS}=1 cargo test")) }
    }
}
