//! The target `scenario_kv` as a libFuzzer binary.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::targets::scenario_kv::fuzz_one(bytes));
