//! The target `scenario_adapter` as a libFuzzer binary.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::targets::scenario_adapter::fuzz_one(bytes));
