//! The corpus: past failures, one text file each, `corpus/cases/PACK/NAME.case`.
//!
//! A case with a planted bug must still fail as it did: it keeps the checkers honest. A case without one is a bug that
//! was mended, and must hold. Who runs them is elsewhere; here they are read, judged, named and compared.

mod ending;
mod prune;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use crate::case::{Case, CaseFile, Signature};
use crate::store::scenario_path;

pub use ending::Ending;
pub use prune::superfluous;

/// How the names of cases end.
const EXTENSION: &str = "case";

/// All cases below a folder.
#[derive(Debug, Default)]
pub struct Corpus {
    /// The cases, in the order of their names.
    pub cases: Vec<Kept>,
    /// What is wrong with the other files, a message each.
    pub problems: Vec<String>,
}

/// A case of the corpus.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The file below the corpus, such as `kv/power-loss-no-lost-write.case`.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// Why it is kept, and the case.
    pub file: CaseFile,
}

impl Kept {
    /// The case.
    pub fn case(&self) -> &Case {
        &self.file.case
    }
}

impl Corpus {
    /// Reads all cases below a folder; what is no case is a problem, and the others are read. Files that begin with a
    /// dot or end in `.md` are no business of the corpus.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn read(root: &Path) -> io::Result<Corpus> {
        let mut paths = Vec::new();
        list(root, &mut paths)?;
        let mut corpus = Corpus::default();
        for path in paths {
            match read_one(root, &path) {
                Ok(kept) => corpus.cases.push(kept),
                Err(problem) => corpus.problems.push(problem),
            }
        }
        Ok(corpus)
    }
}

fn list(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = std::fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        let is_other = name.to_string_lossy().starts_with('.') || path.extension().is_some_and(|e| e == "md");
        if entry.file_type()?.is_dir() {
            list(&path, found)?;
        } else if !is_other {
            found.push(path);
        }
    }
    Ok(())
}

fn read_one(root: &Path, path: &Path) -> Result<Kept, String> {
    let name = path.strip_prefix(root).unwrap_or(path).display().to_string();
    if path.extension().is_none_or(|extension| extension != EXTENSION) {
        return Err(format!(
            "{}: it is no case of the corpus: expected a name that ends in `.case`; move it elsewhere",
            path.display()
        ));
    }
    let file = CaseFile::read(path).map_err(|error| error.to_string())?;
    if file.case.fails.is_none() {
        return Err(format!(
            "{}: the case does not say how it failed: expected `fails=`, which `corpus add` fills in",
            path.display()
        ));
    }
    Ok(Kept { name, path: path.to_path_buf(), file })
}

/// Where a case that failed so belongs: its scenario's pack, and a name of scenario, planted bug and property. Where
/// `is_taken` says that another has that name, the seed is added.
pub fn path_of(root: &Path, case: &Case, signature: &Signature, is_taken: impl Fn(&Path) -> bool) -> PathBuf {
    let mut name = case.scenario.clone();
    for part in case.quirks.iter().chain([&signature.property]) {
        name.push('-');
        // A slash would be a folder more.
        name += &part.replace('/', "-");
    }
    let path = scenario_path(root, &name, EXTENSION);
    match is_taken(&path) {
        true => scenario_path(root, &format!("{name}-{:#x}", case.seed), EXTENSION),
        false => path,
    }
}
