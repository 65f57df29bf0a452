//! The shared work on madsim.
//!
//! madsim simulates only when compiled with `--cfg madsim`; without it the same source would measure the
//! host's own network and clock. So this program, compiled without, does nothing but say so.

#[cfg(madsim)]
mod simulated;

#[cfg(madsim)]
fn main() -> std::process::ExitCode {
    work::runner::main(simulated::run)
}

#[cfg(not(madsim))]
fn main() -> std::process::ExitCode {
    eprintln!(
        "error: this runner was compiled without `--cfg madsim`, so it would measure the host and not \
         madsim; build it in its own directory, benches/peers/madsim, whose .cargo/config.toml sets the flag"
    );
    std::process::ExitCode::from(2)
}
