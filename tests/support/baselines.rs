//! Where the baseline cases are: `corpus/baselines/PACK/BUG.case`. The test of shrinks and their bench read them.

use std::path::{Path, PathBuf};

/// The baseline cases, by name.
pub fn baselines() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/baselines");
    let entries = |folder: &Path| {
        let entries = std::fs::read_dir(folder).expect("the baselines are there");
        entries.map(|entry| entry.expect("it can be read").path()).collect::<Vec<_>>()
    };
    let mut files: Vec<PathBuf> =
        entries(&root).iter().filter(|pack| pack.is_dir()).flat_map(|pack| entries(pack)).collect();
    files.sort();
    files
}
