//! The folder of a command's artefacts.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use replay::store::write_atomically;

use super::Wrong;

/// The folder, and when the command began.
pub(super) struct Artefacts {
    pub(super) folder: PathBuf,
    pub(super) began_at: String,
}

impl Artefacts {
    /// Makes the folder: the one that was asked for, or `target/tourbillon/<run-id>`.
    pub(super) fn new(verb: &str, out: Option<&Path>) -> Result<Artefacts, Wrong> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let began_at = utc(now.as_secs());
        let compact = began_at.replace([':', '-'], "").replace('T', "-").replace('Z', "");
        let folder = match out {
            Some(folder) => folder.to_path_buf(),
            // Two commands may begin within a second: their process numbers differ.
            None => PathBuf::from(format!("target/tourbillon/{verb}-{compact}-{}", std::process::id())),
        };
        std::fs::create_dir_all(&folder).map_err(|error| {
            let folder = folder.display();
            Wrong(format!(
                "{folder}: the folder of artefacts cannot be made: {error}; name another by `--out`"
            ))
        })?;
        Ok(Artefacts { folder, began_at })
    }

    /// The path of an artefact.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes an artefact.
    pub(super) fn write(&self, name: &str, content: &str) -> Result<PathBuf, Wrong> {
        let path = self.path(name);
        write(&path, content)?;
        Ok(path)
    }
}

/// Writes a text whole or not at all.
pub(super) fn write(path: &Path, content: &str) -> Result<(), Wrong> {
    keep(path, content.as_bytes())
}

/// Writes a file whole or not at all.
pub(super) fn keep(path: &Path, content: &[u8]) -> Result<(), Wrong> {
    write_atomically(path, content).map_err(|error| {
        Wrong(format!("{}: it cannot be written: {error}; name another place", path.display()))
    })
}

/// `kv/crash-loop`, 42: `kv-crash-loop-0x2a`.
pub(super) fn stem(scenario: &str, seed: u64) -> String {
    format!("{}-{seed:#x}", scenario.replace('/', "-"))
}

/// Seconds since 1970 as `2026-11-21T05:23:20Z`.
fn utc(seconds: u64) -> String {
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    // Days from 0000-03-01, in eras of 400 years: the leap day is then the last of a year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_as_in_life() {
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(utc(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(utc(1_700_000_000), "2023-11-14T22:13:20Z");
    }
}
