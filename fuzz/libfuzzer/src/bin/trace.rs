//! The target `trace` as a libFuzzer binary.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::targets::trace::fuzz_one(bytes));
