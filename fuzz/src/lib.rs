//! Fuzz targets of Tourbillon.
//!
//! A target is one function of bytes, `fuzz_one(&[u8])`, in a file of its own below [`targets`]. It reads the bytes
//! as an input, does something with it, and panics when what must hold does not. Any bytes are an input, the same
//! bytes are the same input, and nothing else decides. No harness is in here; `tests/targets.rs` (bolero) and
//! `libfuzzer` (plain libFuzzer binaries) are thin ones. `docs/fuzzing.md` says how each is run.
//!
//! | room | what |
//! |---|---|
//! | [`targets`] | one file a target |
//! | [`scenarios`] | what is steered, pack by pack |
//! | [`steered`] | a whole run of a scenario whose draws are answered by bytes, and what is told of one that fails |
//! | `sealed` | files with checksums, mutated and sealed again, so that mutations reach the readers behind them |

// `cargo bolero` builds every test with coverage, and only bolero brings what coverage calls.
#[cfg(test)]
use bolero as _;

pub mod scenarios;
mod sealed;
pub mod steered;
pub mod targets;

/// A target, as a registry knows it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: of its file, its test, its binary, and its folder in `corpus/`.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub about: &'static str,
    /// Runs it on one input.
    ///
    /// # Panics
    /// When what must hold does not.
    pub fuzz_one: fn(&[u8]),
}

macro_rules! registry {
    ($($name:ident: $about:literal,)*) => {
        /// Every target, by name.
        pub const TARGETS: &[Target] = &[
            $(Target { name: stringify!($name), about: $about, fuzz_one: targets::$name::fuzz_one },)*
        ];
    };
}

registry! {
    case_file: "a case file is read or refused, and reads back the same when it is printed",
    case_line: "a case line is read or refused, and reads back the same when it is printed",
    disk_crash: "a disk that loses power keeps what a naive model of durability says it may",
    event_queue: "events come in order of time, then of scheduling, whatever is cancelled between",
    plan: "a plan is read or refused, and reads back the same when it is printed",
    recording: "a recording is read or refused, a mutated one too, and reads back the same when it is saved",
    scenario_adapter: "a scenario of the pack `adapter` holds, whatever answers its draws",
    scenario_kv: "a scenario of the pack `kv` holds, whatever answers its draws",
    scenario_regions: "a scenario of the packs of regions holds, whatever answers its draws",
    trace: "a trace file is read or refused, a mutated one too, and reads back what was written",
}

/// The target of that name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
