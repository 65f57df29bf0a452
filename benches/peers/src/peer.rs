//! A peer: where its runner lives, how it is built, how one process of it is run.

use std::{
    env, fmt,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    str::FromStr,
    thread,
    time::{Duration, Instant},
};

use work::{Case, runner::Outcome};

use crate::Failure;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    Tourbillon,
    Madsim,
    Turmoil,
}

/// How one process ended, when it ended well.
pub enum Run {
    Finished(Outcome),
    OverLimit,
}

impl Peer {
    /// In the order in which their processes alternate.
    pub const ALL: [Peer; 3] = [Peer::Tourbillon, Peer::Madsim, Peer::Turmoil];

    pub fn name(self) -> &'static str {
        match self {
            Peer::Tourbillon => "tourbillon",
            Peer::Madsim => "madsim",
            Peer::Turmoil => "turmoil",
        }
    }

    /// Builds the runner from within its own directory, so that cargo reads the flags that lie there, into
    /// a target directory of its own, so that no peer's flags reach another's.
    pub fn build(self) -> Result<(), Failure> {
        let source = self.source();
        if !source.join("Cargo.toml").is_file() {
            let problem = format!("there is no runner for {self}: {} has no Cargo.toml", source.display());
            return Err(Failure::Command(problem));
        }
        eprintln!("building the runner for {self}");
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo
            .args(["build", "--release", "--quiet", "--target-dir"])
            .arg(self.target()?)
            .current_dir(&source);
        // Flags in the environment would hide the runner's own.
        for hiding in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_BUILD_TARGET"]
        {
            cargo.env_remove(hiding);
        }
        let status = cargo
            .stdout(Stdio::null())
            .status()
            .map_err(|error| Failure::Command(format!("cargo did not start: {error}")))?;
        if !status.success() {
            return Err(Failure::Command(format!("the runner for {self} did not build ({status})")));
        }
        Ok(())
    }

    /// Runs one process. Over `limit` it is ended.
    pub fn run(self, case: Case, iterations: u64, limit: Duration) -> Result<Run, Failure> {
        let broken = |problem: String| Failure::Work(format!("{case} on {self}: {problem}"));
        let mut process = Command::new(self.runner()?)
            .args([case.name(), &iterations.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| broken(format!("the runner did not start: {error}")))?;
        let start = Instant::now();
        let status: ExitStatus = loop {
            let ended = process.try_wait().map_err(|error| broken(error.to_string()))?;
            if let Some(status) = ended {
                break status;
            }
            if start.elapsed() > limit {
                process.kill().and_then(|()| process.wait()).map_err(|error| broken(error.to_string()))?;
                return Ok(Run::OverLimit);
            }
            // Coarse on purpose: the driver must not take time from the runner.
            thread::sleep(Duration::from_millis(10));
        };
        let mut line = String::new();
        let mut output = process.stdout.take().expect("the output was piped");
        output.read_to_string(&mut line).map_err(|error| broken(error.to_string()))?;
        if !status.success() {
            return Err(broken(format!("the runner ended with {status}")));
        }
        Outcome::parse(&line).map(Run::Finished).ok_or_else(|| broken(format!("the runner printed `{line}`")))
    }

    fn source(self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(self.name())
    }

    /// Beside the driver's own build, wherever that was put.
    fn target(self) -> Result<PathBuf, Failure> {
        let driver = env::current_exe().map_err(|error| Failure::Command(error.to_string()))?;
        let target =
            driver.ancestors().nth(2).expect("cargo puts a program two levels below its target directory");
        Ok(target.join("runners").join(self.name()))
    }

    fn runner(self) -> Result<PathBuf, Failure> {
        let name = format!("tourbillon-peers-{self}{}", env::consts::EXE_SUFFIX);
        Ok(self.target()?.join("release").join(name))
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Peer {
    type Err = String;

    fn from_str(word: &str) -> Result<Peer, String> {
        Peer::ALL.into_iter().find(|peer| peer.name() == word).ok_or_else(|| {
            format!("unknown peer `{word}`; the peers are {}", Peer::ALL.map(Peer::name).join(", "))
        })
    }
}
