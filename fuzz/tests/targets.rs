//! The targets under bolero. Plain `cargo test` runs each for a moment with random bytes and what is kept below
//! `__fuzz__`; `cargo bolero test NAME` gives the same function to libFuzzer.
//!
//! Nothing else is tested here: bolero's panic hook must be there before the first run of a world installs the
//! kernel's, or panics within a run would not reach the kernel.

use std::time::Duration;

/// Bytes of an input, at most; libFuzzer's own default.
const INPUT_BYTES_MAX: usize = 4096;
/// How long one target is tested by inputs of each length; `BOLERO_RANDOM_TEST_TIME_MS` says otherwise.
const TEST_TIME: Duration = Duration::from_millis(1_500);

macro_rules! under_bolero {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            use tourbillon_fuzz::targets::$name::fuzz_one;
            // Without a fuzzer bolero makes short inputs of its own accord, and long ones when it is told to.
            #[cfg(not(fuzzing))]
            bolero::check!()
                .with_test_time(TEST_TIME)
                .with_shrink_time(TEST_TIME)
                .with_generator(bolero::produce::<Vec<u8>>().with().len(0..=INPUT_BYTES_MAX))
                .for_each(|bytes: &Vec<u8>| fuzz_one(bytes));
            bolero::check!()
                .with_test_time(TEST_TIME)
                .with_shrink_time(TEST_TIME)
                .with_max_len(INPUT_BYTES_MAX)
                .for_each(fuzz_one);
        })*
    };
}

under_bolero! {
    case_file
    case_line
    disk_crash
    event_queue
    plan
    recording
    scenario_adapter
    scenario_kv
    scenario_regions
    trace
}
