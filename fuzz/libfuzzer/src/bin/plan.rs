//! The target `plan` as a libFuzzer binary.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::targets::plan::fuzz_one(bytes));
