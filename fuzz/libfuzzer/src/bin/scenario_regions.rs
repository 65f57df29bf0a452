//! The target `scenario_regions` as a libFuzzer binary.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::targets::scenario_regions::fuzz_one(bytes));
