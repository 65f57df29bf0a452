//! Running binaries, for the tests of the command line.
#![allow(dead_code)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

/// A finished command.
pub struct Done {
    /// Its exit status.
    pub code: i32,
    /// What it printed.
    pub out: String,
    /// What it printed on standard error.
    pub err: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Done {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Done { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Done {
    /// Itself, when it ended with that status.
    #[track_caller]
    pub fn expect(self, code: i32) -> Done {
        assert_eq!(self.code, code, "\nout: {}\nerr: {}", self.out, self.err);
        self
    }

    /// Whether it printed that.
    #[track_caller]
    pub fn says(self, words: &str) -> Done {
        assert!(self.out.contains(words), "`{words}` is expected in\nout: {}\nerr: {}", self.out, self.err);
        self
    }

    /// The first case of a line to paste.
    #[track_caller]
    pub fn case(&self) -> String {
        let line = self.out.lines().find(|line| line.contains(" replay '"));
        let line = line.unwrap_or_else(|| panic!("there is a line to paste in\n{}", self.out));
        line.split('\'').nth(1).expect("the case stands in quotes").to_string()
    }
}

/// The binary of an example, as the sources now are: `cargo test --test NAME` builds no examples.
pub fn example(name: &str) -> PathBuf {
    /// Examples that this process has seen to.
    static FRESH: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let house = Path::new(env!("CARGO_BIN_EXE_tourbillon"));
    let binary = house.parent().expect("it lies in a folder").join("examples").join(name);
    let changed = |path: &Path| std::fs::metadata(path).and_then(|file| file.modified()).ok();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{name}.rs"));
    // The house's own binary is always built, after any source that an example uses as well.
    let stale = changed(&binary) < changed(&source).max(changed(house));
    let mut fresh = FRESH.lock().unwrap_or_else(PoisonError::into_inner);
    if fresh.insert(name.to_string()) && stale {
        let built = Command::new(env!("CARGO")).args(["build", "--offline", "--example", name]).status();
        assert!(built.is_ok_and(|status| status.success()), "the example `{name}` builds");
    }
    binary
}

/// The binary of the example `trouble`.
pub fn trouble() -> PathBuf {
    example("trouble")
}

/// A command without variables of ours.
pub fn command(binary: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary);
    command.args(arguments).env_remove("RUST_LOG").env_remove("RUST_BACKTRACE");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TOURBILLON_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs `trouble`.
pub fn run(arguments: &[&str]) -> Done {
    command(&trouble(), arguments).output().expect("it can be started").into()
}

/// A folder for one test, empty, under the build's own.
pub fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the build's folder can be written");
    folder
}

/// A path below a folder, as an argument.
pub fn below(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}
